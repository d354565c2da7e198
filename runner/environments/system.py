"""The host as it is: commands run with the caller's own programs and variables."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.core.canonical import digest as digest_of
from runner.ports import Command, PreparedEnvironment, silently

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.core.model import EnvironmentSpec

KIND = "system"


class SystemEnvironment:
    """The `system` environment. `home` keeps what is known of interpreters."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home

    def digest(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None] = silently
    ) -> str:
        """Give the env_id of this operating system and architecture.

        What is installed on the host is no part of it: any unrelated `pip install` would make
        every step run again. That is what `exact: false` in the record says.
        """
        del spec, folder, progress
        return digest_of([KIND, sys.platform, os.uname().machine])

    def prepare(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None]
    ) -> PreparedEnvironment:
        """Say what the host is; there is nothing to install."""
        from runner.environments.home import runner_home  # noqa: PLC0415  # not when digesting
        from runner.environments.interpreters import first_on_path  # noqa: PLC0415  # likewise

        del progress
        python = first_on_path(folder, self._home or runner_home())
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
        """Give the command as the caller would run it: with the caller's PYTHONPATH in front."""
        del prepared
        outside, own = os.environ.get("PYTHONPATH"), command.variables.get("PYTHONPATH", "")
        if not outside or outside in own.split(os.pathsep):
            return command
        path = f"{outside}{os.pathsep}{own}" if own else outside
        return command._replace(variables={**command.variables, "PYTHONPATH": path})
