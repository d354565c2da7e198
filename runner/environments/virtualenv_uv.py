"""Start uv: which binary, with which variables, and what its failures mean in one paragraph."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.environments.virtualenv_requirements import without_credentials
from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.process import Output

# Another environment's activation, or someone's own constraints, must not leak into ours.
UNSET = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_CONSTRAINT",
    "UV_OVERRIDE",
    "UV_EXCLUDE",
    "UV_BUILD_CONSTRAINT",
    "UV_NO_VERIFY_HASHES",
    "UV_REQUIRE_HASHES",
    "UV_NO_CACHE",
    "UV_VENV_SEED",
    "UV_WORKING_DIR",
    "UV_PROJECT",
)
UNREACHABLE = re.compile(
    r"failed to fetch|error sending request|dns error|connection refused|could not connect"
    r"|timed out|network is unreachable",
    re.IGNORECASE,
)
CHATTER = (
    "Using ",
    "Resolved ",
    "Prepared ",
    "Installed ",
    "Uninstalled ",
    "warning: ",
    "Audited ",
)
LONGEST = 14  # lines of uv's own words in a message
QUERY = re.compile(r"(?<=://)(\S+?)\?[^\s`)]+")


class Uv:
    """The uv program. Its package cache is ours, so that nobody else's links can poison it."""

    def __init__(self, home: Path, *, downloads: bool = False) -> None:
        self._home = home
        self._downloads = downloads

    def variables(self) -> dict[str, str | None]:
        """Give the variables to start uv with, on top of the caller's."""
        own: dict[str, str | None] = dict.fromkeys(UNSET)
        return own | {
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(self._home / "uv"),
            # Hard links would let one environment change the next through the cache.
            "UV_LINK_MODE": "copy",
            "UV_PYTHON_DOWNLOADS": "automatic" if self._downloads else "never",
            "UV_NO_PROGRESS": "1",
            "NO_COLOR": "1",
        }

    def attempt(
        self,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        text: str = "",
        holding: int | None = None,
    ) -> Output:
        """Run uv to its end; the caller judges the exit code.

        Args:
            arguments: What follows `uv`.
            folder: Where it runs.
            text: Its input.
            holding: A locked file that uv is to keep locked, also when we are killed.
        """
        from runner.process import begin, capture  # noqa: PLC0415  # a warm one never starts uv

        argv, place = [binary(), *arguments], str(folder) if folder else None
        if holding is None:
            return capture(argv, folder=place, variables=self.variables(), input=text.encode())
        os.set_inheritable(holding, True)  # noqa: FBT003  # positional only
        try:
            pending = begin(argv, folder=place, variables=self.variables())
        finally:
            os.set_inheritable(holding, False)  # noqa: FBT003  # positional only
        return pending.result()

    def run(
        self,
        arguments: Sequence[str],
        *,
        doing: str,
        folder: Path | None = None,
        holding: int | None = None,
    ) -> Output:
        """Run uv, which has to succeed.

        Raises:
            EnvironmentFailure: It did not; `doing` says what could not be done.
        """
        output = self.attempt(arguments, folder=folder, holding=holding)
        if output.code != 0:
            raise failure(output, doing)
        return output


def binary() -> str:
    """Find uv: the one installed with us, else PATH's.

    Raises:
        EnvironmentFailure: There is none.
    """
    beside = Path(sys.executable).with_name("uv")
    if beside.is_file():
        return str(beside)
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # not needed when it lies beside us

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise EnvironmentFailure(
            "virtualenv environments are made by uv, and it is not installed",
            hint=f"{sys.executable} -m pip install uv",
        )
    return found


def unreachable(output: Output) -> bool:
    """Tell whether uv failed because an index or a file could not be reached."""
    return bool(UNREACHABLE.search(output.stderr.decode("utf-8", "replace")))


def failure(output: Output, doing: str) -> EnvironmentFailure:
    """Turn uv's words into an error: its essential lines, without credentials."""
    words = output.stderr.decode("utf-8", "replace")
    lines = [line.rstrip() for line in words.splitlines()]
    lines = [line for line in lines if line.strip() and not line.startswith(CHATTER)]
    if len(lines) > LONGEST:
        lines = [*lines[: LONGEST - 3], "  …", *lines[-2:]]
    told = "\n  ".join(QUERY.sub(r"\1", without_credentials(line)) for line in lines)
    return EnvironmentFailure(f"cannot {doing}\n  {told}", hint=_hint(words))


def _hint(words: str) -> str:
    if "Hash mismatch" in words:
        return "the index offers another file than the one locked: check where it comes from"
    if "No space left" in words:
        return "free some space, or set RUNNER_HOME to a larger disk, then try again"
    if UNREACHABLE.search(words):
        return "check the network and the index settings (UV_DEFAULT_INDEX), then try again"
    if "network was disabled" in words:
        return "connect once, or put the missing package into a folder named by UV_FIND_LINKS"
    if "unsatisfiable" in words:
        return "relax or correct the requirement named above"
    return "the same words from uv itself: uv pip compile --verbose"
