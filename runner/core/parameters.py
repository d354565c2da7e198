"""What the parameters of one entry point are bound to, before any step is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.core.command import parse_value, quote, value_text
from runner.core.model import BoundParameter, EntryPoint, Parameter, Value
from runner.core.project_paths import as_recorded, as_run, has_scheme
from runner.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND_LINE = "command-line"
_NATIVE = {"string": str, "float": float, "int": int, "bool": bool, "path": str}
_TYPE_NAMES = {str: "string", float: "float", int: "int", bool: "bool"}


class Folders(NamedTuple):
    """Where the caller stands and where the project lies, both absolute."""

    caller: str
    project: str


class Cell(NamedTuple):
    """One value in each of its forms.

    `plain` stands in paths and step names, `quoted` in the command as it is shown, `absolute` in
    the command that runs: it differs from `quoted` for values of type path only.
    """

    bound: BoundParameter
    plain: str
    quoted: str
    absolute: str


class Values(NamedTuple):
    """The single values of an entry point, the axes of its matrix, and what went wrong."""

    cells: dict[str, Cell]
    axes: tuple[tuple[str, tuple[Cell, ...]], ...]
    missing: tuple[str, ...]
    wrong: tuple[ParameterError, ...]


def bind_values(entry: EntryPoint, given: Mapping[str, str], folders: Folders) -> Values:
    """Bind an entry point's parameters and matrix keys to the texts given or their defaults.

    A text given for a matrix key replaces that axis by the one value.
    """
    cells: dict[str, Cell] = {}
    axes: list[tuple[str, tuple[Cell, ...]]] = []
    missing: list[str] = []
    wrong: list[ParameterError] = []
    matrix = dict(entry.matrix)
    declared = {parameter.name: parameter for parameter in entry.parameters}
    for name, parameter in declared.items():
        if name in matrix:
            continue
        try:
            if name in given:
                cells[name] = _cell_given(parameter, given[name], folders)
            elif parameter.default is None:
                missing.append(name)
            else:
                cells[name] = _cell(parameter, _typed(parameter, parameter.default), folders)
        except ParameterError as error:
            wrong.append(error)
    for name, values in entry.matrix:
        try:
            axes.append((name, _axis(name, values, declared.get(name), given.get(name), folders)))
        except ParameterError as error:
            wrong.append(error)
    return Values(cells, tuple(axes), tuple(missing), tuple(wrong))


def extra_cell(name: str, text: str) -> Cell:
    """Give the cell of a parameter that nothing declares: text, as it was given."""
    return _cell(Parameter(name), parse_value(Parameter(name), text), Folders("", ""), COMMAND_LINE)


def _axis(
    name: str,
    values: tuple[Value, ...],
    declared: Parameter | None,
    text: str | None,
    folders: Folders,
) -> tuple[Cell, ...]:
    if text is not None:
        parameter = declared or _like(name, values, text)
        return (_cell_given(parameter, text, folders),)
    if declared is not None:
        typed = [(declared, _typed(declared, value)) for value in values]
    else:
        typed = [(Parameter(name, _TYPE_NAMES[type(value)]), value) for value in values]
    return tuple(_cell(parameter, value, folders, "matrix") for parameter, value in typed)


def _like(name: str, values: tuple[Value, ...], text: str) -> Parameter:
    """Type a text as the values of its axis are typed; texts among them allow any text."""
    for value in values:
        if value_text(value) == text:
            return Parameter(name, _TYPE_NAMES[type(value)])
    kinds = {type(value) for value in values}
    if str in kinds or not kinds:
        return Parameter(name)
    if kinds == {bool}:
        return Parameter(name, "bool")
    try:
        parse_value(Parameter(name, "int"), text)
    except ParameterError:
        return Parameter(name, "float")
    return Parameter(name, "int")


def _typed(parameter: Parameter, value: Value) -> Value:
    """Give a value of the project file the parameter's type: 1 is 1.0 where a float is meant."""
    if type(value) is _NATIVE.get(parameter.type):
        return value
    return parse_value(parameter, value_text(value))


def _cell_given(parameter: Parameter, text: str, folders: Folders) -> Cell:
    value = parse_value(parameter, text)
    if parameter.type == "path":
        value = _recorded_path(parameter, text, folders)
    return _cell(parameter, value, folders, COMMAND_LINE)


def _recorded_path(parameter: Parameter, text: str, folders: Folders) -> str:
    if has_scheme(text) and not text.startswith("file://"):
        raise ParameterError(
            f'{parameter.name}: expected a local path, got "{text}"',
            hint="declare the parameter as uri, or bring the data in with `dvc import-url`",
        )
    return as_recorded(text, folders.caller, folders.project)


def _cell(parameter: Parameter, value: Value, folders: Folders, source: str = "default") -> Cell:
    plain = value_text(value)
    quoted = absolute = quote(plain)
    if parameter.type == "path":
        absolute = quote(as_run(plain, folders.project))
    return Cell(BoundParameter(value, parameter.type, source), plain, quoted, absolute)
