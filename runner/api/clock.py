"""The one clock of the commands."""

from __future__ import annotations

import time


def now() -> str:
    """Give the time as RFC 3339 UTC with milliseconds."""
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{milliseconds:03d}Z"
