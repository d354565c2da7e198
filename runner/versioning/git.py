"""What the code is, and which paths are code: git's answers, or the folder's own without git."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.versioning.git_absent import PlainFolder
from runner.versioning.git_omissions import Limits
from runner.versioning.git_repository import locate
from runner.versioning.git_worktree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Collection

    from runner.core.model import Revision


class GitSourceControl:
    """The code of one project as it is now, before a run writes anything.

    The user's index, work tree, stash, branches and reflogs stay as they are, byte by byte. Only
    objects are added, `refs/runner/snapshots/<commit>` to keep them, and `.runner/git-cache.json`.

    Args:
        project: The project's folder.
        snapshot_file_limit: Bytes up to which one untracked file becomes part of a snapshot.
        snapshot_total_limit: Bytes up to which all of them together do.

    Raises:
        SourceControlError: The folder lies in a bare repository.
    """

    def __init__(
        self,
        project: str,
        *,
        snapshot_file_limit: int = Limits().file,
        snapshot_total_limit: int = Limits().total,
    ) -> None:
        folder = os.path.realpath(project)
        limits = Limits(snapshot_file_limit, snapshot_total_limit)
        repository = locate(folder)
        self._code: WorkTree | PlainFolder = (
            WorkTree(folder, repository, limits) if repository else PlainFolder(folder, limits)
        )

    def begin(self) -> None:
        """Start asking git, so that it works while the caller does; harmless when repeated."""
        self._code.begin()

    def revision(self, outs: Collection[str]) -> Revision:
        """Tell the commit and the tree of the code without `outs`.

        The tree is the whole repository's, without `.runner/` and the declared outs (relative to
        the project), also where git tracks those. When anything else differs from HEAD, the work
        tree is kept as a hidden commit, whose id depends on its content and on HEAD alone.
        Untracked files that may hold secrets, that are too large, or that belong to a nested
        repository are left out, with a warning for each kind.

        Raises:
            SourceControlError: Git refuses to answer, with its reason and what helps.
        """
        return self._code.revision(outs)

    def is_code(self, path: str) -> bool:
        """Tell whether git tracks a path of the project, or would (untracked and not ignored).

        A folder is code when some file in it is. What `revision` left out is not.
        """
        return self._code.is_code(path)

    def stand_in(self, outs: Collection[str]) -> str:
        """Identify the project folder's code, for steps that declare none.

        The project file, `outs` and `*.md` do not count; committing changes nothing.
        """
        return self._code.stand_in(outs)

    def changed(self) -> list[str]:
        """Name the paths that changed since `revision`, without its outs.

        Ignored files are not seen. Paths outside the project begin with `../`.
        """
        return self._code.changed()

    def epoch(self) -> int:
        """Give HEAD's commit time in seconds since 1970: SOURCE_DATE_EPOCH of the steps.

        Without a commit it is 1980-01-01, the earliest time that zip archives can hold.
        """
        return self._code.epoch()
