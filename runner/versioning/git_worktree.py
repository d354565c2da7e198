"""The code of a project whose folder lies in a git work tree.

Two questions to git answer everything of a clean tree: its status, and what it tracks. They run
while the caller does other things.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from runner.versioning.git_cache import Cache
from runner.versioning.git_command import answer, ask, start
from runner.versioning.git_identity import Differences, Identity
from runner.versioning.git_membership import Membership
from runner.versioning.git_omissions import Limits, Omissions, omissions, shown
from runner.versioning.git_paths import Outs, Paths, is_program
from runner.versioning.git_stamps import Stamp, digest, stamp
from runner.versioning.git_status import STATUS, TRACKED, Entry, Status, Tracked, status, tracked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runner.core.model import Revision
    from runner.process import Pending
    from runner.versioning.git_repository import Repository


class _Taken(NamedTuple):
    """What `revision` saw: all later answers are about this moment.

    `changes` lack the outs; `counted` also lack what was left out. A path may have two entries:
    removed from the index, and untracked.
    """

    outs: Outs
    changes: dict[str, Entry]
    counted: list[Entry]
    stamps: dict[str, Stamp | None]
    left_out: set[str]
    revision: Revision


class WorkTree:
    """See `GitSourceControl`; `project` is its folder without symbolic links."""

    def __init__(self, project: str, repository: Repository, limits: Limits) -> None:
        self._project = project
        self._repository = repository
        self._limits = limits
        self._cache = Cache(project)
        self._identity = Identity(project, repository, self._cache)
        self._started: tuple[int, Pending, Pending] | None = None
        self._seen: tuple[Status, Tracked] | None = None
        self._taken: _Taken | None = None
        self._index_paths = Paths(())
        self._membership: Membership | None = None

    def begin(self) -> None:
        """Start both questions; harmless when repeated."""
        self._begun()

    def revision(self, outs: Collection[str]) -> Revision:
        """Tell the commit and the tree of the code."""
        return self._look(outs).revision

    def _look(self, outs: Collection[str]) -> _Taken:
        told, index = self._see()
        aside = Outs(outs, self._repository.prefix)
        entries = [entry for entry in told.entries if not aside.hold(entry.path)]
        stamps = {entry.path: self._stamp(entry) for entry in entries}
        omitted = _omissions(entries, stamps, self._limits)
        left_out = omitted.paths() | {entry.path for entry in entries if entry.nested}
        counted = [e for e in entries if not (e.unknown and e.path in left_out)]
        tracked_outs = self._tracked_outs(aside, told, index)
        revision = self._identity.revision(
            Differences(told, counted, tracked_outs, stamps, self._begun()[0])
        )
        warnings = (
            *omitted.warnings(self._limits),
            *_warnings(entries),
            *_overlooked(index),
        )
        revision = revision._replace(warnings=warnings)
        changes = {entry.path: entry for entry in entries}
        self._taken = _Taken(aside, changes, counted, stamps, left_out, revision)
        self._membership = None
        self._cache.save()
        return self._taken

    def is_code(self, path: str) -> bool:
        """Tell whether git tracks the path, or would."""
        if self._membership is None:
            taken = self._take()
            untracked = [e.path for e in taken.changes.values() if e.state == "??"]
            self._membership = Membership(
                self._project,
                self._repository,
                (self._see()[1], self._index_paths),
                (path for path in untracked if path not in taken.left_out),
                taken.left_out,
            )
        return self._membership.is_code(path)

    def stand_in(self, outs: Collection[str]) -> str:
        """Identify the project folder's code."""
        taken = self._take()
        aside = Outs({*outs, *taken.outs.declared})
        left_out = {path.removeprefix(self._repository.prefix) for path in taken.left_out}
        lines = [
            f"{blob} {path}"
            for path, blob in self._blobs(taken)
            if is_program(path) and path not in left_out and not aside.hold(path)
        ]
        return digest(sorted(lines))

    def changed(self) -> list[str]:
        """Name the paths that are not as they were when the revision was taken."""
        taken = self._take()
        told = status(ask(self._repository.root, *STATUS))
        now = {e.path: e for e in told.entries if not taken.outs.hold(e.path)}
        found = set(self._committed_since(taken, told))
        for path in {**taken.changes, **now}:
            before, after = taken.changes.get(path), now.get(path)
            if before is None or not self._is_same(before, after, taken.stamps[path]):
                found.add(path)
        return sorted(self._relative(path) for path in found)

    def epoch(self) -> int:
        """Give HEAD's commit time."""
        return self._identity.time(self._see()[0].head)

    def _begun(self) -> tuple[int, Pending, Pending]:
        if self._started is None:
            now = time.time_ns()
            asked_status = start(self._repository.root, *STATUS)
            self._started = (now, asked_status, start(self._project, *TRACKED))
        return self._started

    def _see(self) -> tuple[Status, Tracked]:
        if self._seen is None:
            _, asked_status, asked_tracked = self._begun()
            # Its pipe is soon full, while git still walks the work tree for the other.
            asked_tracked.result()
            told = status(answer(asked_status, self._repository.root))
            index = tracked(answer(asked_tracked, self._project))
            self._seen, self._index_paths = (told, index), Paths(index.paths)
        return self._seen

    def _take(self) -> _Taken:
        return self._taken or self._look(())

    def _stamp(self, entry: Entry) -> Stamp | None:
        if entry.is_repository:
            return None
        return stamp(f"{self._repository.root}/{entry.path}")

    def _is_same(self, before: Entry, after: Entry | None, its: Stamp | None) -> bool:
        if before.is_repository:
            return after is not None and after.raw == before.raw
        return self._stamp(before) == its

    def _tracked_outs(self, aside: Outs, told: Status, index: Tracked) -> list[str]:
        """Name the paths of HEAD and of the index that are outs."""
        prefix = self._repository.prefix
        found = {e.path for e in told.entries if e.state != "??" and aside.hold(e.path)}
        if any(self._index_paths.hold(path) for path in aside.in_project):
            found.update(prefix + path for path in index.paths if aside.hold(prefix + path))
        return sorted(found)

    def _blobs(self, taken: _Taken) -> list[tuple[str, str]]:
        """Give (path, `<mode> <blob>`) of the project's code as it lay there."""
        if not taken.counted:
            return self._see()[1].blobs()
        found = []
        listed = ask(self._project, "ls-tree", "-r", "-z", taken.revision.tree)
        for line in os.fsdecode(listed).split("\0")[:-1]:
            head, _, path = line.partition("\t")
            mode, _, blob = head.split(" ")
            found.append((path, f"{mode} {blob}"))
        return found

    def _committed_since(self, taken: _Taken, now: Status) -> Iterable[str]:
        """Name what was committed meanwhile, of the files that were clean before."""
        before = taken.revision.base_commit
        if now.head == before or not now.head:
            return []
        question: tuple[str, ...] = ("diff-tree", "-r", "-z", "--name-only", before, now.head)
        if not before:
            question = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", now.head)
        paths = os.fsdecode(ask(self._repository.root, *question)).split("\0")[:-1]
        return [p for p in paths if p not in taken.changes and not taken.outs.hold(p)]

    def _relative(self, path: str) -> str:
        if path.startswith(self._repository.prefix):
            return path.removeprefix(self._repository.prefix)
        return os.path.relpath(f"{self._repository.root}/{path}", self._project)


def _omissions(
    changes: Iterable[Entry], stamps: dict[str, Stamp | None], limits: Limits
) -> Omissions:
    unknown = [entry.path for entry in changes if entry.unknown and not entry.nested]
    sizes = [(path, its[0]) for path in unknown if (its := stamps[path])]
    return omissions(sizes, limits)


def _warnings(changes: Iterable[Entry]) -> Iterable[str]:
    nested = [entry.path for entry in changes if entry.nested]
    if nested:
        yield (
            f"not part of the recorded code: {shown(nested)}, a git repository of its own; "
            "`git submodule add` it, or list it in .gitignore"
        )
    inside = [entry.path for entry in changes if entry.edited_inside]
    if inside:
        yield (
            f"dirty-submodule: not part of the recorded code: what was edited in "
            f"{shown(inside)}; commit it there"
        )


def _overlooked(index: Tracked) -> Iterable[str]:
    paths = index.unwatched()
    if paths:
        yield (
            f"git was told to overlook edits of {shown(paths)}; undo it by "
            "`git update-index --no-assume-unchanged PATH`"
        )
