"""Virtual environments that uv makes from a lock, kept by env_id and shared by all projects."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.spelling import listed
from runner.environments import virtualenv_occupancy as occupancy
from runner.environments.home import runner_home
from runner.environments.virtualenv_memory import Resolution, recall
from runner.errors import UsageError
from runner.ports import Command, PreparedEnvironment, silently

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.core.model import EnvironmentSpec
    from runner.environments.virtualenv_state import State

KIND = "virtualenv"
# What a caller's own Python settings would bring into the environment.
UNSET = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")


class VirtualenvEnvironment:
    """The `virtualenv` environment, under `home/envs/<env_id>`.

    A prepared environment stays locked for reading as long as this process lives, so that
    nobody replaces it under a running step.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._home = home or runner_home()

    def digest(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None] = silently
    ) -> str:
        """Give the env_id: interpreter, platform, and each package with its hashes.

        Raises:
            EnvironmentFailure: The specification is wrong or cannot be resolved.
        """
        return self._resolution(spec, folder, progress).env_id

    def prepare(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None]
    ) -> PreparedEnvironment:
        """Install the environment if it is not there or was changed, and keep it in use.

        Raises:
            EnvironmentFailure: It cannot be resolved or installed. Nothing is left behind.
        """
        resolution = self._resolution(spec, folder, progress)
        env_id = resolution.env_id
        lock, turn = occupancy.place(self._lock_file(env_id))
        with turn:
            place = Path(folder).absolute()
            state = self._ready(spec.name, place, resolution, lock, progress)
        os.utime(lock)
        document = {**state.document, "lock": _sha256(resolution.lock)}
        return PreparedEnvironment(
            env_id, document, self.prefix(env_id), resolution.lock.read_text("utf-8")
        )

    def wrap(self, command: Command, prepared: PreparedEnvironment) -> Command:
        """Give the command with the environment's programs first on PATH."""
        prefix = prepared.prefix or self.prefix(prepared.env_id)
        inherited = command.variables.get("PATH") or os.environ.get("PATH") or os.defpath
        variables = {
            **command.variables,
            "PATH": f"{prefix / 'bin'}{os.pathsep}{inherited}",
            "VIRTUAL_ENV": str(prefix),
        }
        unset = (*command.unset, *(name for name in UNSET if name not in command.variables))
        return command._replace(variables=variables, unset=unset)

    def prefix(self, env_id: str) -> Path:
        """Give the folder of an environment."""
        return self._home / "envs" / env_id

    def verify(self, prepared: PreparedEnvironment) -> list[str]:
        """Hash every file; name those changed, missing or added since the installation."""
        from runner.environments import virtualenv_state  # noqa: PLC0415  # not when digesting

        prefix = self.prefix(prepared.env_id)
        state = virtualenv_state.load(prefix)
        if state is None:
            return [f"missing: {prefix}"]
        return virtualenv_state.changes(prefix, state)

    def listing(self) -> list[dict[str, object]]:
        """List the environments that are there: env_id, kind, exact, path, size, used."""
        from runner.environments import virtualenv_state  # noqa: PLC0415  # not when digesting

        found: list[dict[str, object]] = []
        for prefix in sorted((self._home / "envs").glob("*/")):
            state = virtualenv_state.load(prefix)
            if state is not None:
                used = self._lock_file(prefix.name).stat().st_mtime
                found.append(
                    {
                        "env_id": state.env_id,
                        "kind": state.document["kind"],
                        "exact": state.document["exact"],
                        "path": str(prefix),
                        "size": virtualenv_state.size(prefix),
                        "used": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(used)),
                    }
                )
        return found

    def remove(self, env_id: str) -> None:
        """Remove an environment that no run uses.

        Raises:
            UsageError: There is none of this id, or a run uses it.
        """
        from runner.environments.virtualenv_install import discard  # noqa: PLC0415  # not hot

        if not self.prefix(env_id).is_dir():
            raise UsageError(f"there is no environment {env_id}", hint="runner env list")
        path = self._lock_file(env_id)
        try:
            if not occupancy.is_free(occupancy.place(path).lock):
                raise UsageError(
                    f"the environment {env_id} is in use",
                    hint="wait until the runs that use it end",
                )
            discard(self.prefix(env_id))
        finally:
            occupancy.leave(path)

    def _resolution(
        self, spec: EnvironmentSpec, folder: str, progress: Callable[[str], None]
    ) -> Resolution:
        place = Path(folder).absolute()
        known = recall(self._home, spec, place)
        if known is not None:
            return known
        from runner.environments.virtualenv_resolution import (  # noqa: PLC0415  # files changed
            resolution_of,
        )

        return resolution_of(spec, place, self._home, progress)

    def _ready(
        self,
        name: str,
        folder: Path,
        resolution: Resolution,
        lock: int,
        progress: Callable[[str], None],
    ) -> State:
        """Lock the environment for reading, with all of it there; install it first if need be."""
        prefix = self.prefix(resolution.env_id)

        def on_wait() -> None:
            progress(f"waiting for another runner to prepare or release {name}")

        occupancy.share(lock, on_wait)
        state = _current(prefix, name, progress)
        if state is not None:
            return state
        occupancy.take_over(lock, on_wait)
        try:
            # Someone else may have installed it between the two locks.
            state = _current(prefix, name, silently)
            if state is None:
                state = self._install(name, folder, resolution, lock, progress)
        except BaseException:
            occupancy.give_up(lock)
            raise
        occupancy.share(lock, on_wait)
        return state

    def _install(
        self,
        name: str,
        folder: Path,
        resolution: Resolution,
        lock: int,
        progress: Callable[[str], None],
    ) -> State:
        from runner.environments.virtualenv_install import (  # noqa: PLC0415  # not when warm
            Installation,
        )

        document: dict[str, object] = {
            "kind": KIND,
            "exact": resolution.exact,
            "platform": resolution.interpreter.platform,
            "python": resolution.interpreter.version,
            "packages": [],
            "lock": None,
            "image": None,
        }
        prefix = self.prefix(resolution.env_id)
        installation = Installation(name, folder, prefix, self._home, lock, resolution, document)
        return installation.install(progress)

    def _lock_file(self, env_id: str) -> Path:
        return self._home / "envs" / f"{env_id}.lock"


def _current(prefix: Path, name: str, progress: Callable[[str], None]) -> State | None:
    """Give the state of the environment if every file is as it was installed."""
    from runner.environments import virtualenv_state  # noqa: PLC0415  # not when digesting

    state = virtualenv_state.load(prefix)
    if state is None:
        return None
    now = virtualenv_state.signature(prefix)
    if now == state.signature:
        return state
    changed = virtualenv_state.changes(prefix, state)
    if changed:
        progress(f"{name} is installed again: {listed(changed, 3)}")
        return None
    # Touched, not changed: remembered, so that the next run need not hash again.
    state = state._replace(signature=now)
    virtualenv_state.save(prefix, state)
    return state


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
