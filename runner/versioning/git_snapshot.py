"""Trees and hidden commits of a work tree, made beside the user's index and refs.

The user's index is copied, so that git need not read unchanged files again. The copy keeps its
modification time: git takes a file for unchanged only when it is older than the index, and a
younger copy would hide edits made in the same second.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from runner.errors import SourceControlError
from runner.versioning.git_cache import state_folder
from runner.versioning.git_command import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.versioning.git_repository import Repository
    from runner.versioning.git_status import Entry

REFS = "refs/runner/snapshots/"
PRIVATE = "git-index-"
FORGOTTEN = 3600  # seconds
WHO = "runner <runner@localhost>"


def tree_of_commit(project: str, root: str, commit: str, without: Sequence[str]) -> str:
    """Give the tree of a commit without some paths of it."""
    with _private_index(project) as index:
        ask(root, "read-tree", commit, index=index)
        return _tree(root, index, without)


def tree_of_work_tree(
    project: str, repository: Repository, changes: Iterable[Entry], without: Sequence[str]
) -> str:
    """Give the tree of what lies in the work tree: the index, `changes` on top, less `without`.

    Raises:
        SourceControlError: git cannot read a file or write an object.
    """
    gone, there = list(without), []
    for change in changes:
        if not change.in_work_tree:
            gone.append(change.path)
        elif change.state[1] != ".":
            there.append(change.path)
    with _private_index(project) as index:
        _copy(f"{repository.git_folder}/index", index)
        return _tree(repository.root, index, gone, there)


def commit_tree(root: str, tree: str, parent: str, seconds: int) -> str:
    """Keep a tree as a commit that has the same id whoever makes it, and when; no branch moves."""
    lines = [f"tree {tree}"]
    if parent:
        lines.append(f"parent {parent}")
    lines += (f"author {WHO} {seconds} +0000", f"committer {WHO} {seconds} +0000")
    text = "\n".join(lines) + "\n\nWork tree as runner found it\n"
    written = ask(root, "hash-object", "-t", "commit", "-w", "--stdin", input=text.encode())
    commit = written.decode().strip()
    ask(root, "update-ref", "--no-deref", REFS + commit, commit)
    return commit


def is_kept(repository: Repository, commit: str) -> bool:
    """Tell whether a snapshot's ref is still there, and with it the commit."""
    if os.path.exists(f"{repository.common_folder}/{REFS}{commit}"):
        return True
    return bool(ask(repository.root, "for-each-ref", REFS + commit))


def _tree(root: str, index: str, gone: Iterable[str], there: Iterable[str] = ()) -> str:
    for paths, how in ((gone, ("--force-remove",)), (there, ("--add", "--remove"))):
        listed = b"".join(os.fsencode(path.rstrip("/")) + b"\0" for path in paths)
        if listed:
            ask(root, "update-index", *how, "-z", "--stdin", input=listed, index=index)
    return ask(root, "write-tree", index=index).decode().strip()


@contextmanager
def _private_index(project: str) -> Iterator[str]:
    try:
        parent = state_folder(project)
        _remove_forgotten(parent)
        folder = f"{parent}/{PRIVATE}{os.getpid()}-{time.monotonic_ns()}"
        os.mkdir(folder)
    except OSError as error:
        raise SourceControlError(
            f"cannot snapshot the code: {error.filename}: {error.strerror}",
            hint=f"make {project} writable, or commit your changes",
        ) from error
    try:
        yield f"{folder}/index"
    finally:
        _remove(folder)


def _remove_forgotten(parent: str) -> None:
    """Remove what a killed process left behind; none of them lives for an hour."""
    for name in os.listdir(parent):
        if name.startswith(PRIVATE):
            # Two commands may find the same one.
            with suppress(OSError):
                if os.lstat(f"{parent}/{name}").st_mtime < time.time() - FORGOTTEN:
                    _remove(f"{parent}/{name}")


def _remove(folder: str) -> None:
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
    os.rmdir(folder)


def _copy(source: str, target: str) -> None:
    try:
        file = open(source, "rb")  # noqa: SIM115  # a repository without an index is no error
    except FileNotFoundError:
        return
    with file, open(target, "wb") as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)
        times = os.fstat(file.fileno())
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
