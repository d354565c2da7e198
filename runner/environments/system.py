"""The host as it is: commands run with the caller's own programs and variables."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.core.canonical import digest as digest_of
from runner.environments.home import runner_home
from runner.environments.interpreters import (
    Interpreter,
    behind_shim,
    interrogate,
    is_shim,
    on_path,
)
from runner.ports import Command, PreparedEnvironment, silently

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.core.model import EnvironmentSpec

KIND = "system"


class SystemEnvironment:
    """The `system` environment. `home` keeps what is known of interpreters."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home or runner_home()

    def digest(
        self, spec: EnvironmentSpec, folder: Path, progress: Callable[[str], None] = silently
    ) -> str:
        """Give the env_id of this operating system and architecture.

        What is installed on the host is no part of it: any unrelated `pip install` would make
        every step run again. That is what `exact: false` in the record says.
        """
        del spec, folder, progress
        return digest_of([KIND, sys.platform, os.uname().machine])

    def prepare(
        self, spec: EnvironmentSpec, folder: Path, progress: Callable[[str], None]
    ) -> PreparedEnvironment:
        """Say what the host is; there is nothing to install."""
        del progress
        python = _first_python(folder, self._home)
        document: dict[str, object] = {
            "kind": KIND,
            "exact": False,
            "platform": f"{sys.platform}-{os.uname().machine}",
            "python": python.version if python else "",
            "packages": [],
            "lock": None,
            "image": None,
        }
        return PreparedEnvironment(self.digest(spec, folder), document)

    def wrap(self, command: Command, prepared: PreparedEnvironment) -> Command:
        """Give the command unchanged."""
        del prepared
        return command


def _first_python(folder: Path, home: Path) -> Interpreter | None:
    """Find the Python that `python3`, else `python`, starts here."""
    for candidate in (*on_path(("python3",)), *on_path(("python",))):
        executable = behind_shim(candidate.name, folder) if is_shim(candidate) else candidate
        found = interrogate(str(executable), home) if executable else None
        if found:
            return found
    return None
