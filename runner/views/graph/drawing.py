"""What is drawn of a graph: its steps, or the matrix steps of an entry point as one node."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from runner.core.dag import generations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.core.dag import Dag

# From the state that needs a reader's eye most to the one that needs it least.
KINDS: dict[str, tuple[str, ...]] = {
    "bad": ("failed",),
    "go": ("running", "run", "ready"),
    "off": ("blocked", "cancelled"),
    "wait": ("waiting", "maybe"),
    "good": ("succeeded", "restored", "up-to-date"),
}
_KIND_OF = {status: kind for kind, statuses in KINDS.items() for status in statuses}
SHOWN_STATUSES = 3
TIMES = "\N{MULTIPLICATION SIGN}"


class Node(NamedTuple):
    """A step, or a group of them. `kind` is one of KINDS, or empty without a status."""

    label: str
    status: str
    kind: str
    steps: tuple[str, ...]


class Drawing(NamedTuple):
    """Nodes by key in topological order, and the paths along each edge between two of them."""

    nodes: dict[str, Node]
    edges: dict[tuple[str, str], tuple[str, ...]]


def draw(dag: Dag, statuses: Mapping[str, str], *, grouped: bool) -> Drawing:
    """Say what to draw. Grouped, the steps of one entry point and generation are one node.

    Steps of one generation never wait for each other, so that groups cannot form a cycle.
    """
    keys = _groups(dag) if grouped else {name: name for name in dag.steps}
    members: dict[str, list[str]] = {}
    for name in dag.steps:
        members.setdefault(keys[name], []).append(name)
    order = members
    if grouped:
        depth = {name: number for number, layer in enumerate(generations(dag)) for name in layer}
        order = dict(sorted(members.items(), key=lambda member: depth[member[1][0]]))
    nodes = {key: _node(dag, steps, statuses) for key, steps in order.items()}
    paths: dict[tuple[str, str], dict[str, None]] = {}
    for edge in dag.edges:
        along = paths.setdefault((keys[edge.source], keys[edge.target]), {})
        if edge.path:
            along[edge.path] = None
    return Drawing(nodes, {edge: tuple(along) for edge, along in paths.items()})


def _groups(dag: Dag) -> dict[str, str]:
    """Give each step the key of its group; what would be alone keeps its own name."""
    groups: dict[tuple[str, int], list[str]] = {}
    for number, layer in enumerate(generations(dag)):
        for name in layer:
            groups.setdefault((dag.steps[name].entry_point, number), []).append(name)
    return {name: members[0] for members in groups.values() for name in members}


def _node(dag: Dag, steps: list[str], statuses: Mapping[str, str]) -> Node:
    counts = Counter(statuses.get(name, "") for name in steps)
    kinds = {_KIND_OF.get(status, "") for status in counts}
    kind = next((kind for kind in KINDS if kind in kinds), "")
    if len(steps) == 1:
        return Node(visible(steps[0]), words(statuses.get(steps[0], "")), kind, tuple(steps))
    label = f"{visible(dag.steps[steps[0]].entry_point)} {TIMES}{len(steps):,}"
    return Node(label, _counted(counts), kind, tuple(steps))


def _counted(counts: Counter[str]) -> str:
    """Tell how many steps have which status, what needs an eye first: `2 failed, 10 run`."""
    known = {status: count for status, count in counts.items() if status}
    if len(counts) == 1:
        return words(next(iter(counts)))
    places = {status: number for number, status in enumerate(_KIND_OF)}
    ordered = sorted(known, key=lambda status: (places.get(status, -1), status))
    shown = ordered if len(ordered) <= SHOWN_STATUSES else ordered[: SHOWN_STATUSES - 1]
    told = [f"{known[status]:,} {words(status)}" for status in shown]
    rest = sum(known[status] for status in ordered[len(shown) :])
    return ", ".join([*told, f"{rest:,} more"] if rest else told)


def words(status: str) -> str:
    """Write a status as people read it: `up to date`."""
    return visible(status.replace("-", " "))


def visible(text: str) -> str:
    """Show a text on one line: a line break and what cannot be seen become escapes."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def columns(text: str) -> int:
    """Count the terminal columns a text takes: two for wide East Asian characters."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # rare

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
