"""From an entry point and its values to steps: one per combination of its matrix.

A template is read once per entry point and only rendered per step. What is wrong is gathered,
so that a user meets every problem at once.
"""

from __future__ import annotations

from itertools import product
from re import compile as pattern
from typing import TYPE_CHECKING, NamedTuple

from runner.core.command import Template, compile_template, quote
from runner.core.model import Dep, EntryPoint, Out, Project, Step, Variable
from runner.core.project_paths import normal, trouble_with_dep, trouble_with_out
from runner.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.core.parameters import Cell, Values

LONGEST_VALUE_IN_NAME = 60

_UNSAFE = pattern(r"[^\w.+=,-]")


class _Reading(NamedTuple):
    """An entry point's templates, read. `fixed_*` is None where a placeholder is used."""

    command: Template
    deps: tuple[tuple[Dep, Template], ...]
    outs: tuple[tuple[Out, Template], ...]
    fixed_deps: tuple[Dep, ...] | None
    fixed_outs: tuple[Out, ...] | None
    variables: tuple[Variable, ...]
    secrets: tuple[str, ...]
    suffix: str


class Expansion:
    """Makes steps of one project's entry points and gathers what is wrong with them.

    `problems` are those of templates, `troubles` those of paths.
    """

    def __init__(self, project: Project) -> None:
        self.problems: list[Problem] = []
        self.troubles: list[str] = []
        self._project = project
        self._taken = {name for name, entry in project.entry_points.items() if not entry.matrix}

    def steps(
        self, entry: EntryPoint, values: Values, extras: Mapping[str, Cell] | None = None
    ) -> list[Step]:
        """Give the entry point's steps in the order of its matrix.

        `extras` are parameters nothing declares: they end up at the end of the command.
        """
        reading = self._read(entry, extras or {})
        if not entry.matrix:
            cells = {**values.cells, **extras} if extras else values.cells
            return [self._step(entry, reading, entry.name, cells)]
        keys = [key for key, _ in values.axes]
        steps = []
        for combination in product(*(cells for _, cells in values.axes)):
            cells = dict(values.cells)
            cells.update(zip(keys, combination, strict=True))
            if extras:
                cells.update(extras)
            steps.append(self._step(entry, reading, self._name(entry, combination), cells))
        return steps

    def outline(self, entry: EntryPoint, values: Values) -> list[Step]:
        """Give the steps of an entry point that lacks values, with the paths known already."""
        known = {*values.cells, *(key for key, _ in values.axes)}
        names = _placeholders(entry)

        def complete(path: str) -> bool:
            return known.issuperset(compile_template(path, names).names)

        return self.steps(
            entry._replace(
                command=None,
                deps=tuple(dep for dep in entry.deps if complete(dep.path)),
                outs=tuple(out for out in entry.outs if complete(out.path)),
            ),
            values,
        )

    def _read(self, entry: EntryPoint, extras: Mapping[str, Cell]) -> _Reading:
        names = _placeholders(entry)
        deps = [(dep, self._template(entry, "deps", dep.path, names)) for dep in entry.deps]
        outs = [(out, self._template(entry, out.kind, out.path, names)) for out in entry.outs]
        fixed = {
            "deps": not any(t.names for _, t in deps),
            "outs": not any(t.names for _, t in outs),
        }
        variables, secrets = _passed_on(self._project, entry)
        return _Reading(
            self._template(entry, "command", entry.command or "", names),
            tuple(deps),
            tuple(outs),
            self._deps(entry.name, deps, {}) if fixed["deps"] else None,
            self._outs(entry.name, outs, {}) if fixed["outs"] else None,
            variables,
            secrets,
            "".join(f" --{quote(name)} {cell.quoted}" for name, cell in extras.items()),
        )

    def _template(self, entry: EntryPoint, key: str, text: str, names: frozenset[str]) -> Template:
        template = compile_template(text, names)
        for problem in template.problems:
            where = f"entry_points.{entry.name}.{_KEYS.get(key, key)}"
            place = f"column {problem.column}"
            if "\n" in text:
                place = f"line {problem.line}, {place}"
            source = text.split("\n")[problem.line - 1]
            message = f"{problem.message} ({place} of the {_WORDS.get(key, key)})"
            line = Problem(message, where, entry.line, 1, source, problem.hint)
            self.problems.append(line)
        return template

    def _step(
        self, entry: EntryPoint, reading: _Reading, name: str, cells: Mapping[str, Cell]
    ) -> Step:
        command = shown = None
        if entry.command is not None:
            command, shown = _commands(reading, cells)
        deps, outs = reading.fixed_deps, reading.fixed_outs
        if deps is None:
            deps = self._deps(name, reading.deps, cells)
        if outs is None:
            outs = self._outs(name, reading.outs, cells)
        return Step(
            name,
            entry.name,
            entry.command,
            command,
            shown,
            {parameter: cell.bound for parameter, cell in cells.items()},
            deps,
            outs,
            entry.needs,
            entry.environment or self._project.default_environment,
            reading.variables,
            reading.secrets,
            entry.resources,
            entry.timeout,
            entry.retries,
        )

    def _deps(
        self, step: str, deps: Sequence[tuple[Dep, Template]], cells: Mapping[str, Cell]
    ) -> tuple[Dep, ...]:
        placed = []
        for dep, template in deps:
            text = template.render({name: cells[name].plain for name in template.names})
            path = normal(text)
            trouble = trouble_with_dep(path)
            if trouble:
                self._refuse(step, f'dep "{text}" {trouble}', dep.path)
            placed.append(dep if path == dep.path else Dep(path, dep.keys))
        return tuple(placed)

    def _outs(
        self, step: str, outs: Sequence[tuple[Out, Template]], cells: Mapping[str, Cell]
    ) -> tuple[Out, ...]:
        placed = []
        for out, template in outs:
            text = template.render({name: cells[name].plain for name in template.names})
            path = normal(text)
            trouble = trouble_with_out(path, self._project.file)
            if trouble:
                self._refuse(step, f'{out.kind} "{text}" {trouble}', out.path)
            placed.append(out if path == out.path else Out(path, *out[1:]))
        return tuple(placed)

    def _refuse(self, step: str, trouble: str, template: str) -> None:
        origin = "" if f'"{template}"' in trouble else f' (from "{template}")'
        self.troubles.append(f"{step}: {trouble}{origin}")

    def _name(self, entry: EntryPoint, combination: Iterable[Cell]) -> str:
        wanted = name = f"{entry.name}@{'-'.join(map(_name_part, combination))}"
        number = 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


