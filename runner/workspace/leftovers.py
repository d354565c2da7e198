"""Files that lie among a step's inputs although no step makes them any more.

A dep can be a folder into which other steps write, `models/` say. When a matrix loses a value, its
old outs stay there and are read with the rest: that is worth a word.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.core.paths import folders_above

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from runner.core.model import Step

MOST = 5


def notes(
    folder: str, steps: Mapping[str, Step], outs: Collection[str], is_code: Callable[[str], bool]
) -> Iterator[str]:
    """Give a warning for each dep that holds outs and, beside them, what nobody makes or keeps."""
    above = {parent for out in outs for parent in folders_above(out)}
    for dep in sorted({dep.path for step in steps.values() for dep in step.deps} & above):
        found = [path for path in _files(folder, dep) if not _is_accounted(path, outs, is_code)]
        if found:
            more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
            yield (
                f"{', '.join(found[:MOST])}{more}: part of the dep {dep}, "
                "but no step makes it and git does not know it; remove it if it is left over"
            )


def _is_accounted(path: str, outs: Collection[str], is_code: Callable[[str], bool]) -> bool:
    if path in outs or is_code(path):
        return True
    return any(parent in outs for parent in folders_above(path))


def _files(folder: str, dep: str) -> list[str]:
    top = os.path.join(folder, dep)
    return sorted(
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, names in os.walk(top)
        for name in names
    )
