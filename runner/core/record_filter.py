"""Filters and sort orders over runs, as trees that a store compiles or Python evaluates.

    metrics.rmse < 0.8 and (params.alpha = 0.1 or params.alpha = 0.5) and not status = failed

Fields are those of `runs --json`: `status`, `commit` …, and `metrics.NAME`, `params.NAME`,
`tags.NAME`. Texts need quotes (' " or `) only where they hold blanks or signs. A number without
quotes is compared as a number, everything else as a text; ids also match by their beginnings.
A comparison with something that a run does not have is false, and so `not` of it is true.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

IDS = frozenset({"run_id", "record_id", "commit", "data_version", "plan_id", "result_id"})
TEXTS = IDS | {"status", "entry_point", "dirty", "started", "rerun_of", "verdict"}
NUMBERS = frozenset({"seconds"})
SECTIONS = ("metrics", "params", "tags")
NUMERAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


class Field(NamedTuple):
    """What is compared: a field of a run (no section), or a name in one of its SECTIONS."""

    section: str
    name: str

    @property
    def text(self) -> str:
        """The field as a user writes it."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def is_number(self) -> bool:
        """Whether the field only ever holds numbers."""
        return self.section == "metrics" or self.text in NUMBERS

    @property
    def is_text(self) -> bool:
        """Whether the field only ever holds texts."""
        return self.text in TEXTS


class Compare(NamedTuple):
    """One comparison; `op` is one of COMPARISONS, or one of like, ilike and starts."""

    field: Field
    op: str
    value: str | float


class Not(NamedTuple):
    """Holds when its part does not."""

    part: Tree


class AllOf(NamedTuple):
    """Holds when all of its parts do; without parts it always holds."""

    parts: tuple[Tree, ...]


class AnyOf(NamedTuple):
    """Holds when one of its parts does."""

    parts: tuple[Tree, ...]


Tree = Compare | Not | AllOf | AnyOf


class SortKey(NamedTuple):
    """One field that rows are ordered by; rows without it come last either way."""

    field: Field
    descending: bool


Fact = tuple[float | None, str | None]
NOTHING: Fact = (None, None)


def facts(summary: Mapping[str, Any]) -> dict[str, Fact]:
    """Give each field of a run as a number, as a text, or as both where it can be either."""
    found: dict[str, Fact] = {}
    for name in TEXTS:
        value = summary.get(name)
        found[name] = NOTHING if value is None else (None, text_of(value))
    for name in NUMBERS:
        found[name] = (number_of(summary.get(name)), None)
    for section in SECTIONS:
        for key, value in summary[section].items():
            name = clean(f"{section}.{key}")
            is_number = section == "metrics"
            found[name] = (number_of(value), None if is_number else text_of(value))
    return found


def matches(tree: Tree, found: Mapping[str, Fact]) -> bool:
    """Tell whether a run with these facts passes the filter."""
    if isinstance(tree, Not):
        return not matches(tree.part, found)
    if isinstance(tree, AllOf):
        return all(matches(part, found) for part in tree.parts)
    if isinstance(tree, AnyOf):
        return any(matches(part, found) for part in tree.parts)
    number, text = found.get(tree.field.text, NOTHING)
    held = number if isinstance(tree.value, float) else text
    if held is None:
        return False
    if tree.op in COMPARISONS:
        return COMPARISONS[tree.op](held, tree.value)
    return text_matches(str(held), str(tree.value), tree.op)


def ordered(
    summaries: Iterable[Mapping[str, Any]], keys: Sequence[SortKey]
) -> list[Mapping[str, Any]]:
    """Order rows by the keys; equal ones, and all without keys, are newest first."""
    rows = sorted(summaries, key=lambda row: (row["started"], row["run_id"]), reverse=True)
    known = {row["run_id"]: facts(row) for row in rows} if keys else {}
    for key in reversed(keys):
        numbers: list[tuple[Any, Mapping[str, Any]]] = []
        texts: list[tuple[Any, Mapping[str, Any]]] = []
        missing = []
        for row in rows:
            number, text = known[row["run_id"]].get(key.field.text, NOTHING)
            if number is not None:
                numbers.append(((number, text or ""), row))
            elif text is not None:
                texts.append((text, row))
            else:
                missing.append(row)
        for group in (numbers, texts):
            group.sort(key=lambda pair: pair[0], reverse=key.descending)
        rows = [row for _, row in numbers + texts] + missing
    return rows


def text_matches(text: str, pattern: str, op: str) -> bool:
    """Match a text: `like` and `ilike` know `%` and `_`, `starts` compares the beginning."""
    if op == "starts":
        return text.startswith(pattern)
    return _expression(pattern, op == "ilike").fullmatch(text) is not None


@lru_cache(maxsize=64)
def _expression(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001  # cached
    wild = {"%": ".*", "_": "."}
    source = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def number_of(value: object) -> float | None:
    """Read a value as a number where it is one, or a text that says one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not NUMERAL.fullmatch(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == number else None  # noqa: PLR0124  # NaN alone is not itself


def text_of(value: object) -> str:
    """Write a value as a text: true and false in lower case, a number as JSON has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value if isinstance(value, str) else str(value))


def clean(text: str) -> str:
    """Escape what is not Unicode, so that an index can keep it."""
    return text.encode("utf-8", "backslashreplace").decode()
