"""The end of a step's log, as it can be shown: no control characters, no torn overwritten lines."""

from __future__ import annotations

import os
from typing import NamedTuple

LAST_LINES = 20
LONGEST_TAIL = 16_384
LINE_ROOM = 1_024


class Tail(NamedTuple):
    """The last lines of a log; `more` tells whether there are earlier ones."""

    lines: list[str]
    more: bool


def tail(path: str) -> Tail:
    """Give the last lines of a log; none when it cannot be read."""
    size, text = _end(path, LONGEST_TAIL)
    lines = text.removesuffix("\n").split("\n") if text else []
    shown = [_visible(line) for line in lines[-LAST_LINES:]]
    return Tail(shown, len(lines) > len(shown) or size > LONGEST_TAIL)


def last_line(path: str) -> str:
    """Give the last line that holds anything: what a running step says of itself."""
    lines = [_visible(line) for line in _end(path, LINE_ROOM)[1].split("\n")]
    return next((line for line in reversed(lines) if line.strip()), "").strip()


def _end(path: str, room: int) -> tuple[int, str]:
    """Read the last bytes of a file; with its size."""
    try:
        with open(path, "rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - room))
            return size, file.read(room).decode(errors="replace")
    except OSError:
        return 0, ""


def _visible(line: str) -> str:
    """Keep what a terminal would show last: a progress bar returns to the line's beginning."""
    line = line.rstrip("\r").rpartition("\r")[2].expandtabs()
    return "".join(c if c.isprintable() else " " for c in line)