_KEYS = {"out": "outs", "metric": "metrics", "plot": "plots"}
_WORDS = {"deps": "dep"}


def _placeholders(entry: EntryPoint) -> frozenset[str]:
    return frozenset(
        [*(parameter.name for parameter in entry.parameters), *(key for key, _ in entry.matrix)]
    )


def _commands(reading: _Reading, cells: Mapping[str, Cell]) -> tuple[str, str]:
    names = reading.command.names
    quoted = {name: cells[name].quoted for name in names}
    shown = reading.command.render(quoted) + reading.suffix
    absolute = {name: cells[name].absolute for name in names}
    if absolute == quoted:
        return shown, shown
    return reading.command.render(absolute) + reading.suffix, shown


def _name_part(cell: Cell) -> str:
    """Write a value as DVC does in a stage's name; what no file name should hold becomes `_`."""
    text = cell.plain.lower() if cell.bound.type == "bool" else cell.plain
    return _UNSAFE.sub("_", text[:LONGEST_VALUE_IN_NAME])


def _passed_on(project: Project, entry: EntryPoint) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Join the project's and the entry point's variables and secrets.

    The entry point's own value wins, and what either calls a secret is never a plain variable.
    """
    if not entry.variables and not entry.secrets and not project.secrets:
        return project.variables, ()
    secrets = tuple(dict.fromkeys((*project.secrets, *entry.secrets)))
    variables = {variable.name: variable for variable in (*project.variables, *entry.variables)}
    return tuple(v for v in variables.values() if v.name not in secrets), secrets
