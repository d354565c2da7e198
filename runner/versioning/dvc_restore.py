"""Bringing content back from the cache, and keeping what runs from writing into it.

Files and folders are built in the project's `.runner/tmp` (beside their target when that lies on
another file system), and then take its place in one move.
"""

# pathlib costs too much here
from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import md5
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING

from runner.errors import DataError
from runner.versioning.dvc_hash import (
    SMALL,
    ChangedError,
    cost,
    read_small,
    settles_in,
    stamp_of,
    steadily,
    wait_out,
)
from runner.versioning.dvc_links import (
    cannot_store,
    draft_name,
    duplicate,
    link_clone,
    link_hard,
    link_soft,
    move_into_place,
    remove_tree,
    write_new,
)
from runner.versioning.dvc_state import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.versioning.dvc_objects import ObjectCache

WORTH_WAITING = 60_000_000


class Restorer:
    """Restores objects of one cache into one project, linked as DVC's settings ask."""

    def __init__(
        self, cache: ObjectCache, private_folder: str, link_types: tuple[str, ...]
    ) -> None:
        self._cache = cache
        self._private_folder = private_folder
        self._link_types = link_types
        self._device: int | None = None

    def restore(self, oid: str, target: str) -> None:
        """Put a file or folder at an absolute path, replacing what is there in one move.

        Raises:
            DataError: the content is not in the cache, is corrupt, or cannot be written.
        """
        parent = os.path.dirname(target)
        try:
            os.makedirs(parent, exist_ok=True)
            draft = draft_name(self._workshop(parent))
            try:
                if oid.endswith(".dir"):
                    self._build(oid, draft)
                else:
                    self._place(oid, draft)
                move_into_place(draft, target)
            except BaseException:
                with suppress(OSError):
                    remove_tree(draft)
                raise
        except OSError as error:
            stat = self._cache.stat(oid)
            raise cannot_store(target, stat.st_size if stat else 0, error, parent) from error

    def remove_drafts(self, older_than: float) -> int:
        """Remove what killed processes left half built before this time; give the bytes freed."""
        freed = 0
        with suppress(OSError), os.scandir(os.path.join(self._private_folder, "tmp")) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_mtime < older_than:
                    freed += sum(stat.st_size for stat in _own_files(entry.path))
                    remove_tree(entry.path)
        return freed

    def _workshop(self, parent: str) -> str:
        """Give the folder to build in: ours if a rename leads from there to `parent`."""
        ours = os.path.join(self._private_folder, "tmp")
        try:
            if self._device is None:
                make_private_folder(self._private_folder)
                os.makedirs(ours, exist_ok=True)
                self._device = os.stat(ours).st_dev
        except OSError:
            self._device = -1
        return ours if os.stat(parent).st_dev == self._device else parent

    def _build(self, oid: str, folder: str) -> None:
        os.mkdir(folder)
        made = {""}
        for member, path in self._cache.manifest(oid):
            below = path.rpartition("/")[0]
            if below not in made:
                os.makedirs(f"{folder}/{below}", exist_ok=True)
                made.add(below)
            self._place(member, f"{folder}/{path}")

    def _place(self, oid: str, path: str) -> None:
        """Create a file with an object's content, verified."""
        stat = self._cache.stat(oid)
        if stat is None:
            raise missing(oid, self._cache.folder)
        content = None
        if stat.st_size <= SMALL:
            with suppress(ChangedError):
                content = steadily(self._cache.path(oid), read_small)
            good = content is not None and _md5(content) == oid
        else:
            good = self._cache.is_intact(oid)
        if not good:
            self._cache.is_intact(oid)
            raise missing(oid, self._cache.folder)
        for kind in self._link_types:
            if self._link(kind, oid, path, content):
                return
        raise DataError(
            f"{path!r} cannot be linked from the cache {self._cache.folder} "
            f"by any of: {', '.join(self._link_types)}",
            hint="allow a copy as the last resort: dvc config cache.type "
            + ",".join((*self._link_types, "copy")),
        )

    def _link(self, kind: str, oid: str, path: str, content: bytes | None) -> bool:
        source = self._cache.path(oid)
        if kind == "copy" or content == b"":
            if content is not None:
                write_new(path, content)
            else:
                _copy(source, path)
            return True
        if kind == "reflink":
            return link_clone(source, path)
        return link_hard(source, path) if kind == "hardlink" else link_soft(source, path)


def _copy(source: str, path: str) -> None:
    try:
        steadily(source, lambda _, stamp: duplicate(source, path, stamp, clone=False))
    except ChangedError as error:
        raise DataError(
            f"{source} changed while it was copied", hint="run the same command again"
        ) from error


def _md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def missing(oid: str, cache: str) -> DataError:
    """Say that the cache does not have an object, or had a corrupt one."""
    return DataError(
        f"the cache {cache} does not hold {oid}, or held it corrupt (now in runner/corrupt/)",
        hint="fetch it from the remote (dvc pull), or run the step that makes it: "
        "runner run . --force",
    )


def settle(path: str, size: int, count: int) -> bool:
    """Wait until what was just restored can be told from later writes, if that is worth it.

    Nothing that would write there runs before the caller returns, so what was restored may be
    believed from then on.
    """
    price = cost(size, count)
    if price <= WORTH_WAITING:
        return False
    stamp = stamp_of(os.stat(path))
    return wait_out([stamp], price) or not settles_in(stamp, time.time_ns())


def _own_files(path: str) -> Iterable[os.stat_result]:
    """Give the files at or below a path that have no other name."""
    if not os.path.isdir(path) or os.path.islink(path):
        yield os.lstat(path)
    for folder, _, names in os.walk(path):
        stats = (os.lstat(os.path.join(folder, name)) for name in names)
        yield from (stat for stat in stats if stat.st_nlink == 1)


def leads_into_cache(path: str, stat: os.stat_result, cache: ObjectCache) -> bool | None:
    """Tell whether a path is a symlink into the cache; None: a hard link to who knows what."""
    if S_ISLNK(stat.st_mode):
        return os.path.realpath(path).startswith(os.path.realpath(cache.folder) + "/")
    return None if S_ISREG(stat.st_mode) and stat.st_nlink > 1 else False


def linked_files(path: str) -> Iterable[tuple[str, os.stat_result]]:
    """Give the file, or the files below a folder, that are symlinks or have other names."""
    try:
        stat = os.lstat(path)
    except OSError:
        return
    if not S_ISDIR(stat.st_mode):
        if S_ISLNK(stat.st_mode) or stat.st_nlink > 1:
            yield path, stat
        return
    folders = [path]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                stat = entry.stat(follow_symlinks=False)
                if stat.st_nlink > 1 or entry.is_symlink():
                    yield entry.path, stat


def make_private(path: str) -> None:
    """Replace a link to an object by a file of its own with the same content and mtime.

    Raises:
        DataError: it cannot be written.
    """
    draft = draft_name(os.path.dirname(path))
    size = 0
    try:
        stat = os.stat(path)
        size = stat.st_size
        steadily(path, lambda _, stamp: duplicate(path, draft, stamp))
        os.chmod(draft, os.stat(draft).st_mode | (stat.st_mode & 0o111))
        os.utime(draft, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        os.rename(draft, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(draft)
        raise cannot_store(path, size, error, os.path.dirname(path)) from error
    except ChangedError as error:
        raise DataError(f"{path!r} changed while it was copied", hint="run again") from error
