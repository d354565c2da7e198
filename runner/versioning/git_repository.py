"""Find the repository a folder lies in, without starting git."""

from __future__ import annotations

import os
from typing import NamedTuple

from runner.versioning.git_command import bare


class Repository(NamedTuple):
    """Where a project's repository is; absolute paths without symbolic links.

    `root` is the work tree, `prefix` the project in it: empty, or with a slash at its end.
    `git_folder` holds HEAD and the index, `common_folder` the configuration and the refs; they
    differ in a linked work tree.
    """

    root: str
    prefix: str
    git_folder: str
    common_folder: str


def locate(project: str) -> Repository | None:
    """Find the repository that the folder belongs to, as git would; None where there is none.

    Raises:
        SourceControlError: the folder lies in a bare repository.
    """
    folder = os.path.realpath(project)
    inside: list[str] = []
    while True:
        git_folder = _git_folder(folder)
        if git_folder:
            prefix = "".join(f"{name}/" for name in reversed(inside))
            return Repository(folder, prefix, git_folder, _common_folder(git_folder))
        if _is_git_folder(folder):
            raise bare(folder)
        parent, name = os.path.split(folder)
        if parent == folder:
            return None
        inside.append(name)
        folder = parent


def _git_folder(folder: str) -> str:
    """Give the git folder of a work tree; a `.git` that leads nowhere too, for git to complain."""
    path = f"{folder}/.git"
    if os.path.isfile(path):
        with open(path, "rb") as file:
            first = os.fsdecode(file.read(4096)).rstrip("\n")
        if first.startswith("gitdir: "):
            return os.path.normpath(os.path.join(folder, first.removeprefix("gitdir: ")))
    return path if _is_git_folder(path) else ""


def _is_git_folder(folder: str) -> bool:
    if not os.path.lexists(f"{folder}/HEAD"):
        return False
    common = _common_folder(folder)
    return all(os.path.isdir(f"{common}/{name}") for name in ("objects", "refs"))


def _common_folder(git_folder: str) -> str:
    try:
        with open(f"{git_folder}/commondir", "rb") as file:
            relative = os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return git_folder
    return os.path.normpath(f"{git_folder}/{relative}")
