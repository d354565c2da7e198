"""Which paths of a project are code, answered from sets: a run asks thousands of times."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.versioning.git_command import ask
from runner.versioning.git_paths import Paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runner.versioning.git_repository import Repository
    from runner.versioning.git_status import Tracked


class Membership:
    """What git tracks in a project, with what it would track if it were asked to.

    `tracked` are the paths of `index`, relative to the project. `untracked` and `left_out` are
    the untracked paths that count as code and those that do not, relative to the repository.
    """

    def __init__(
        self,
        project: str,
        repository: Repository,
        tracked: tuple[Tracked, Paths],
        untracked: Iterable[str],
        left_out: Collection[str],
    ) -> None:
        prefix = repository.prefix
        self._project = project
        self._repository = repository
        self._index, self._tracked = tracked
        self._untracked = Paths(p.removeprefix(prefix) for p in untracked if p.startswith(prefix))
        self._left_out = left_out
        self._submodules: set[str] | None = None
        self._outside: dict[str, bool] = {}

    def is_code(self, path: str) -> bool:
        """Tell whether a path relative to the project is code, or a folder with code in it."""
        if path.startswith((".", "/")) or "/." in path or "//" in path or path.endswith("/"):
            path = os.path.normpath(path)
            if path == ".":
                return bool(self._tracked or self._untracked)
            if path.startswith(("../", "/")) or path == "..":
                return self._is_code_outside(path)
        return self._tracked.hold(path) or self._untracked.hold(path) or self._in_submodule(path)

    def _in_submodule(self, path: str) -> bool:
        if self._submodules is None:
            blobs = self._index.blobs()
            self._submodules = {path for path, blob in blobs if blob.startswith("160000")}
        while path and self._submodules:
            if path in self._submodules:
                return True
            path = path.rpartition("/")[0]
        return False

    def _is_code_outside(self, path: str) -> bool:
        """Ask git about a path of the repository outside the project: those are few."""
        if path not in self._outside:
            root = self._repository.root
            full = os.path.relpath(os.path.join(self._project, path), root)
            strange = full.startswith("..") or full in self._left_out
            question = ("ls-files", "-z", "-co", "--exclude-standard", "--", full)
            self._outside[path] = not strange and bool(ask(root, *question))
        return self._outside[path]
