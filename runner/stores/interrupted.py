"""Runs whose runner has died are found by their lock, never by a process id.

A runner holds `.runner/active/<run_id>` locked (flock) as long as it lives; the system drops
the lock with the process. Whoever gets the lock of such a file brings that run to its end.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def dead_runs(active: str) -> Iterator[str]:
    """Give the runs whose runner is dead, one by one, each locked while it is looked after.

    When the next one is asked for, the one before is done with: its file is removed.
    """
    for run_id in _names(active):
        path = os.path.join(active, run_id)
        with _claimed(path) as mine:
            if mine:
                yield run_id
                os.unlink(path)


def live_runs(active: str) -> list[str]:
    """Name the runs whose runner lives, oldest first."""
    return [run_id for run_id in _names(active) if _is_held(os.path.join(active, run_id))]


def _names(active: str) -> list[str]:
    try:
        return sorted(os.listdir(active))
    except FileNotFoundError:
        return []


def _is_held(path: str) -> bool:
    with _claimed(path) as mine:
        return not mine and os.path.exists(path)


@contextmanager
def _claimed(path: str) -> Iterator[bool]:
    """Take the lock if nobody has it, and only if the file still is the one at this path."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield is_at(descriptor, path)
    finally:
        os.close(descriptor)


def is_at(descriptor: int, path: str) -> bool:
    """Tell whether an open file still is the one that the path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
