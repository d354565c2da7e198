"""Named points at which a test can kill the process: the crash tests' only way in.

`RUNNER_FAULT=<point>` kills at the first passage, `<point>:<n>` at the n-th. Unset, a point costs
one comparison.
"""

from __future__ import annotations

import os
import signal

_wanted, _, _count = os.environ.get("RUNNER_FAULT", "").partition(":")
_left = int(_count) if _count.isdigit() else 1


def fault_point(name: str) -> None:
    """Die here by SIGKILL if a crash test asked for it."""
    global _left  # noqa: PLW0603  # the passages of this process are what is counted
    if name == _wanted:
        _left -= 1
        if not _left:
            os.kill(os.getpid(), signal.SIGKILL)
