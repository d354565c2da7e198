"""Steps are locked, not folders: two runs in one folder share their work step by step.

One file holds a byte per step (at an offset made from its name), locked with POSIX record
locks, which the system drops when their process dies. A step that runs holds its own byte
alone, and the bytes of its upstream steps together with other readers. A run holds a byte of
its own as long as it may hold any: all of them go in one instant, so whoever gets the lock of
a step can tell for sure whether the run that had it is dead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from typing import TYPE_CHECKING

from runner.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterable

RUN = "\0run "  # no step's name begins so


class StepLocks:
    """The step locks that one run holds in one project.

    `folder` is the project's `.runner` folder.

    Raises:
        WorkspaceError: the locks cannot be written.
    """

    def __init__(self, folder: str, run_id: str) -> None:
        path = os.path.join(folder, "steps.lock")
        self._own = RUN + run_id
        self._readers: dict[str, int] = {}
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _offset(self._own))
        except OSError as error:
            raise WorkspaceError(
                f"cannot lock steps: {path}: {error.strerror}", hint=f"make {folder} writable"
            ) from error

    def acquire(self, step: str, upstream: Iterable[str]) -> bool:
        """Lock a step for writing and its upstream for reading; False if another run is there."""
        held: list[str] = []
        if not self._lock(step, fcntl.LOCK_EX):
            return False
        for name in upstream:
            if not self._readers.get(name) and not self._lock(name, fcntl.LOCK_SH):
                self.release(step, held)
                return False
            self._readers[name] = self._readers.get(name, 0) + 1
            held.append(name)
        return True

    def release(self, step: str, upstream: Iterable[str]) -> None:
        """Give back what `acquire` took."""
        self._unlock(step)
        for name in upstream:
            left = self._readers[name] - 1
            self._readers[name] = left
            if not left:
                self._unlock(name)

    def is_over(self, run_id: str) -> bool:
        """Tell whether another run holds no step and never will again: it is dead, or done."""
        name = RUN + run_id
        if name == self._own or not self._lock(name, fcntl.LOCK_SH):
            return False
        self._unlock(name)
        return True

    def close(self) -> None:
        """Give back everything; harmless when repeated."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._readers.clear()

    def _lock(self, name: str, mode: int) -> bool:
        try:
            fcntl.lockf(self._file, mode | fcntl.LOCK_NB, 1, _offset(name))
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(self, name: str) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(name))


def _offset(name: str) -> int:
    digest = hashlib.sha1(name.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return int.from_bytes(digest.digest()[:7])
