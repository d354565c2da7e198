"""Sets of paths that know their folders, made for thousands of questions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

STATE_FOLDER = ".runner"


class Outs:
    """Declared outs, and the runner's own folder: what is never code.

    `prefix` is the project's folder in the repository (empty or with a slash at its end); the
    outs are relative to the project.
    """

    def __init__(self, outs: Collection[str], prefix: str = "") -> None:
        # A normal path costs nothing; normpath takes a microsecond, and there are thousands.
        self.declared = {_normal(out) for out in outs}
        self._held = {prefix + out for out in self.declared}
        self._held.add(prefix + STATE_FOLDER)
        self._folders: dict[str, bool] = {"": False}

    @property
    def in_project(self) -> set[str]:
        """What is held, relative to the project."""
        return {*self.declared, STATE_FOLDER}

    def hold(self, path: str) -> bool:
        """Tell whether a path of the repository is an out or lies in one."""
        path = path.rstrip("/")
        return path in self._held or self._within(path.rpartition("/")[0])

    def _within(self, folder: str) -> bool:
        known = self._folders.get(folder)
        if known is None:
            parent, _, name = folder.rpartition("/")
            known = folder in self._held or name == STATE_FOLDER or self._within(parent)
            self._folders[folder] = known
        return known


class Paths:
    """Files, with all folders that hold some of them."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = set(files)
        self._folders: set[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._files)

    def hold(self, path: str) -> bool:
        """Tell whether the path is one of the files, or a folder with one in it."""
        return path in self._files or path in self.folders

    @property
    def folders(self) -> set[str]:
        """All folders above the files."""
        if self._folders is None:
            self._folders = _folders(self._files)
        return self._folders


def _folders(files: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def is_program(path: str) -> bool:
    """Tell whether a file of the project can change what a step does.

    The project file cannot: its commands and parameters are fingerprinted themselves.
    """
    lower = path.lower()
    return lower != "mlproject" and not lower.endswith(".md")


def _normal(path: str) -> str:
    if "//" in path or "./" in path or path.endswith(("/", ".")):
        return os.path.normpath(path)
    return path
