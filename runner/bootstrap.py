"""The composition root: names -> adapters, imported when they are used.

Nothing else names a concrete adapter. A new environment, store or executor is one line here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import EnvironmentFailure, UsageError, WorkspaceError
from runner.workspace import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.core.model import EnvironmentSpec
    from runner.ports import Environment, Executor
    from runner.stores.sql import RunStore
    from runner.versioning.dvc import DvcData
    from runner.versioning.git import GitSourceControl


class Connections(NamedTuple):
    """One project's adapters. `folder` and `runner_folder` (its `.runner`) are absolute."""

    folder: str
    runner_folder: str
    control: GitSourceControl
    data: DvcData
    store: RunStore


def connect(folder: str, settings: Mapping[str, object] | None = None) -> Connections:
    """Connect to everything a project's folder has; git starts to answer at once.

    Raises:
        UsageError: there is no such folder.
    """
    from runner.stores.sql import RunStore
    from runner.versioning.dvc import DvcData
    from runner.versioning.git import GitSourceControl

    full = existing_folder(folder)
    control = GitSourceControl(full, **_snapshot_limits(settings or {}))
    runner_folder = os.path.join(full, ".runner")
    return Connections(full, runner_folder, control, DvcData(full), RunStore(runner_folder))


def store(folder: str) -> RunStore:
    """Connect to a project's records alone."""
    from runner.stores.sql import RunStore

    return RunStore(os.path.join(existing_folder(folder), ".runner"))


def executor(run_id: str) -> Executor:
    """Give what runs commands: this machine."""
    from runner.executors.local import LocalExecutor

    return LocalExecutor(run_id=run_id)


def environment(spec: EnvironmentSpec) -> Environment:
    """Give the adapter of an environment's kind.

    Raises:
        EnvironmentFailure: this version cannot run steps in that kind.
    """
    if spec.kind == "system":
        from runner.environments.system import SystemEnvironment

        return SystemEnvironment()
    if spec.kind == "virtualenv":
        from runner.environments.virtualenv import VirtualenvEnvironment

        return VirtualenvEnvironment()
    raise EnvironmentFailure(
        f"environment `{spec.name}`: this version of runner does not run steps in {spec.kind} yet",
        hint="use python_env, or run on this machine as it is: runner run --env-manager local",
    )


def existing_folder(folder: str) -> str:
    """Give a folder's absolute path.

    Raises:
        UsageError: it is not there, or not a folder.
        WorkspaceError: its `.runner` is a link or another user's.
    """
    full = os.path.abspath(folder)
    if not os.path.isdir(full):
        raise UsageError(
            f"no such folder: {folder}", hint="give the project's folder first: runner run . STEP"
        )
    origin.refuse_foreign(os.path.join(full, ".runner"))
    return full


def make_runner_folder(path: str) -> None:
    """Make `.runner`, which ignores itself.

    Raises:
        WorkspaceError: it cannot be written.
    """
    try:
        origin.make(path)
    except OSError as error:
        raise WorkspaceError(
            f"cannot write {path}: {error.strerror}", hint="make the project's folder writable"
        ) from error


def _snapshot_limits(settings: Mapping[str, object]) -> dict[str, int]:
    names = ("snapshot_file_limit", "snapshot_total_limit")
    return {name: int(str(settings[name])) for name in names if name in settings}
