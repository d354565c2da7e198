"""Who uses an environment: a lock file each, shared by those who run in it.

Locks belong to the process, not to an object: two of a process would otherwise wait for each
other for ever. The system gives them back when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Place(NamedTuple):
    """One environment's lock in this process; `turn` is for the threads that prepare it."""

    lock: int
    turn: threading.Lock


_places: dict[str, Place] = {}
_opening = threading.Lock()


def place(path: Path) -> Place:
    """Open an environment's lock file, once per process.

    Raises:
        EnvironmentFailure: The folder cannot be written.
    """
    with _opening:
        known = _places.get(str(path))
        if known is None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise EnvironmentFailure(
                    f"cannot keep environments in {path.parent}: {error.strerror}",
                    hint="set RUNNER_HOME to a folder that can be written",
                ) from error
            known = _places[str(path)] = Place(lock, threading.Lock())
        return known


def share(lock: int, on_wait: Callable[[], None]) -> None:
    """Use the environment along with others; nobody replaces it meanwhile."""
    _take(lock, fcntl.LOCK_SH, on_wait)


def take_over(lock: int, on_wait: Callable[[], None]) -> None:
    """Wait until nobody else uses or prepares the environment, and keep everybody away."""
    _take(lock, fcntl.LOCK_EX, on_wait)


def give_up(lock: int) -> None:
    """Let others try, after an installation that failed."""
    fcntl.flock(lock, fcntl.LOCK_UN)


def is_free(lock: int) -> bool:
    """Take over the environment if nobody uses it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def leave(path: Path) -> None:
    """Let others replace the environment."""
    with _opening:
        known = _places.pop(str(path), None)
        if known is not None:
            os.close(known.lock)


def _take(lock: int, mode: int, on_wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        fcntl.flock(lock, mode)
