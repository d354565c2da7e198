"""Where the boxes of a graph are drawn: layers from left to right, few crossings, calm lines.

Sugiyama's way: layers by the longest path, places for the lines between distant layers, an
order within each layer by barycentres, and heights that pull neighbours level. Deterministic.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from runner.core.layout_order import ordered
from runner.core.layout_rows import level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BENDS = 20_000
LAYER_GAP, LARGEST_LAYER_GAP, SLOPE = 56.0, 160.0, 0.22
LONE_GAP = 16.0

Bend = tuple[str, str, int]
Place = str | Bend


class Box(NamedTuple):
    """Where a node is: its left and right edge, and the height of its middle."""

    left: float
    right: float
    y: float


class Layout(NamedTuple):
    """Boxes by node, and pieces of lines from (x, y) to (x, y), all of them left to right.

    The boxes of a layer are equally wide. Lines to one target, or from one source, share the
    pieces they have in common. `entered` are the nodes that a line ends at.
    """

    boxes: dict[str, Box]
    pieces: list[tuple[tuple[float, float], tuple[float, float]]]
    entered: list[str]
    width: float
    height: float


class _Layers(NamedTuple):
    places: list[list[Place]]
    links: list[tuple[Place, Place]]


def place(
    widths: Mapping[str, float], edges: Sequence[tuple[str, str]], *, height: float, gap: float
) -> Layout:
    """Place nodes of the given widths and one height, `gap` apart; edges go left to right.

    Args:
        widths: the width of each node, in a topological order.
        edges: pairs of nodes.
        height: the height of every node.
        gap: the distance between nodes of one layer.
    """
    linked = {name for edge in edges for name in edge}
    layers = _layers([name for name in widths if name in linked], edges)
    places = ordered(layers.places, layers.links)
    every = (spot for layer in places for spot in layer)
    sizes = {spot: height if isinstance(spot, str) else height / 3 for spot in every}
    weights = {(one, other): _weight(one, other) for one, other in layers.links}
    rows = level(places, weights, sizes, gap)
    spots = _columns(places, layers.links, rows, widths)
    boxes = {spot: box for spot, box in spots.items() if isinstance(spot, str)}
    right = max((box.right for box in spots.values()), default=0.0)
    bottom = max((y + sizes[spot] / 2 for spot, y in rows.items()), default=0.0)
    lone = {name: width for name, width in widths.items() if name not in linked}
    boxes |= _grid(lone, right, bottom + gap if bottom else 0.0, height, gap)
    return Layout(
        boxes,
        _pieces(layers.links, spots),
        list(dict.fromkeys(target for _, target in edges)),
        max([right, *(box.right for box in boxes.values())]),
        max([bottom, *(box.y + height / 2 for box in boxes.values())]),
    )


def _weight(one: Place, other: Place) -> float:
    """Say how much it matters that a line is level: long ones should run straight (Gansner)."""
    bends = (not isinstance(one, str)) + (not isinstance(other, str))
    return (1.0, 2.0, 8.0)[bends]


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> _Layers:
    depth = _depths(names, edges)
    places: list[list[Place]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        places[depth[name]].append(name)
    distant = [edge for edge in edges if depth[edge[1]] - depth[edge[0]] > 1]
    leaving = Counter(source for source, _ in distant)
    arriving = Counter(target for _, target in distant)
    reach: dict[tuple[str, str], int] = {}
    links: dict[tuple[Place, Place], None] = {}
    bends = 0
    for source, target in dict.fromkeys(edges):
        between = range(depth[source] + 1, depth[target])
        if not between or bends > MOST_BENDS:
            links[source, target] = None
            continue
        lead = _gathered if arriving[target] > leaving[source] else _spread
        new, way = lead(source, target, between, reach)
        links.update(dict.fromkeys(pairwise(way)))
        bends += len(new)
        for bend in new:
            places[bend[2]].append(bend)
    return _Layers(places, list(links))


def _gathered(
    source: str, target: str, between: range, reach: dict[tuple[str, str], int]
) -> tuple[list[Bend], list[Place]]:
    """Lead a line into the one that other lines to the same target have already."""
    first, known = between[0], reach.get(("to", target), between.stop)
    new = [("to", target, layer) for layer in range(first, known)]
    joined: Place = ("to", target, max(first, known))
    reach["to", target] = min(first, known)
    return new, [source, *new, joined if max(first, known) in between else target]


def _spread(
    source: str, target: str, between: range, reach: dict[tuple[str, str], int]
) -> tuple[list[Bend], list[Place]]:
    """Lead a line out of the one that other lines from the same source have already."""
    last, known = between[-1], reach.get(("of", source), between.start - 1)
    new = [("of", source, layer) for layer in range(known + 1, last + 1)]
    left: Place = ("of", source, min(known, last))
    reach["of", source] = max(known, last)
    return new, [left if min(known, last) in between else source, *new, target]


def _depths(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Give each node its layer: the longest way to it; starts stand right before what they feed."""
    following: dict[str, list[str]] = {name: [] for name in names}
    fed: set[str] = set()
    for source, target in edges:
        following[source].append(target)
        fed.add(target)
    depth = dict.fromkeys(names, 0)
    for name in names:
        for target in following[name]:
            depth[target] = max(depth[target], depth[name] + 1)
    for name in names:
        if name not in fed:
            depth[name] = min(depth[target] for target in following[name]) - 1
    return depth


def _columns(
    places: Sequence[Sequence[Place]],
    links: Sequence[tuple[Place, Place]],
    rows: Mapping[Place, float],
    widths: Mapping[str, float],
) -> dict[Place, Box]:
    """Give each place its edges, all of a layer the same; steep lines get more room."""
    column = {spot: number for number, layer in enumerate(places) for spot in layer}
    rise = [0.0] * len(places)
    for source, target in links:
        number = column[source]
        rise[number] = max(rise[number], abs(rows[target] - rows[source]))
    boxes: dict[Place, Box] = {}
    left = 0.0
    for number, layer in enumerate(places):
        right = left + max((widths[spot] for spot in layer if isinstance(spot, str)), default=0.0)
        boxes.update({spot: Box(left, right, rows[spot]) for spot in layer})
        left = right + round(min(LARGEST_LAYER_GAP, max(LAYER_GAP, rise[number] * SLOPE)), 1)
    return boxes


def _grid(
    widths: Mapping[str, float], right: float, top: float, height: float, gap: float
) -> dict[str, Box]:
    """Put nodes without edges in rows below the rest."""
    if not widths:
        return {}
    width = max(widths.values())
    cell = width + LONE_GAP
    square = (len(widths) * (height + gap) / cell) ** 0.5
    across = min(len(widths), max(1, int(max((right + LONE_GAP) / cell, square * 1.2))))
    boxes: dict[str, Box] = {}
    for number, name in enumerate(widths):
        row, column = divmod(number, across)
        left = column * cell
        boxes[name] = Box(left, left + width, top + row * (height + gap) + height / 2)
    return boxes


def _pieces(
    links: Sequence[tuple[Place, Place]], spots: Mapping[Place, Box]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Draw each link between two columns, and each bend straight through its own."""
    pieces = [
        ((spots[source].right, spots[source].y), (spots[target].left, spots[target].y))
        for source, target in links
    ]
    bends = [box for spot, box in spots.items() if not isinstance(spot, str)]
    return pieces + [((box.left, box.y), (box.right, box.y)) for box in bends]
