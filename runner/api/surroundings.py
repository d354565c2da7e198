"""What steps get from the caller's surroundings: variables, secrets, devices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.core.paths import within
from runner.errors import WorkspaceError
from runner.workspace import machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.api.planning import Prepared
    from runner.core.model import Step


def variables(steps: Iterable[Step]) -> dict[str, Mapping[str, str]]:
    """Give the values of each step's declared variables: they are part of what it asks.

    Raises:
        WorkspaceError: variables that are to be copied from the caller are not set; all of them.
    """
    found: dict[str, Mapping[str, str]] = {}
    unset: dict[str, list[str]] = {}
    nothing: Mapping[str, str] = {}
    for step in steps:
        own: dict[str, str] = {}
        for variable in step.variables:
            value = os.environ.get(variable.name) if variable.value is None else variable.value
            if value is None:
                unset.setdefault(variable.name, []).append(step.name)
            else:
                own[variable.name] = value
        found[step.name] = own or nothing
    _refuse_unset(unset)
    return found


def secrets(steps: Iterable[Step]) -> dict[str, Mapping[str, str]]:
    """Give the values of each step's secrets, as far as they are set."""
    return {
        step.name: {name: os.environ[name] for name in step.secrets if name in os.environ}
        for step in steps
        if step.secrets
    }


def refuse_unready(prepared: Prepared) -> None:
    """Make sure that what is about to run can: only now secrets and devices have to be there.

    Raises:
        WorkspaceError: a secret is not set, the machine has too few GPUs, or a value of type path
            names nothing (MLflow's rule).
    """
    unset: dict[str, list[str]] = {}
    lost: list[str] = []
    wanting: list[tuple[str, int]] = []
    for name, step in prepared.dag.steps.items():
        if prepared.decisions[name].action in {"up-to-date", "restore"}:
            continue
        for secret in step.secrets:
            if secret not in os.environ:
                unset.setdefault(secret, []).append(name)
        if step.resources.gpus:
            wanting.append((name, step.resources.gpus))
        lost += _paths_to_nothing(prepared, step)
    _refuse_unset(unset)
    if lost:
        raise WorkspaceError("\n".join(dict.fromkeys(lost)), hint="give a path that is there")
    there = len(machine.gpus()) if wanting else 0
    lacking = [f"{name} wants {count} GPU(s)" for name, count in wanting if count > there]
    if lacking:
        raise WorkspaceError(
            f"{', '.join(lacking)}; this machine has {there}",
            hint="run it where there are enough, or change `resources: {gpus: …}`",
        )


def _paths_to_nothing(prepared: Prepared, step: Step) -> Iterator[str]:
    for name, bound in step.parameters.items():
        path = str(bound.value)
        is_made = any(within(path, out) for out in prepared.outs)
        there = os.path.exists(os.path.join(prepared.ports.folder, path))
        if bound.type == "path" and not there and not is_made:
            yield f"parameter {name} of {step.entry_point}: no such file or folder: {path}"


def _refuse_unset(unset: Mapping[str, list[str]]) -> None:
    if unset:
        lines = [
            f"variable {name} is not set; needed by {', '.join(by)}" for name, by in unset.items()
        ]
        raise WorkspaceError("\n".join(lines), hint=f"export {next(iter(unset))}=…")
