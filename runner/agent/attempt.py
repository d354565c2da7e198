"""Begin and end attempts of steps: outputs first, their record last.

The agent owns everything about an attempt but the process: where its log is, which variables
it sees, that old outputs are out of harm's way while it runs, and what its end means.
"""

from __future__ import annotations

import hashlib
import os
import signal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from runner.agent.aside import Aside, keep_replaced, remove, set_partial_aside
from runner.agent.out_places import leads_out, make_place, refuse_leaving
from runner.core.paths import file_name
from runner.core.spelling import listed
from runner.errors import RunnerError, WorkspaceError
from runner.fault_points import fault_point
from runner.ports import Command, Exit, Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from runner.core.model import DataVersion, Out, Step

SHELL = "/bin/sh"
MLFLOW_SHELLS = ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash")
ROOM = "make room or the folder writable, then run again"


class Outputs(Protocol):
    """The part of data versioning that keeps what a step wrote."""

    def put(self, path: str) -> DataVersion:
        """Hash a path and keep its content in the cache."""

    def left_out(self, path: str) -> list[str]:
        """Name what is in a folder that was put, but is not kept."""

    def versions(self, paths: Sequence[str]) -> dict[str, DataVersion | None]:
        """Hash each path exactly as DVC does; None where there is nothing."""

    def protect_inputs(self, paths: Sequence[str]) -> object:
        """Make sure that writing to these paths, which are read, cannot reach the cache."""

    def unlink_inputs(self, paths: Sequence[str]) -> object:
        """Give each of these paths, which are written to, content of its own."""


class Output(NamedTuple):
    """What a step wrote; `sha256` is that of a file, None for a folder.

    `isexec` tells whether a file may be executed, as DVC has it; of folders nothing is known.
    """

    out: Out
    version: DataVersion
    sha256: str | None
    isexec: bool = False


class Ending(NamedTuple):
    """What the end of an attempt means: its status, what it wrote, and what is wrong with it."""

    status: str
    outputs: tuple[Output, ...] = ()
    problem: str = ""


class Places(NamedTuple):
    """Where a run keeps things; all absolute.

    `partial` gets what failed steps left behind, `replaced` what stood in an output's place and
    is nowhere else.
    """

    project: str
    logs: str
    logged: str
    artifacts: str
    aside: str
    partial: str
    replaced: str


