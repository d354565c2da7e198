"""Runs of one project begin one at a time, and are counted: so each can tell if it is alone."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGITS = 20


@contextmanager
def registration(runner_folder: str) -> Iterator[None]:
    """Let runs begin and dead ones be closed one at a time, so that neither meets the other.

    Raises:
        WorkspaceError: the project's `.runner` cannot be written.
    """
    try:
        file = os.open(_path(runner_folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WorkspaceError(
            f"cannot write in {runner_folder}: {error.strerror}",
            hint=f"make {runner_folder} writable",
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Company:
    """Tells one run whether others are, or were, at work in its project since it first looked.

    `runner_folder` is the project's `.runner`. Made before the run looks at anything; `join`
    is called when it begins, within `registration`.
    """

    def __init__(self, runner_folder: str) -> None:
        self._path = _path(runner_folder)
        self._begun = _count(self._path)
        self._alone = not _is_filled(os.path.join(runner_folder, "active"))

    def join(self) -> None:
        """Count this run.

        Raises:
            WorkspaceError: the disk is full.
        """
        before = _count(self._path)
        self._alone = self._alone and before == self._begun
        self._begun = before + 1
        try:
            with open(self._path, "r+b") as file:
                file.write(b"%0*d" % (DIGITS, self._begun))
        except OSError as error:
            raise WorkspaceError(
                f"cannot write {self._path}: {error.strerror}", hint="make room, then run again"
            ) from error

    def is_alone(self) -> bool:
        """Tell whether nobody else has been here so far."""
        self._alone = self._alone and _count(self._path) == self._begun
        return self._alone


def _path(runner_folder: str) -> str:
    return os.path.join(runner_folder, "registration.lock")


def _count(path: str) -> int:
    """Read how many runs have begun here."""
    try:
        with open(path, "rb") as file:
            return int(file.read(DIGITS) or 0)
    except (OSError, ValueError):
        return 0


def _is_filled(folder: str) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False
