"""Plain values that remember where they stand in the file and how they were written."""

from __future__ import annotations

from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """Where a value and its key start (from 1), and a scalar's text if it is not text itself."""

    line: int
    column: int
    key_line: int
    key_column: int
    written: str | None = None


class YamlMap(dict[str, Any]):
    """A mapping of the file. Its keys are text, as they were written."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, Mark] = {}

    def text(self, key: str) -> str:
        """Give the scalar under the key as it was written: `3.10` stays `3.10`."""
        return _text(self[key], self.marks[key])


class YamlList(list[Any]):
    """A list of the file."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[Mark] = []

    def text(self, index: int) -> str:
        """Give the scalar at the index as it was written."""
        return _text(self[index], self.marks[index])


def _text(value: object, mark: Mark) -> str:
    if isinstance(value, str):
        return value
    return mark.written if mark.written is not None else ""


def place(root: YamlMap, path: Path, *, at_key: bool = False) -> tuple[int, int]:
    """Give line and column of what a path names: a scalar's own, a collection's key.

    A path that leads nowhere gives the place of the last part that is there.
    """
    found: Any = root
    mark: Mark | None = None
    for part in path:
        if isinstance(found, YamlMap) and part in found.marks:
            mark = found.marks[str(part)]
        elif isinstance(found, YamlList) and isinstance(part, int) and part < len(found):
            mark = found.marks[part]
        else:
            break
        found = found[part]
    if mark is None:
        return 1, 1
    if at_key or isinstance(found, dict | list):
        return mark.key_line, mark.key_column
    return mark.line, mark.column
