"""Which step writes a path, what lies inside it, and what it lies inside of."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.core.model import Step


class Product(NamedTuple):
    """An out of a step, and whether it starts from what was there before."""

    path: str
    step: str
    persist: bool = False


class Producers:
    """The outs of some steps, indexed by path.

    `repeated` are the outs of a path that has a producer already, `overlaps` pairs of an out and
    another that lies inside it.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self.by_path: dict[str, Product] = {}
        self.repeated: list[Product] = []
        self._folders: set[str] = set()
        self._sorted: list[str] = []
        for step in steps:
            for out in step.outs:
                self._add(Product(out.path, step.name, out.persist))

    @property
    def overlaps(self) -> list[tuple[Product, Product]]:
        """Pairs of an out and another one inside it, in the order of the outer ones."""
        outer = [product for path, product in self.by_path.items() if path in self._folders]
        return [(product, inner) for product in outer for inner in self.inside(product.path)]

    def of(self, path: str) -> list[Product]:
        """Give the outs a dep on this path reads: itself, the one around it, those inside it."""
        exact = self.by_path.get(path)
        if exact is not None:
            return [exact]
        around = self.around(path)
        if around is not None:
            return [around]
        return self.inside(path) if path in self._folders else []

    def around(self, path: str) -> Product | None:
        """Give the out that this path lies inside of, if any."""
        slash = path.rfind("/")
        while slash > 0:
            product = self.by_path.get(path[:slash])
            if product is not None:
                return product
            slash = path.rfind("/", 0, slash)
        return None

    def inside(self, folder: str) -> list[Product]:
        """Give the outs that lie inside this folder, in the order of their paths."""
        if not self._sorted:
            self._sorted = sorted(self.by_path)
        prefix = folder + "/"
        first = bisect_left(self._sorted, prefix)
        last = bisect_left(self._sorted, folder + "0")  # the character after the slash
        return [self.by_path[path] for path in self._sorted[first:last]]

    def _add(self, product: Product) -> None:
        path = product.path
        if path in self.by_path:
            self.repeated.append(product)
            return
        self.by_path[path] = product
        slash = path.rfind("/")
        while slash > 0 and path[:slash] not in self._folders:
            self._folders.add(path[:slash])
            slash = path.rfind("/", 0, slash)
