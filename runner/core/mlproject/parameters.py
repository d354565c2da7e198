"""Parameters and matrices: their types, and values that fit them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.core.command import parse_value, value_text
from runner.core.mlproject.wording import either, quoted
from runner.core.mlproject.yaml_values import Path, YamlList, YamlMap
from runner.core.model import PARAMETER_TYPES, Parameter, Value
from runner.errors import ParameterError

if TYPE_CHECKING:
    from runner.core.mlproject.findings import Findings

MAX_COMBINATIONS = 100_000
_UNUSABLE_NAME = re.compile(r"[{}=\x00-\x1f\x7f]|^$")
_OCTAL = re.compile(r"[-+]?0[0-9]+")
_VERSION = re.compile(r"[1-9][0-9]*\.[0-9]+0")

Matrix = tuple[tuple[str, tuple[Value, ...]], ...]


def read(
    document: YamlMap | None, path: Path, findings: Findings, *, lenient: bool
) -> tuple[Parameter, ...]:
    """Read `parameters:`. When lenient, an unknown type is text, as it is to MLflow."""
    found = []
    for name, entry in (document or {}).items():
        here = (*path, name)
        _check_name(name, here, findings)
        if isinstance(entry, str):
            found.append(Parameter(name, _type(entry, here, findings, lenient=lenient)))
        elif entry is not None:
            found.append(_parameter(name, entry, here, findings, lenient=lenient))
    return tuple(found)


def _check_name(name: str, path: Path, findings: Findings) -> None:
    if _UNUSABLE_NAME.search(name):
        findings.error(
            f"{quoted(name)} cannot be the name of a parameter",
            path,
            hint="use letters, digits, `_` and `-`",
            at_key=True,
        )


def _type(word: str, path: Path, findings: Findings, *, lenient: bool) -> str:
    if word in PARAMETER_TYPES:
        return word
    message = f"unknown parameter type {quoted(word)}"
    if lenient:
        hint = "it is taken as string, as MLflow does"
        findings.warn(message, path, hint=hint, word=word, known=PARAMETER_TYPES)
    else:
        hint = f"a type is {either(PARAMETER_TYPES)}"
        findings.error(message, path, hint=hint, word=word, known=PARAMETER_TYPES)
    return "string"


def _parameter(
    name: str, entry: YamlMap, path: Path, findings: Findings, *, lenient: bool
) -> Parameter:
    choices = _choices(entry.get("choices") or YamlList())
    word = entry.get("type") or ("choice" if "choices" in entry else "string")
    kind = _type(word, (*path, "type"), findings, lenient=lenient)
    if kind == "choice" and "choices" not in entry:
        findings.error(
            f"{quoted(name)} is a choice, but of what?", path, hint="add `choices: [a, b]`"
        )
    if kind != "choice" and "choices" in entry:
        findings.error(
            f"`choices` belongs to type choice, not to {kind}",
            (*path, "choices"),
            hint="write `type: choice`, or remove `choices`",
            at_key=True,
        )
    parameter = Parameter(name, kind, None, choices)
    if entry.get("default") is None or (kind == "choice" and not choices):
        return parameter
    default = _typed(parameter, entry, "default", (*path, "default"), findings)
    return parameter._replace(default=default)


def _choices(entries: YamlList) -> tuple[Value, ...]:
    # A number that would be written differently stays text: 3.10 is not 3.1.
    found: list[Value] = []
    for index, entry in enumerate(entries):
        if entry is not None:
            written = entries.text(index)
            found.append(entry if value_text(entry) == written else written)
    return tuple(found)


def _typed(
    parameter: Parameter,
    holder: YamlMap | YamlList,
    key: str | int,
    path: Path,
    findings: Findings,
) -> Value | None:
    written = holder.text(key)  # type: ignore[arg-type]  # a map has names, a list has indices
    if parameter.type == "int" and _OCTAL.fullmatch(written):
        findings.error(
            f"{quoted(written)} is octal to some readers of YAML and decimal to others",
            path,
            hint="write it without the leading 0",
        )
        return None
    try:
        return parse_value(parameter, written)
    except ParameterError as error:
        hint = error.hint or f"or declare {quoted(parameter.name)} with another type"
        findings.error(error.message, path, hint=hint)
        return None


def read_matrix(
    document: YamlMap | None, declared: tuple[Parameter, ...], path: Path, findings: Findings
) -> Matrix:
    """Read `matrix:`: values per key, of the type of the parameter of that name if there is one."""
    types = {parameter.name: parameter for parameter in declared}
    axes: list[tuple[str, tuple[Value, ...]]] = []
    combinations = 1
    for name, entries in (document or {}).items():
        here = (*path, name)
        _check_name(name, here, findings)
        if entries is None:
            continue
        values = _axis(entries, types.get(name), here, findings)
        axes.append((name, values))
        combinations *= max(1, len(values))
    if combinations > MAX_COMBINATIONS:
        findings.error(
            f"this matrix has {combinations:,} combinations; more than {MAX_COMBINATIONS:,} "
            "are refused",
            path,
            hint="make it smaller, or split the entry point",
        )
    return tuple(axes)


def _axis(
    entries: YamlList, parameter: Parameter | None, path: Path, findings: Findings
) -> tuple[Value, ...]:
    values: list[Value] = []
    texts: set[str] = set()
    for index, entry in enumerate(entries):
        if entry is None:
            continue
        here = (*path, index)
        if parameter is None:
            value = _untyped(entry, entries.text(index), here, findings)
        else:
            value = _typed(parameter, entries, index, here, findings)
        if value is None:
            continue
        if value_text(value) in texts:
            findings.error(f"{quoted(value)} stands twice in this list", here, hint="keep one")
            continue
        texts.add(value_text(value))
        values.append(value)
    return tuple(values)


def _untyped(entry: Value, written: str, path: Path, findings: Findings) -> Value | None:
    if isinstance(entry, float) and _VERSION.fullmatch(written):
        findings.warn(
            f"{written} is the number {entry!r} here",
            path,
            hint=f'if it is a version, quote it: "{written}"',
        )
    if isinstance(entry, float) and entry - entry != 0:
        findings.error(f"{written} is not a finite number", path, hint="quote it to have the text")
        return None
    return entry
