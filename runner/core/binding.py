"""From a project and a request to steps: which ones are asked for, with which values.

A `-P` value reaches every step of the run that declares its name (`step.name`: that entry
point's only). What no step of the run declares goes to the targets' commands as `--name value`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.core.dag import links
from runner.core.expansion import Expansion
from runner.core.given import Given, names_of, passed_on, sort_out
from runner.core.parameters import Folders, Values, bind_values, extra_cell
from runner.core.spelling import did_you_mean, listed
from runner.core.targets import asked_for, target_steps, with_scripts
from runner.errors import ParameterError, ProjectFileError, UsageError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.core.model import Project, Step
    from runner.core.parameters import Cell

MOST_TROUBLES = 20


class Request(NamedTuple):
    """What the caller asks for: targets and raw `-P` pairs, in the order given.

    Both folders are absolute; relative values of type path start from the caller's.
    """

    targets: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    caller_folder: str = "/"
    project_folder: str = "/"


class Binding(NamedTuple):
    """All steps that have their values, in the order of the file, and which are the targets.

    `unbound` names the entry points outside of what is asked that lack values, with the
    parameters concerned; none for one that only needs such an entry point.
    """

    steps: dict[str, Step]
    targets: tuple[str, ...]
    unbound: dict[str, tuple[str, ...]]
    warnings: tuple[str, ...]


def bind(project: Project, request: Request) -> Binding:
    """Bind a project's entry points to the values given, and find what is asked for.

    Raises:
        UsageError: a target or value that does not fit the project.
        ParameterError: values missing (in what is asked for and its upstream) or mistyped.
        ProjectFileError: a template that uses what is no parameter.
        WorkspaceError: a dep or out outside of where it may lie.
    """
    project = with_scripts(project, request.targets)
    entries = project.entry_points
    given = sort_out(request.parameters, entries)
    folders = Folders(request.caller_folder, request.project_folder)
    values = {name: bind_values(entry, given.to(name), folders) for name, entry in entries.items()}
    _refuse_mistyped(values)
    asked = asked_for(project, request.targets, values)
    unbound = {name: bound.missing for name, bound in values.items() if bound.missing}
    plan = _entry_points_of_run(project, asked, values, given, unbound)
    _refuse_missing({name: unbound[name] for name in plan if name in unbound})

    undeclared = _undeclared(project, given, plan)
    extras = _extras(request.parameters, given, undeclared, asked, project)
    steps = _steps(project, values, extras, unbound)
    kept = _without_unbound(steps, unbound)
    warnings = (passed_on(name, given.everywhere[name], asked, entries) for name in undeclared)
    return Binding(
        kept,
        target_steps(request.targets or asked, entries, kept),
        unbound | {step.entry_point: () for name, step in steps.items() if name not in kept},
        tuple(filter(None, warnings)),
    )


def _refuse_mistyped(values: Mapping[str, Values]) -> None:
    wrong = [(name, error) for name, bound in values.items() for error in bound.wrong]
    if wrong:
        messages = dict.fromkeys(f"{name}: parameter {error.message}" for name, error in wrong)
        raise ParameterError(
            "\n".join(messages), hint=next((e.hint for _, e in wrong if e.hint), "")
        )


def _refuse_missing(missing: Mapping[str, Sequence[str]]) -> None:
    if not missing:
        return
    lines = [f"{name} needs a value for {listed(names)}" for name, names in missing.items()]
    names = dict.fromkeys(name for several in missing.values() for name in several)
    given = " ".join(f"-P {name}=VALUE" for name in names)
    raise ParameterError("\n".join(lines), hint=f"add {given}")


def _entry_points_of_run(
    project: Project,
    asked: Sequence[str],
    values: Mapping[str, Values],
    given: Given,
    unbound: Mapping[str, Sequence[str]],
) -> Iterable[str]:
    """Name the entry points the run consists of: those asked for and all they wait for.

    Only when it matters: which of them lack values, or whether a value reaches one at all.
    """
    declared_here = {name for entry in asked for name in names_of(project.entry_points[entry])}
    if not unbound and declared_here.issuperset(given.everywhere):
        return asked
    expansion = Expansion(project)
    steps: dict[str, Step] = {}
    for name, entry in project.entry_points.items():
        for step in expansion.outline(entry, values[name]):
            steps[step.name] = step
    waits_for: dict[str, list[str]] = {name: [] for name in steps}
    for edge in links(_with_needs(steps, project)):
        waits_for[edge.target].append(edge.source)
    pending = [name for name, step in steps.items() if step.entry_point in asked]
    reached = set(pending)
    while pending:
        for name in waits_for[pending.pop()]:
            if name not in reached:
                reached.add(name)
                pending.append(name)
    plan = {steps[name].entry_point for name in reached} | set(asked)
    return [name for name in project.entry_points if name in plan]


def _undeclared(project: Project, given: Given, plan: Iterable[str]) -> list[str]:
    if not given.everywhere:
        return []
    declared = {name for entry in plan for name in names_of(project.entry_points[entry])}
    return [name for name in given.everywhere if name not in declared]


def _extras(
    parameters: Iterable[tuple[str, str]],
    given: Given,
    undeclared: Sequence[str],
    asked: Sequence[str],
    project: Project,
) -> dict[str, dict[str, Cell]]:
    """Give each entry point the values its command gets as `--name value`, in their order."""
    order = {name: number for number, (name, _) in enumerate(parameters)}
    commands = [name for name in asked if project.entry_points[name].command is not None]
    extras: dict[str, dict[str, str]] = {}
    for name in undeclared:
        if not commands:
            raise _nothing_takes(name, asked, project)
        for entry in commands:
            extras.setdefault(entry, {})[name] = given.everywhere[name]
    for entry, texts in given.scoped.items():
        declared = names_of(project.entry_points[entry])
        for name in texts.keys() - declared:
            if project.entry_points[entry].command is None:
                raise _nothing_takes(name, (entry,), project)
            extras.setdefault(entry, {})[name] = texts[name]

    def position(entry: str, name: str) -> int:
        return order.get(f"{entry}.{name}", order.get(name, 0))

    return {
        entry: {
            name: extra_cell(name, texts[name])
            for name in sorted(texts, key=lambda name: position(entry, name))
        }
        for entry, texts in extras.items()
    }


def _nothing_takes(name: str, asked: Sequence[str], project: Project) -> UsageError:
    declared = {known for entry in project.entry_points.values() for known in names_of(entry)}
    return UsageError(
        f"-P {name}: nothing declares it, and {', '.join(asked)} has no command to pass it to",
        hint=did_you_mean(name, declared),
    )


def _steps(
    project: Project,
    values: Mapping[str, Values],
    extras: Mapping[str, Mapping[str, Cell]],
    unbound: Mapping[str, object],
) -> dict[str, Step]:
    expansion = Expansion(project)
    steps = {
        step.name: step
        for name, entry in project.entry_points.items()
        if name not in unbound
        for step in expansion.steps(entry, values[name], extras.get(name))
    }
    if expansion.problems:
        raise ProjectFileError(project.file, tuple(expansion.problems))
    if expansion.troubles:
        more = len(expansion.troubles) - MOST_TROUBLES
        lines = expansion.troubles[:MOST_TROUBLES] + ([f"and {more:,} more"] if more > 0 else [])
        raise WorkspaceError(
            "\n".join(lines), hint="paths are relative to the project's folder and lie inside it"
        )
    return _with_needs(steps, project)


def _with_needs(steps: dict[str, Step], project: Project) -> dict[str, Step]:
    """Let `needs` name steps: an entry point stands for all combinations of its matrix."""
    if not any(entry.needs for entry in project.entry_points.values()):
        return steps
    members: dict[str, list[str]] = {name: [] for name in project.entry_points}
    for step in steps.values():
        members[step.entry_point].append(step.name)
    wanted: dict[tuple[str, ...], tuple[str, ...]] = {}
    for name, step in steps.items():
        if step.needs:
            if step.needs not in wanted:
                named = (member for need in step.needs for member in members.get(need) or (need,))
                wanted[step.needs] = tuple(dict.fromkeys(named))
            steps[name] = step._replace(needs=wanted[step.needs])
    return steps


def _without_unbound(steps: dict[str, Step], unbound: Mapping[str, object]) -> dict[str, Step]:
    """Leave out the steps that need, at any distance, an entry point that lacks values."""
    needed_by: dict[str, list[str]] = {}
    for name, step in steps.items() if unbound else ():
        for need in step.needs:
            needed_by.setdefault(need, []).append(name)
    pending = list(unbound)
    gone: set[str] = set()
    while pending:
        for name in needed_by.get(pending.pop(), ()):
            if name not in gone:
                gone.add(name)
                pending.append(name)
    return {name: step for name, step in steps.items() if name not in gone} if gone else steps
