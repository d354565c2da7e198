"""The values given on a command line, sorted: for every step, or for those of one entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.core.spelling import nearest
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.core.model import EntryPoint


class Given(NamedTuple):
    """Texts by parameter name: `everywhere`, and `scoped` by entry point."""

    everywhere: dict[str, str]
    scoped: dict[str, dict[str, str]]

    def to(self, entry: str) -> Mapping[str, str]:
        """Give the texts that reach an entry point; its own win."""
        if entry in self.scoped:
            return {**self.everywhere, **self.scoped[entry]}
        return self.everywhere


def names_of(entry: EntryPoint) -> list[str]:
    """Name the parameters and matrix keys an entry point declares."""
    names = [parameter.name for parameter in entry.parameters]
    return names + [key for key, _ in entry.matrix if key not in names]


def sort_out(parameters: Iterable[tuple[str, str]], entries: Mapping[str, EntryPoint]) -> Given:
    """Sort `-P` values. A dot separates entry point and name, unless the whole is declared.

    Raises:
        UsageError: a name is empty, given twice, or addresses a single matrix step.
    """
    given = Given({}, {})
    pairs = list(parameters)
    declared = {name for entry in entries.values() for name in names_of(entry)} if pairs else set()
    for full_name, text in pairs:
        scope, name = ("", full_name) if full_name in declared else _split(full_name, entries)
        place = given.scoped.setdefault(scope, {}) if scope else given.everywhere
        if not name:
            raise UsageError("a parameter without a name", hint="use -P name=value")
        if name in place:
            raise UsageError(f"Repeated parameter: '{full_name}'", hint="give each value once")
        place[name] = text
    return given


def _split(full_name: str, entries: Mapping[str, EntryPoint]) -> tuple[str, str]:
    dot = full_name.rfind(".")
    while dot > 0:
        scope, name = full_name[:dot], full_name[dot + 1 :]
        if scope in entries:
            return scope, name
        _refuse_matrix_step(scope, name, entries)
        dot = full_name.rfind(".", 0, dot)
    return "", full_name


def _refuse_matrix_step(scope: str, name: str, entries: Mapping[str, EntryPoint]) -> None:
    entry = entries.get(scope.partition("@")[0])
    if "@" in scope and entry is not None and entry.matrix:
        raise UsageError(
            f"-P {scope}.{name} addresses one step of a matrix",
            hint=f"use -P {entry.name}.{name}=value: it reaches all steps of the matrix",
        )


def passed_on(
    name: str, text: str, targets: Iterable[str], entries: Mapping[str, EntryPoint]
) -> str:
    """Warn that an undeclared value goes to the command; empty when it looks intended."""
    owners = [entry.name for entry in entries.values() if name in names_of(entry)]
    declared = {known for entry in entries.values() for known in names_of(entry)}
    close = "" if owners else nearest(name, declared)
    if not owners and not close:
        return ""
    said = f"-P {name}: no step of this run declares it; passed to {', '.join(targets)} as "
    said += f"`--{name} {text}`"
    return said + (f" ({owners[0]} declares it)" if owners else f'; did you mean "{close}"?')
