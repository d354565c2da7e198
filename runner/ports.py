"""What the engine asks of the world. One protocol per family; adapters satisfy them.

Two suites in `tests/ports/` hold every adapter, and the fake beside it, to the same behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from runner.core.events import Event

if TYPE_CHECKING:
    from pathlib import Path

    from runner.core.model import DataVersion, EnvironmentSpec, Revision, Value


class Command(NamedTuple):
    """One command to start: its argv, its folder, and variables set on top of `base`.

    `secret_values` are masked wherever the output is kept or shown. `unset` are variables of
    `base` that the command does not get.
    """

    argv: tuple[str, ...]
    folder: str
    variables: Mapping[str, str]
    secret_values: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


class Exit(NamedTuple):
    """How one attempt ended. Times in seconds, memory in bytes.

    `code` is the exit code, negative for the signal that ended it; None when it could not be
    started (`problem` says why). `peak_memory` is that of the largest process of its tree;
    `tree_memory` the largest sampled sum over the tree (0: too short to sample). `samples` are
    (seconds since start, cores in use, bytes of memory, GPU use 0..1 or None).
    """

    attempt: str
    code: int | None
    seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    tree_memory: int = 0
    samples: tuple[tuple[float, float, int, float | None], ...] = ()
    timed_out: bool = False
    cancelled: bool = False
    problem: str = ""


class Submission(NamedTuple):
    """One attempt of a step for an executor. `attempt` names it for good: `run_id/step/number`.

    With `on_output(stream, text)` the output is streamed as it comes; without it, it goes to
    `log` alone. `timeout` in seconds, of the command's own run time.
    """

    attempt: str
    command: Command
    log: str
    timeout: float | None = None
    on_output: Callable[[str, str], None] | None = None


class Executor(Protocol):
    """Where commands run. An observation never makes a step succeed: the agent's record does."""

    def submit(self, submissions: Sequence[Submission]) -> None:
        """Start all of them; idempotent by attempt."""

    def poll(self, timeout: float | None) -> list[Exit]:
        """Wait up to `timeout` seconds (None: as long as it takes) for the next that ended."""

    def wake(self) -> None:
        """Make a poll that waits, or the next one, return at once; safe in a signal handler."""

    def cancel(self, attempts: Collection[str], grace: float) -> None:
        """Ask the whole process trees to end, and kill what is left after `grace` seconds."""

    def close(self) -> None:
        """Kill what still runs and free everything; harmless when repeated."""


class PreparedEnvironment(NamedTuple):
    """An environment that is there and was verified.

    `document` is its entry in the record (kind, exact, platform, python, packages, lock, image);
    `lock_text` is kept with the run.
    """

    env_id: str
    document: Mapping[str, object]
    prefix: Path | None = None
    lock_text: str = ""


def silently(message: str) -> None:
    """Say nothing: the progress of whoever does not care for it."""
    del message


class Environment(Protocol):
    """In what commands run: one module per kind."""

    def digest(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None] = silently
    ) -> str:
        """Give the env_id of what the spec resolves to, locking it if it has no lock yet."""

    def prepare(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None]
    ) -> PreparedEnvironment:
        """Install it if it is not there, and verify it. Safe against any number of others."""

    def wrap(self, command: Command, prepared: PreparedEnvironment) -> Command:
        """Give the command that runs `command` inside the environment; pure."""


class SourceControl(Protocol):
    """What the code is."""

    def revision(self, outs: Collection[str]) -> Revision:
        """Tell the commit of the code as it is now, without `outs`, snapshotting a dirty tree."""

    def is_code(self, path: str) -> bool:
        """Tell whether git tracks the path, or would (untracked and not ignored)."""

    def stand_in(self, outs: Collection[str]) -> str:
        """Identify the project folder's code, for steps that declare none."""

    def changed(self) -> list[str]:
        """Name the paths that changed since the revision was taken."""


class DataVersioning(Protocol):
    """What the data is: hashing, the object cache, and what `.dvc` files promise."""

    def versions(self, paths: Iterable[str]) -> dict[str, DataVersion | None]:
        """Hash each path exactly as DVC does; None where there is nothing."""

    def put(self, path: str) -> DataVersion:
        """Hash a path and keep its content in the cache."""

    def has(self, version: DataVersion) -> bool:
        """Tell whether the cache can bring the content back, and that it is intact."""

    def get(self, version: DataVersion) -> None:
        """Bring the content back to its path, replacing what is there in one move."""

    def tracked(self, path: str) -> DataVersion | None:
        """Tell which version a `.dvc` file or a dvc.lock promises for the path."""

    def pull(self, paths: Sequence[str], progress: Callable[[str], None]) -> None:
        """Fetch tracked paths from the DVC remote and check them out."""


class Store(Protocol):
    """Where records are kept and found."""

    def save(self, record: Mapping[str, object]) -> None:
        """Keep one finished record for good; it is on disk when this returns."""

    def load(self, run_id: str) -> dict[str, object]:
        """Give the record of exactly this run."""

    def resolve(self, words: str) -> str:
        """Turn an id prefix, `latest` or `latest~N` into a run id."""

    def find(
        self,
        *,
        filter: str = "",  # noqa: A002  # the command line's word
        sort: str = "",
        limit: int | None = None,
    ) -> list[dict[str, Value | dict[str, Value] | None]]:
        """List summaries of runs, newest first unless sorted otherwise."""


Listener = Callable[[Event], None]
