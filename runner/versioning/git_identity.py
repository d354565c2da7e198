"""Which commit and which tree the code is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.core.model import Revision
from runner.versioning.git_command import ask
from runner.versioning.git_remote import repo_url
from runner.versioning.git_snapshot import commit_tree, is_kept, tree_of_commit, tree_of_work_tree
from runner.versioning.git_stamps import Stamp, digest, is_racy, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.versioning.git_cache import Cache
    from runner.versioning.git_repository import Repository
    from runner.versioning.git_status import Entry, Status

# SOURCE_DATE_EPOCH without a commit: the earliest time that zip archives can hold.
NO_COMMIT_TIME = 315_532_800


class Differences(NamedTuple):
    """How the code differs from HEAD.

    `changes` are the entries that count; `outs` the paths of HEAD or of the index that are outs.
    `stamps` were taken together with git's status, at `time` (ns) or later.
    """

    status: Status
    changes: Sequence[Entry]
    outs: Sequence[str]
    stamps: Mapping[str, Stamp | None]
    time: int


class Identity:
    """Makes revisions of one project, asking git only what `cache` does not know."""

    def __init__(self, project: str, repository: Repository, cache: Cache) -> None:
        self._project = project
        self._repository = repository
        self._cache = cache

    def revision(self, found: Differences) -> Revision:
        """Give HEAD when only outs differ from it, else a snapshot of the work tree."""
        head, branch = found.status.head, found.status.branch
        revision = Revision(
            state="clean",
            commit=head,
            tree=self._head_tree(head, found.outs),
            base_commit=head,
            branch=branch,
            repo_url=self._url(branch),
            root=self._repository.prefix.rstrip("/") or ".",
        )
        if head and not found.changes:
            return revision
        tree, commit = self._snapshot(found, revision.tree)
        if not commit:
            return revision
        return revision._replace(state="snapshot", commit=commit, tree=tree, snapshot=commit)

    def time(self, commit: str) -> int:
        """Give a commit's time in seconds since 1970; a fixed one for no commit."""
        return self._commit(commit)[1] if commit else NO_COMMIT_TIME

    def _commit(self, commit: str) -> tuple[str, int]:
        kept = self._cache.get("commits", commit)
        if kept is None:
            kept = list(read_commit(self._repository.root, commit))
            self._cache.keep("commits", commit, kept)
        return kept[0], kept[1]

    def _head_tree(self, head: str, outs: Sequence[str]) -> str:
        if not head:
            return ""
        if not outs:
            return self._commit(head)[0]
        key = digest([head, *outs])
        kept = self._cache.get("trees", key)
        if kept is None:
            kept = [tree_of_commit(self._project, self._repository.root, head, outs)]
            self._cache.keep("trees", key, kept)
        return str(kept[0])

    def _snapshot(self, found: Differences, head_tree: str) -> tuple[str, str]:
        """Give the work tree's tree, and the commit made of it unless it is HEAD's tree again."""
        key = self._signature(found)
        kept = self._cache.get("snapshots", key) if key else None
        if kept is not None and is_kept(self._repository, kept[1]):
            return kept[0], kept[1]
        tree = tree_of_work_tree(self._project, self._repository, found.changes, found.outs)
        if tree == head_tree and not any(change.edited_inside for change in found.changes):
            return tree, ""
        head = found.status.head
        commit = commit_tree(self._repository.root, tree, head, self.time(head))
        if key:
            self._cache.keep("snapshots", key, [tree, commit])
        return tree, commit

    def _signature(self, found: Differences) -> str:
        """Identify what is in the work tree by stats alone; empty where they do not suffice."""
        parts = [found.status.head, str(stamp(self._config)), *found.outs]
        for change in found.changes:
            its = found.stamps[change.path]
            if change.submodule[0] == "S" or (its is None and change.in_work_tree):
                return ""
            if its is not None and is_racy(its, found.time):
                return ""
            parts += (change.raw, str(its))
        return digest(parts)

    def _url(self, branch: str) -> str:
        key = digest([branch, str(stamp(self._config))])
        kept = self._cache.get("urls", key)
        if kept is None:
            kept = [repo_url(self._repository.root, branch)]
            self._cache.keep("urls", key, kept)
        return str(kept[0])

    @property
    def _config(self) -> str:
        return f"{self._repository.common_folder}/config"


def read_commit(folder: str, commit: str) -> tuple[str, int]:
    """Give the tree of a commit and its time in seconds since 1970.

    Raises:
        SourceControlError: the commit is not in this repository.
    """
    lines = ask(folder, "cat-file", "commit", commit).decode(errors="replace").split("\n")
    committer = next(line for line in lines if line.startswith("committer "))
    return lines[0].removeprefix("tree "), int(committer.rsplit(" ", 2)[1])
