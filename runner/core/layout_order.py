"""The order within each layer of a drawing that gives few crossings, by barycentres."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Hashable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SWEEPS = 12
MOST_COUNTED = 20_000

_Place = TypeVar("_Place", bound=Hashable)


def ordered(
    layers: Sequence[Sequence[_Place]], links: Sequence[tuple[_Place, _Place]]
) -> list[list[_Place]]:
    """Give each layer in the order with the fewest crossings that was met on the way."""
    before: dict[_Place, list[_Place]] = {spot: [] for layer in layers for spot in layer}
    after: dict[_Place, list[_Place]] = {spot: [] for layer in layers for spot in layer}
    for source, target in links:
        after[source].append(target)
        before[target].append(source)
    current = [list(layer) for layer in layers]
    counted = len(links) <= MOST_COUNTED
    best, fewest = current, _crossings(current, after) if counted else 0
    for sweep in range(SWEEPS):
        if counted and not fewest:
            break
        current = _swept(current, before if sweep % 2 == 0 else after, forward=sweep % 2 == 0)
        crossings = _crossings(current, after) if counted else 0
        if not counted or crossings < fewest:
            best, fewest = current, crossings
    return [list(layer) for layer in best]


def _swept(
    layers: Sequence[Sequence[_Place]],
    neighbours: Mapping[_Place, Sequence[_Place]],
    *,
    forward: bool,
) -> list[list[_Place]]:
    """Sort each layer by the mean place of its neighbours in the layer just passed."""
    result = [list(layer) for layer in layers]
    numbers = range(len(layers)) if forward else reversed(range(len(layers)))
    where: dict[_Place, float] = {}
    for number in numbers:
        layer = result[number]
        own = {spot: float(place) for place, spot in enumerate(layer)}

        def mean(spot: _Place, own: Mapping[_Place, float] = own) -> float:
            known = [where[other] for other in neighbours[spot]]
            return sum(known) / len(known) if known else own[spot]

        layer.sort(key=mean)
        where.update({spot: float(place) for place, spot in enumerate(layer)})
    return result


def _crossings(layers: Sequence[Sequence[_Place]], after: Mapping[_Place, Sequence[_Place]]) -> int:
    place = {spot: number for layer in layers for number, spot in enumerate(layer)}
    total = 0
    for layer in layers:
        ends = (sorted(place[target] for target in after[spot]) for spot in layer)
        total += _inversions(end for several in ends for end in several)
    return total


def _inversions(numbers: Iterable[int]) -> int:
    seen: list[int] = []
    total = 0
    for number in numbers:
        total += len(seen) - bisect_right(seen, number)
        insort(seen, number)
    return total
