"""Questions about the past, through GitPython: never asked while a run is being decided."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from runner.errors import SourceControlError
from runner.versioning.git_command import ask
from runner.versioning.git_identity import read_commit
from runner.versioning.git_repository import locate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from git import Blob, Repo, Tree

    from runner.versioning.git_repository import Repository


def blobs_on_all_branches(project: str, suffixes: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Give (path, content) of files at the tip of every ref, HEAD and detached work tree.

    Local and remote branches, tags, the stash and the runner's own refs all count. Paths are
    relative to the repository; the same content under the same name is given once.

    Args:
        project: The project's folder. Without git there is nothing to give.
        suffixes: Ends of the files' names, such as `dvc.lock` and `.dvc`.
    """
    repository = locate(project)
    if repository is None:
        return
    suffix = tuple(suffixes)
    with _opened(repository) as repo:
        seen: set[bytes] = set()
        for tree in _tips(repo, repository.root):
            for path, blob in _files(tree, seen):
                name = path.rpartition("/")[2]
                if name.endswith(suffix) and (key := name.encode() + blob.binsha) not in seen:
                    seen.add(key)
                    yield path, blob.data_stream.read()


def commits_between(project: str, old: str, new: str) -> list[tuple[str, str]]:
    """List (id, subject) of the commits that `new` has and `old` does not, newest first.

    Raises:
        SourceControlError: one of them is not in this repository.
    """
    repository = _repository(project)
    first, last = _commit(repository.root, old), _commit(repository.root, new)
    with _opened(repository) as repo:
        commits = repo.iter_commits(f"{first}..{last}")
        return [(commit.hexsha, _text(commit.summary)) for commit in commits]


def patch_between(project: str, old: str, new: str, outs: Collection[str]) -> str:
    """Give the patch from one commit to another, of the whole repository without `outs`.

    Raises:
        SourceControlError: one of the commits is not in this repository.
    """
    how = ("--no-color", "--src-prefix=a/", "--dst-prefix=b/")
    return _text(_difference(project, old, new, outs, how))


def files_between(
    project: str, old: str, new: str, outs: Collection[str]
) -> list[tuple[str, int | None, int | None]]:
    """List (path, lines added, lines removed) from one commit to another, without `outs`.

    Paths are relative to the repository; the lines of a binary file are None.

    Raises:
        SourceControlError: one of the commits is not in this repository.
    """
    listed = _text(_difference(project, old, new, outs, ("--numstat", "--no-renames", "-z")))
    rows = (row.split("\t", 2) for row in listed.split("\0") if row)
    return [(path, _lines(added), _lines(removed)) for added, removed, path in rows]


def commit_time(project: str, commit: str) -> int:
    """Give a commit's time in seconds since 1970.

    Raises:
        SourceControlError: the commit is not in this repository.
    """
    root = _repository(project).root
    return read_commit(root, _commit(root, commit))[1]


def _repository(project: str) -> Repository:
    repository = locate(project)
    if repository is None:
        raise SourceControlError(
            f"{project} is not in a git repository",
            hint="git init && git add . && git commit -m 'First version'",
        )
    return repository


@contextmanager
def _opened(repository: Repository) -> Iterator[Repo]:
    from git import Repo  # noqa: PLC0415  # takes longer to import than most commands take

    repo = Repo(repository.root)
    # A hook's variables would lead git to another repository; GitPython can set, not unset.
    repo.git.update_environment(
        GIT_DIR=repository.git_folder,
        GIT_WORK_TREE=repository.root,
        GIT_COMMON_DIR=repository.common_folder,
        GIT_INDEX_FILE=f"{repository.git_folder}/index",
        GIT_OBJECT_DIRECTORY=f"{repository.common_folder}/objects",
        GIT_NAMESPACE="",
        GIT_OPTIONAL_LOCKS="0",
        GIT_TERMINAL_PROMPT="0",
        LC_ALL="C",
    )
    try:
        yield repo
    finally:
        repo.close()


def _commit(root: str, name: str) -> str:
    try:
        found = ask(root, "rev-parse", "--verify", "--end-of-options", name + "^{commit}")
    except SourceControlError as error:
        raise SourceControlError(
            f"the commit {name} is not in this repository",
            hint=f"git fetch origin {name}",
        ) from error
    return found.decode().strip()


def _tips(repo: Repo, root: str) -> Iterator[Tree]:
    """Give the tree of each ref, and of each HEAD: linked work trees have their own."""
    listed = ask(root, "for-each-ref", "--format=HEAD %(objectname)")
    listed += ask(root, "worktree", "list", "--porcelain")
    lines = listed.decode(errors="replace").splitlines()
    tips = {line.removeprefix("HEAD ") for line in lines if line.startswith("HEAD ")}
    for tip in sorted(tips):
        # A tag may name a file, and the HEAD of an empty repository nothing.
        with suppress(ValueError):
            yield repo.tree(tip)


def _files(tree: Tree, seen: set[bytes]) -> Iterator[tuple[str, Blob]]:
    """Walk a tree without entering the same folder twice, whatever commit it is in."""
    waiting = [tree]
    while waiting:
        folder = waiting.pop()
        if folder.binsha in seen:
            continue
        seen.add(folder.binsha)
        waiting += folder.trees
        for blob in folder.blobs:
            yield str(blob.path), blob


def _difference(
    project: str, old: str, new: str, outs: Collection[str], how: Sequence[str]
) -> str | bytes | object:
    repository = _repository(project)
    without = (f":(top,exclude,literal){repository.prefix}{out}" for out in sorted(outs))
    first, last = _commit(repository.root, old), _commit(repository.root, new)
    words = ["git", "diff", "--no-ext-diff", "--no-textconv", *how, first, last, "--", ":/"]
    with _opened(repository) as repo:
        return repo.git.execute([*words, *without], strip_newline_in_stdout=False)


def _lines(text: str) -> int | None:
    return None if text == "-" else int(text)


def _text(text: str | bytes | object) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