class Agent:
    """Begins and ends the attempts of one run.

    `variables` are those that every step gets. `shell` runs the commands; without one it is
    /bin/sh for a step with deps or outs, and bash, as MLflow has it, for one without. `hidden`
    are the secret values that no step's output may show, whichever of them declares the secret.
    """

    def __init__(
        self,
        run_id: str,
        places: Places,
        data: Outputs,
        variables: Mapping[str, str],
        shell: str | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        self._run_id = run_id
        self._places = places
        self._data = data
        self._variables = variables
        self._shell = shell
        self._hidden = tuple(hidden)
        self._aside = Aside(places.project, places.aside)
        self._begun: set[str] = set()

    def attempt(self, step: str, number: int) -> str:
        """Name an attempt for good."""
        return f"{self._run_id}/{step}/{number}"

    def log(self, step: str) -> str:
        """Tell where a step's captured output goes."""
        return os.path.join(self._places.logs, file_name(step) + ".log")

    def logged(self, step: str) -> str:
        """Tell where a step's own metrics and parameters go (RUNNER_LOG)."""
        return os.path.join(self._places.logged, file_name(step) + ".jsonl")

    def begin(  # each is one fact of the attempt
        self,
        step: Step,
        number: int,
        *,
        variables: Mapping[str, str],
        secrets: Mapping[str, str],
        devices: Sequence[str],
        wrap: Callable[[Command], Command],
        on_output: Callable[[str, str], None] | None,
        precious: Collection[str] = (),
    ) -> Submission:
        """Set everything up for one attempt and give what the executor is to start.

        `precious` are the outs whose present content is nowhere else.

        Raises:
            WorkspaceError: an out leaves the project through a link, or cannot be set aside.
        """
        self._prepare(step, number, precious)
        attempt = self.attempt(step.name, number)
        own = {
            **self._variables,
            **variables,
            **secrets,
            "RUNNER_STEP": step.name,
            "RUNNER_ATTEMPT": attempt,
            "RUNNER_LOG": self.logged(step.name),
        }
        if step.resources.gpus:
            own["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
        assert step.command is not None
        command = Command(
            (self._shell or _shell_of(step), "-c", step.command),
            self._places.project,
            own,
            self._hidden,
        )
        log = self.log(step.name)
        return Submission(attempt, wrap(command), log, step.timeout, on_output)

    def end(self, step: Step, exit_: Exit) -> Ending:
        """Judge how an attempt ended: keep its outputs, or put the old ones back.

        Raises:
            WorkspaceError: it has put a link in its out's way that leads out of the project.
        """
        problem = _problem(exit_) or self._missing(step)
        if problem:
            self.give_up(step)
            return Ending("cancelled" if exit_.cancelled else "failed", (), problem)
        for out in step.outs:
            refuse_leaving(self._places.project, out)
        outputs = tuple(map(self._keep, step.outs))
        return Ending("succeeded", outputs, self._not_kept(step))

    def accept(self, step: Step) -> list[str]:
        """Drop the old outputs of a step whose new ones are recorded.

        Gives the paths whose old content was kept, as it was nowhere else.
        """
        self._begun.discard(step.name)
        return self._aside.discard(step.name, self._places.replaced)

    def keep_replaced(self, path: str) -> None:
        """Move what is at an out's path, and nowhere else, beside the run.

        Raises:
            WorkspaceError: it cannot be moved.
        """
        source = os.path.join(self._places.project, path)
        keep_replaced(source, os.path.join(self._places.replaced, path))

    def replaced(self, path: str) -> str:
        """Tell where what was at a path before is kept, from the project's folder."""
        return os.path.relpath(os.path.join(self._places.replaced, path), self._places.project)

    def give_up(self, step: Step) -> None:
        """Put the old outputs of a step back; what it wrote is kept beside the run.

        Harmless when repeated.
        """
        if step.name not in self._begun:
            return
        self._begun.discard(step.name)
        project, partial = self._places.project, self._partial(step)
        back = self._aside.put_back(step.name, partial)
        for out in step.outs:
            if out.path not in back and not leads_out(project, os.path.dirname(out.path)):
                set_partial_aside(os.path.join(project, out.path), os.path.join(partial, out.path))

    def forget_logged(self, step: Step) -> None:
        """Remove what a step logged, once it was told, where it may hold a secret."""
        if self._hidden:
            remove(self.logged(step.name))

    def close(self) -> None:
        """Leave nothing behind that is empty."""
        self._aside.close()

    def _prepare(self, step: Step, number: int, precious: Collection[str]) -> None:
        """Get everything out of harm's way; when that fails, everything is as it was."""
        if not os.path.isdir(self._places.logs):
            raise WorkspaceError(
                "`.runner` was removed while this run is under way",
                hint="no step may do that: git clean takes `-e .runner`",
            )
        try:
            for out in step.outs:
                make_place(self._places.project, out)
            self._aside.take(step.name, step.outs, precious)
            self._data.protect_inputs([dep.path for dep in step.deps])
            self._data.unlink_inputs([out.path for out in step.outs if out.persist])
            if number > 1:
                _append(self.log(step.name), f"--- attempt {number} ---\n")
                remove(self.logged(step.name))
        except (OSError, RunnerError) as error:
            self._aside.put_back(step.name, self._partial(step))
            raise in_words(error) from error
        self._begun.add(step.name)

    def _partial(self, step: Step) -> str:
        return os.path.join(self._places.partial, file_name(step.name))

    def _missing(self, step: Step) -> str:
        lost = [
            out.path
            for out in step.outs
            if not os.path.exists(os.path.join(self._places.project, out.path))
        ]
        return f"it ended well but did not write {', '.join(lost)}" if lost else ""

    def _not_kept(self, step: Step) -> str:
        lost = [
            os.path.join(out.path, name)
            for out in step.outs
            if out.cache
            for name in self._data.left_out(out.path)
        ]
        return f"not kept in the cache, as with DVC: {listed(lost, 5)}" if lost else ""

    def _keep(self, out: Out) -> Output:
        fault_point("put.before")
        if out.cache:
            version = self._data.put(out.path)
        else:
            found = self._data.versions([out.path])[out.path]
            if found is None:
                raise WorkspaceError(f"{out.path} vanished while it was hashed")
            version = found
        fault_point("put.after")
        if version.nfiles is not None:
            return Output(out, version, None)
        path = os.path.join(self._places.project, out.path)
        return Output(out, version, _sha256(path), bool(os.stat(path).st_mode & 0o100))


def _sha256(path: str) -> str:
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_words(error: OSError | RunnerError) -> RunnerError:
    """Give what is said of an error met while a step was prepared or ended."""
    if isinstance(error, RunnerError):
        return error
    where = f" ({error.filename})" if error.filename else ""
    return WorkspaceError(f"{error.strerror or error}{where}", hint=ROOM)


def _shell_of(step: Step) -> str:
    if step.deps or step.outs:
        return SHELL
    return next(filter(os.path.exists, MLFLOW_SHELLS), SHELL)


def _problem(exit_: Exit) -> str:
    if exit_.cancelled:
        return "cancelled"
    if exit_.timed_out:
        return f"timed out after {exit_.seconds:.1f} s"
    if exit_.code is None:
        return exit_.problem or "could not be started"
    if exit_.code < 0:
        return f"killed by {_signal_name(-exit_.code)}"
    if exit_.code:
        return f"exit code {exit_.code}"
    return ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
