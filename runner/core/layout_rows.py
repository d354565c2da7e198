"""How high each node of a drawing stands: near its neighbours, never on top of another."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDS = 10

_Place = TypeVar("_Place", bound=Hashable)


def level(
    layers: Sequence[Sequence[_Place]],
    links: Mapping[tuple[_Place, _Place], float],
    heights: Mapping[_Place, float],
    gap: float,
) -> dict[_Place, float]:
    """Give each place its height (its middle, from 0 down), keeping the order of the layers.

    `links` map pairs of places to how much it matters that the line between them is level.
    """
    before: dict[_Place, list[tuple[_Place, float]]] = {s: [] for layer in layers for s in layer}
    after: dict[_Place, list[tuple[_Place, float]]] = {s: [] for layer in layers for s in layer}
    for (source, target), weight in links.items():
        after[source].append((target, weight))
        before[target].append((source, weight))
    rows: dict[_Place, float] = {}
    for layer in layers:
        rows.update(_apart(layer, dict.fromkeys(layer, (0.0, 1.0)), heights, gap))
    both = {spot: [*before[spot], *after[spot]] for spot in before}
    for turn in range(ROUNDS):
        forward = turn % 2 == 0
        last = turn >= ROUNDS // 2
        around = both if last else before if forward else after
        for layer in layers if forward else reversed(layers):
            wanted = {spot: _mean(rows, around[spot], rows[spot]) for spot in layer}
            rows.update(_apart(layer, wanted, heights, gap))
    top = min((rows[spot] - heights[spot] / 2 for spot in rows), default=0.0)
    return {spot: round(y - top, 1) for spot, y in rows.items()}


def _mean(
    rows: Mapping[_Place, float], others: Sequence[tuple[_Place, float]], own: float
) -> tuple[float, float]:
    """Give where a place would like to be, and how much it matters."""
    if not others:
        return own, 0.1
    total = sum(weight for _, weight in others)
    return sum(rows[other] * weight for other, weight in others) / total, total


def _apart(
    layer: Sequence[_Place],
    wanted: Mapping[_Place, tuple[float, float]],
    heights: Mapping[_Place, float],
    gap: float,
) -> dict[_Place, float]:
    """Give the heights nearest to those wanted (least squares) that keep order and distance.

    With the distances taken off, this is isotonic regression: neighbours that would collide
    form a block at their mean.
    """
    offsets: list[float] = []
    offset = 0.0
    for number, spot in enumerate(layer):
        if number:
            offset += (heights[layer[number - 1]] + heights[spot]) / 2 + gap
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []
    for spot, shift in zip(layer, offsets, strict=True):
        y, weight = wanted[spot]
        mean, count = y - shift, 1
        while blocks and blocks[-1][0] > mean:
            other, mass, many = blocks.pop()
            mean = (mean * weight + other * mass) / (weight + mass)
            weight, count = weight + mass, count + many
        blocks.append((mean, weight, count))
    middles = [mean for mean, _, count in blocks for _ in range(count)]
    return {spot: y + shift for spot, y, shift in zip(layer, middles, offsets, strict=True)}
