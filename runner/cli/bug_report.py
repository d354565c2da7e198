"""What a user sees of our own bug: where the report is, ready to paste."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from runner import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def write(error: BaseException, words: Sequence[str]) -> str:
    """Write the report to a file of its own and give the message that points to it."""
    trace = "".join(traceback.format_exception(error))
    names = " ".join(word if word.startswith("-") else "…" for word in words[1:])
    report = (
        f"runner {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"command: runner {' '.join(words[:1])} {names}\n\n{trace}"
    )
    try:
        file, path = tempfile.mkstemp(prefix="runner-bug-", suffix=".txt")
        with os.fdopen(file, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(report)
    except OSError:
        print(report, file=sys.stderr)
        path = "above"
    return (
        f"error: this is a bug in runner: {type(error).__name__}: {error}\n"
        f"hint: please report it; a report to paste is {path}"
    )
