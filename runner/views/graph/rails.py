"""A graph as text: a line per step, with rails beside it from what it reads.

    ●        prepare         up to date
    ├─●─┐    train@0.1-0     run
    └─●─┤    train@0.5-0     run
        ●    evaluate        run

A step takes in what comes from above and along its horizontal line; a rail that only passes is
drawn through it (`├─│─●`). Steps with the same neighbours share the rail that leads on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.core.spelling import listed
from runner.views.graph.drawing import columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.views.graph.drawing import Drawing, Node

MARKS = {"good": "✓", "go": "●", "bad": "✗", "wait": "○", "off": "-", "": "●"}
MOST_RAILS = 16
SHOWN_SOURCES = 4


class _Row(NamedTuple):
    rail: str
    key: str


def text(drawing: Drawing) -> str:
    """Render the drawing; a graph too entangled for rails gets the names of what a step reads."""
    linked = {key for edge in drawing.edges for key in edge}
    lone = [key for key in drawing.nodes if key not in linked]
    rows = _Rails(drawing, linked).rows()
    if rows is None:
        return _list(drawing)
    lines = list(_lines(rows, drawing.nodes))
    if lone:
        # Without a rail, a step below another would seem to follow it.
        marked = [_Row(f"  {MARKS[drawing.nodes[key].kind]}", key) for key in lone]
        title = "not connected:" if lines else "steps that wait for no other:"
        lines += [*([""] if lines else []), title, *_lines(marked, drawing.nodes)]
    return "\n".join(lines) + "\n" if lines else ""


def _lines(rows: Iterable[_Row], nodes: dict[str, Node]) -> Iterable[str]:
    rows = list(rows)
    rail_width = max((len(row.rail) for row in rows), default=0)
    named = [nodes[row.key] for row in rows if row.key]
    label_width = max((columns(node.label) for node in named), default=0)
    for row in rows:
        if not row.key:
            yield row.rail.rstrip()
            continue
        node = nodes[row.key]
        padding = " " * (label_width - columns(node.label))
        yield f"{row.rail:<{rail_width}}  {node.label}{padding}  {node.status}".rstrip()


def _list(drawing: Drawing) -> str:
    sources: dict[str, list[str]] = {key: [] for key in drawing.nodes}
    for source, target in drawing.edges:
        sources[target].append(drawing.nodes[source].label)
    lines = list(
        _lines([_Row(MARKS[n.kind], key) for key, n in drawing.nodes.items()], drawing.nodes)
    )
    width = max(map(columns, lines))
    for number, key in enumerate(drawing.nodes):
        if sources[key]:
            padding = " " * (width - columns(lines[number]))
            lines[number] += f"{padding}  <- {listed(sources[key], SHOWN_SOURCES)}"
    return "\n".join(lines) + "\n"


class _Rails:
    """Draws line by line. A rail is what some steps give, on its way to those that read it."""

    def __init__(self, drawing: Drawing, linked: set[str]) -> None:
        self._nodes = drawing.nodes
        names = [key for key in drawing.nodes if key in linked]
        self._before: dict[str, list[str]] = {key: [] for key in names}
        self._after: dict[str, list[str]] = {key: [] for key in names}
        for source, target in drawing.edges:
            self._before[target].append(source)
            self._after[source].append(target)
        self._rails: list[set[str]] = []  # per column: who still reads from it; empty: free
        self._order = self._depth_first(names)
        self._mark_above: int | None = None
        self._twin_rail: int | None = None

    def rows(self) -> list[_Row] | None:
        """Give all lines, or None when it takes too many rails.

        Lines without a key hold rails alone, or part two graphs.
        """
        rows: list[_Row] = []
        for number, key in enumerate(self._order):
            if len(self._rails) > MOST_RAILS:
                return None
            if rows and not any(self._rails):
                rows.append(_Row("", ""))
                self._mark_above = None
            twins = self._twins(number)
            feeding = [column for column, readers in enumerate(self._rails) if key in readers]
            ending = [column for column in feeding if self._rails[column] == {key}]
            column = self._column(feeding, [] if twins else ending)
            if column == self._mark_above and column in feeding and len(feeding) > 1:
                rows.append(_Row(self._passing(), ""))
            for rail in feeding:
                self._rails[rail].discard(key)
            onward = self._onward(key, column, twins)
            rows.append(_Row(self._row(key, column, feeding, onward), key))
            self._open(key, column, onward)
            self._mark_above = column
        return rows

    def _depth_first(self, names: list[str]) -> list[str]:
        """Order so that a step comes soon after the last one it waits for: fewer open rails."""
        waiting = {key: len(self._before[key]) for key in names}
        stack = [key for key in reversed(names) if not waiting[key]]
        order = []
        while stack:
            key = stack.pop()
            order.append(key)
            for other in reversed(self._after[key]):
                waiting[other] -= 1
                if not waiting[other]:
                    stack.append(other)
        return order

    def _twins(self, number: int) -> str:
        """Tell where in a block of steps with the same neighbours this one stands."""
        first = number > 0 and self._alike(self._order[number - 1], self._order[number])
        last = number + 1 < len(self._order) and self._alike(
            self._order[number], self._order[number + 1]
        )
        return ("middle" if last else "last") if first else ("first" if last else "")

    def _alike(self, one: str, other: str) -> bool:
        return self._before[one] == self._before[other] and self._after[one] == self._after[other]

    def _column(self, feeding: list[int], ending: list[int]) -> int:
        """Choose where the mark stands: on a rail that ends in it, else on a free column."""
        if ending:
            return ending[0]
        if self._twin_rail is not None and self._mark_above is not None:
            return self._mark_above  # in a block of twins
        start = feeding[0] + 1 if feeding else 0
        under_mark = None if feeding else self._mark_above  # would seem to follow it
        right = range(start, max(start, len(self._rails)) + 2)
        return next(c for c in right if c != under_mark and not self._reading(c))

    def _onward(self, key: str, column: int, twins: str) -> int | None:
        """Choose the rail that leads on from a block of twins; others lead on downwards."""
        if not twins or not self._after[key]:
            return None
        if twins == "first":
            right = range(column + 1, max(column + 1, len(self._rails)) + 1)
            self._twin_rail = next(c for c in right if not self._reading(c))
        rail = self._twin_rail
        if twins == "last":
            self._twin_rail = None
        return rail

    def _reading(self, column: int) -> set[str]:
        return self._rails[column] if column < len(self._rails) else set()

    def _open(self, key: str, column: int, onward: int | None) -> None:
        rail = column if onward is None else onward
        while len(self._rails) <= max(column, rail):
            self._rails.append(set())
        self._rails[rail] |= set(self._after[key])
        while self._rails and not self._rails[-1]:
            self._rails.pop()

    def _passing(self) -> str:
        return " ".join("│" if readers else " " for readers in self._rails)

    def _row(self, key: str, column: int, feeding: list[int], onward: int | None) -> str:
        joined = {column, *feeding, *([] if onward is None else [onward])}
        left, right = min(joined), max(joined)
        cells = []
        for place in range(max(right + 1, len(self._rails))):
            goes_on = place < len(self._rails) and bool(self._rails[place])
            if place == column:
                cells.append(MARKS[self._nodes[key].kind])
            elif place == onward:
                cells.append("┤" if goes_on else "┐")
            elif place in feeding:
                cells.append(_corner(place, left, right, goes_on=goes_on))
            elif left < place < right:
                cells.append("│" if goes_on else "─")
            else:
                cells.append("│" if goes_on else " ")
            cells.append("─" if left <= place < right else " ")
        return "".join(cells).rstrip()


def _corner(place: int, left: int, right: int, *, goes_on: bool) -> str:
    if place == left:
        return "├" if goes_on else "└"
    if place == right:
        return "┤" if goes_on else "┘"
    return "┼" if goes_on else "┴"
