"""Which promise covers a path: an index of the `.dvc` files and dvc.lock of a repository.

A promise is usually found beside its path or above it, so those folders are read first. The whole
repository is walked, once, only for a path that is not there and that nothing near it promises.
"""

# pathlib costs too much here
from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.errors import Problem
from runner.versioning.dvc_files import LOCK_FILE, Promise, read_promises

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.versioning.dvc_ignore import IgnoreFiles

NOT_ENTERED = frozenset({".git", ".hg", ".dvc", ".runner", "__pycache__", "node_modules", ".venv"})


class Tracked:
    """The promises of one repository (or, without DVC, of one project folder)."""

    def __init__(self, root: str, ignore_files: IgnoreFiles) -> None:
        self._root = root
        self._ignore_files = ignore_files
        self._promises: dict[str, Promise] = {}
        self._problems: dict[str, Problem] = {}
        self._files_read: set[str] = set()
        self._folders_read: set[str] = set()
        self._walked = False

    def covering(self, path: str) -> Promise | None:
        """Give the promise for an absolute path, or for a folder that it lies in."""
        if not self._is_inside(path):
            return None
        if os.path.dirname(path) not in self._folders_read:
            self._read_file(path + ".dvc")
        if path in self._promises:
            return self._promises[path]
        for folder in self._above(path):
            self._read_folder(folder)
        found = self._lookup(path)
        if found is None and not self._walked and not os.path.lexists(path):
            self._walk(self._root)
            self._walked = True
            found = self._lookup(path)
        return found

    def below(self, folder: str, files: Iterable[str] | None = None) -> list[Promise]:
        """Give the promises for paths inside an absolute folder.

        `files` are the `.dvc` files and dvc.lock below it, when that is known already.
        """
        if not self._is_inside(folder):
            return []
        for parent in self._above(folder):
            self._read_folder(parent)
        if files is not None:
            for file in files:
                self._read_file(f"{folder}/{file}")
        elif not self._walked:
            self._walk(folder)
        start = folder + "/"
        return [promise for path, promise in self._promises.items() if path.startswith(start)]

    def all_promises(self) -> list[Promise]:
        """Give every promise of the repository."""
        if not self._walked:
            self._walk(self._root)
            self._walked = True
        return list(self._promises.values())

    def problems(self) -> list[Problem]:
        """Tell what the files read so far say that we cannot take."""
        return list(self._problems.values())

    def _lookup(self, path: str) -> Promise | None:
        while len(path) > len(self._root):
            if path in self._promises:
                return self._promises[path]
            path = os.path.dirname(path)
        return None

    def _above(self, path: str) -> Iterable[str]:
        while len(path) > len(self._root):
            path = os.path.dirname(path)
            yield path

    def _is_inside(self, path: str) -> bool:
        return path == self._root or path.startswith(self._root.rstrip("/") + "/")

    def _read_folder(self, folder: str) -> None:
        if folder in self._folders_read:
            return
        self._folders_read.add(folder)
        names: list[str] = []
        with suppress(OSError):
            names = os.listdir(folder)
        for name in names:
            if (name[-4:] == ".dvc" and name != ".dvc") or name == LOCK_FILE:
                self._read_file(f"{folder}/{name}")

    def _read_file(self, file: str) -> None:
        if file in self._files_read:
            return
        self._files_read.add(file)
        promises, problems = read_promises(file)
        for problem in problems:
            self._problems[f"{file}: {problem.message}"] = problem
        for promise in promises:
            other = self._promises.setdefault(promise.path, promise)
            if other.md5 != promise.md5:
                self._problems[promise.path] = Problem(
                    f"{promise.path} is promised by {other.file} as well; that one counts",
                    where=file,
                )

    def _walk(self, top: str) -> None:
        """Read every file of promises below a folder, without entering what they promise."""
        ignored = self._ignore_files.above(f"{top}/.")
        folders = [top]
        while folders:
            folder = folders.pop()
            self._read_folder(folder)
            with suppress(OSError), os.scandir(folder) as entries:
                folders += [
                    entry.path
                    for entry in entries
                    if entry.name not in NOT_ENTERED
                    and entry.is_dir(follow_symlinks=False)
                    and entry.path not in self._promises
                    and not (ignored and ignored(entry.path, True))  # noqa: FBT003  # of a Callable
                ]
