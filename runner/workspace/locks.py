"""Steps are locked, not folders: two runs in one folder share their work step by step.

One file holds a byte per step (at an offset made from its name), locked with POSIX record
locks, which the system drops when their process dies. A step that runs holds its own byte
alone, and the bytes of its upstream steps together with other readers.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from typing import TYPE_CHECKING

from runner.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterable


class StepLocks:
    """The step locks that this process holds in one project.

    `folder` is the project's `.runner` folder.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "steps.lock")
        self._file: int | None = None
        self._readers: dict[str, int] = {}

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

    def close(self) -> None:
        """Give back everything."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._readers.clear()

    def _descriptor(self) -> int:
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise WorkspaceError(
                    f"cannot lock steps: {self._path}: {error.strerror}",
                    hint=f"make {os.path.dirname(self._path)} writable",
                ) from error
        return self._file

    def _lock(self, step: str, mode: int) -> bool:
        try:
            fcntl.lockf(self._descriptor(), mode | fcntl.LOCK_NB, 1, _offset(step))
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(self, step: str) -> None:
        fcntl.lockf(self._descriptor(), fcntl.LOCK_UN, 1, _offset(step))


def _offset(step: str) -> int:
    digest = hashlib.sha1(step.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return int.from_bytes(digest.digest()[:7])
