"""The snapshots that a repository keeps, and the work trees that may have taken them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.versioning.git_command import ask
from runner.versioning.git_repository import locate
from runner.versioning.git_snapshot import REFS

if TYPE_CHECKING:
    from collections.abc import Iterable


def kept_snapshots(project: str) -> list[str]:
    """Name the commits that `refs/runner/snapshots/` keeps; none without git."""
    repository = locate(project)
    if repository is None:
        return []
    listed = ask(repository.root, "for-each-ref", "--format=%(objectname)", REFS)
    return sorted(listed.decode().split())


def drop_snapshots(project: str, commits: Iterable[str]) -> None:
    """Let go of snapshots: git removes them with its next `gc`, as it does any lost commit.

    Raises:
        SourceControlError: git cannot write its refs.
    """
    repository = locate(project)
    lines = "".join(f"delete {REFS}{commit}\n" for commit in commits)
    if repository is not None and lines:
        ask(repository.root, "update-ref", "--no-deref", "--stdin", input=lines.encode())


def work_trees(project: str) -> list[str]:
    """Give the folders of all work trees that share the project's repository; none without git."""
    repository = locate(project)
    if repository is None:
        return []
    listed = ask(repository.root, "worktree", "list", "--porcelain")
    lines = (os.fsdecode(line) for line in listed.split(b"\n"))
    found = [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")]
    return [folder for folder in found if os.path.isdir(folder)]
