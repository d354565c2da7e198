"""Which entry points a request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core.command import quote
from runner.core.model import EntryPoint, Project, Step
from runner.core.spelling import did_you_mean, listed
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.core.parameters import Values

MAIN = "main"
INTERPRETERS = {".py": "python", ".sh": "bash"}


def with_scripts(project: Project, targets: Sequence[str]) -> Project:
    """Add an entry point for each target that is a script, as MLflow does: `-e train.py`."""
    scripts = {
        name: _script(name)
        for name in targets
        if name not in project.entry_points
        and name.endswith(tuple(INTERPRETERS))
        and _of_matrix(name, project.entry_points) is None
    }
    if not scripts:
        return project
    return project._replace(entry_points={**project.entry_points, **scripts})


def _script(name: str) -> EntryPoint:
    interpreter = INTERPRETERS[name[name.rindex(".") :]]
    escaped = quote(name).replace("{", "{{").replace("}", "}}")
    return EntryPoint(name, f"{interpreter} {escaped}")


def asked_for(
    project: Project, targets: Sequence[str], values: Mapping[str, Values]
) -> tuple[str, ...]:
    """Name the entry points asked for: the targets', else `main`, else all that can run.

    Raises:
        UsageError: a target does not exist, or nothing is there to be run by default.
    """
    entries = project.entry_points
    if targets:
        return tuple(dict.fromkeys(_entry_of(name, entries) for name in targets))
    if MAIN in entries:
        return (MAIN,)
    default = tuple(
        name
        for name, entry in entries.items()
        if (entry.deps or entry.outs or entry.needs) and not values[name].missing
    )
    if default:
        return default
    if not entries:
        raise UsageError(
            f"{project.file} has no entry points",
            hint="name a script, such as `runner run . -e train.py`, or start with `runner init`",
        )
    raise UsageError(
        f"nothing to run by default: {project.file} has no entry point `main`, and none with "
        "deps, outs or needs whose parameters all have a value",
        hint=f"name one: `runner run . -e {next(iter(entries))}` (there are: {listed(entries)})",
    )


def target_steps(
    names: Iterable[str], entries: Mapping[str, EntryPoint], steps: Mapping[str, Step]
) -> tuple[str, ...]:
    """Name the targets' steps: those of an entry point, or the one step of that exact name.

    Raises:
        UsageError: the matrix of an entry point has no such step.
    """
    members: dict[str, list[str]] = {}
    for step in steps.values():
        members.setdefault(step.entry_point, []).append(step.name)
    found: dict[str, None] = {}
    for name in names:
        if name not in entries and name not in steps:
            others = members.get(_of_matrix(name, entries) or "", [])
            raise UsageError(
                f'no step "{name}"; there are {listed(others) or "none of its matrix"}',
                hint=did_you_mean(name, others),
            )
        found.update(dict.fromkeys(members.get(name, ()) if name in entries else (name,)))
    return tuple(found)


def _entry_of(name: str, entries: Mapping[str, EntryPoint]) -> str:
    if name in entries:
        return name
    entry = _of_matrix(name, entries)
    if entry is None:
        raise UsageError(
            f'no entry point or step "{name}"; there are {listed(entries) or "none"}',
            hint=did_you_mean(name, entries),
        )
    return entry


def _of_matrix(name: str, entries: Mapping[str, EntryPoint]) -> str | None:
    """Give the entry point whose matrix a step's name speaks of: `train` for `train@0.1-0`."""
    at = name.rfind("@")
    while at > 0:
        entry = entries.get(name[:at])
        if entry is not None and entry.matrix:
            return entry.name
        at = name.rfind("@", 0, at)
    return None
