"""The standard streams, made safe: closed ones, readers that left, texts no locale can show."""

from __future__ import annotations

import codecs
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

ERRORS = "runner.lookalike"
LOOKALIKES = {
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯✓", "+"),
    **dict.fromkeys("─━", "-"),
    "│": "|",
    "✗": "x",
    "↺": "<",
    "↻": "~",
    "·": ".",
    "…": "...",
    "→": "->",
}


def prepare() -> None:
    """Open what was closed, and let every text be written, whatever the locale.

    A closed descriptor would be given to the next file that is opened, and a program that prints
    would then write into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    codecs.register_error(ERRORS, _lookalike)
    sys.stdout = _writable(sys.stdout, 1)
    sys.stderr = _writable(sys.stderr, 2)


def give_up(stream: TextIO) -> None:
    """Send the rest of a stream nowhere: whoever read it is gone, and Python still flushes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _writable(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        return open(number, "w", encoding="utf-8", errors=ERRORS, closefd=False)  # for good
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=ERRORS)
    return stream


def _lookalike(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    shown = "".join(
        LOOKALIKES.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text
    )
    return shown, error.end
