"""The code of a project without git: the files of its folder, hashed here.

What other tools leave behind is not code: caches of Python and of its checkers, virtual
environments, DVC's own files. Secrets and large files are left out as git's untracked ones are.
A file that a step writes without declaring it counts as code; git-ignoring it is not possible.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from typing import TYPE_CHECKING

from runner.core.model import Revision
from runner.versioning.git_cache import Cache
from runner.versioning.git_identity import NO_COMMIT_TIME
from runner.versioning.git_omissions import Limits, omissions
from runner.versioning.git_paths import Outs, Paths, is_program
from runner.versioning.git_stamps import Stamp, digest, is_racy, of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

NO_GIT = (
    "no git repository: the code is identified by the files of this folder and cannot be brought "
    "back; `git init && git add . && git commit` makes runs reproducible"
)
NOT_CODE = frozenset(
    (
        ".DS_Store",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
    )
)
NOT_CODE_PATHS = frozenset((".dvc/cache", ".dvc/tmp"))


class PlainFolder:
    """See `GitSourceControl`."""

    def __init__(self, project: str, limits: Limits) -> None:
        self._project = project
        self._limits = limits
        self._cache = Cache(project)
        self._outs = Outs(())
        self._stamps: dict[str, Stamp] | None = None
        self._hashes: dict[str, str] = {}
        self._paths = Paths(())
        self._left_out = omissions((), limits)

    def begin(self) -> None:
        """Nothing can be asked ahead."""

    def revision(self, outs: Collection[str]) -> Revision:
        """Tell the hash of the folder's files."""
        self._look(outs)
        self._cache.save()
        warnings = (NO_GIT, *self._left_out.warnings(self._limits))
        return Revision(state="nogit", tree=self._digest(self._hashes), warnings=warnings)

    def _look(self, outs: Collection[str]) -> dict[str, Stamp]:
        now = time.time_ns()
        self._outs = Outs(outs)
        stamps = dict(self._scan())
        self._left_out = omissions(((p, s[0]) for p, s in stamps.items()), self._limits)
        unwanted = self._left_out.paths()
        code = {path: its for path, its in stamps.items() if path not in unwanted}
        self._hashes = self._hash(code, now)
        self._paths = Paths(self._hashes)
        self._stamps = stamps
        return stamps

    def is_code(self, path: str) -> bool:
        """Tell whether the path was part of the folder's code."""
        self._take()
        path = os.path.normpath(path)
        return bool(self._paths) if path == "." else self._paths.hold(path)

    def stand_in(self, outs: Collection[str]) -> str:
        """Identify the folder's code."""
        self._take()
        aside = Outs(outs)
        return self._digest(
            [path for path in self._hashes if is_program(path) and not aside.hold(path)]
        )

    def changed(self) -> list[str]:
        """Name the files that are not as they were when the revision was taken."""
        before, now = self._take(), dict(self._scan())
        return sorted(path for path in {**before, **now} if before.get(path) != now.get(path))

    def epoch(self) -> int:
        """Give a fixed time: there is no commit."""
        return NO_COMMIT_TIME

    def _take(self) -> dict[str, Stamp]:
        return self._look(()) if self._stamps is None else self._stamps

    def _digest(self, paths: Collection[str]) -> str:
        return digest(f"{self._hashes[path]} {path}" for path in sorted(paths))

    def _scan(self) -> Iterator[tuple[str, Stamp]]:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(f"{self._project}/{folder}") as found:
                    entries = list(found)
            except OSError:
                continue
            if any(entry.name == "pyvenv.cfg" for entry in entries):
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if not self._can_be_code(path, entry.name):
                    continue
                its = of(entry.stat(follow_symlinks=False))
                if stat.S_ISDIR(its[4]):
                    waiting.append(path)
                elif stat.S_ISREG(its[4]) or stat.S_ISLNK(its[4]):
                    yield path, its

    def _can_be_code(self, path: str, name: str) -> bool:
        return not (
            name in NOT_CODE
            or name.endswith(".pyc")
            or path in NOT_CODE_PATHS
            or self._outs.hold(path)
        )

    def _hash(self, code: dict[str, Stamp], now: int) -> dict[str, str]:
        """Hash each file, or remember its hash where its stamp is the same and old enough."""
        kept = self._cache.kind("files")
        hashes = {}
        fresh: dict[str, list[object]] = {}
        for path, its in code.items():
            known = kept.get(path)
            if known and known[1:] == list(its):
                hashes[path] = known[0]
            else:
                hashes[path] = _content(f"{self._project}/{path}", its[4])
            if not is_racy(its, now):
                fresh[path] = [hashes[path], *its]
        if fresh != kept:
            self._cache.replace("files", fresh)
        return hashes


def _content(path: str, mode: int) -> str:
    """Identify a file as git would: what it holds, whether it is executable, or its target."""
    if stat.S_ISLNK(mode):
        content, kind = os.fsencode(os.readlink(path)), b"link"
    else:
        with open(path, "rb") as file:
            content = file.read()
        kind = b"program" if mode & 0o100 else b"file"
    return hashlib.sha256(kind + b"\0" + content).hexdigest()
