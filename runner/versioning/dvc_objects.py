"""The object cache, in DVC's layout: `<cache>/files/md5/<2>/<30>`, each object mode 0444.

An object is trusted for what is known of it, never for its mode: its stamp must be the one it had
when its content was last seen to be right, or it is hashed again. One that turns out wrong is moved
to `<cache>/runner/corrupt/`.
"""

# pathlib costs too much here
from __future__ import annotations

import os
from contextlib import suppress
from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import DataError
from runner.fault_points import fault_point
from runner.versioning.dvc_hash import (
    SMALL,
    WORTH_THREADS,
    Stamp,
    hash_file,
    md5_of,
    read_small,
    signature,
    stamp_of,
)
from runner.versioning.dvc_links import (
    DRAFT,
    OBJECT_MODE,
    cannot_store,
    draft_name,
    duplicate,
    in_folder,
    write_new,
)
from runner.versioning.dvc_listing import (
    Member,
    is_oid,
    manifest_bytes,
    manifest_oid,
    read_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runner.versioning.dvc_state import StateCache


class StoredObject(NamedTuple):
    """One object of the cache; times in seconds since the epoch."""

    oid: str
    size: int
    accessed: float
    modified: float


class ObjectCache:
    """The objects of one cache directory, with what one project knows about them."""

    def __init__(self, folder: str, state: StateCache, *, shared: bool = False) -> None:
        self.folder = folder
        self._objects = f"{folder}/files/md5"
        self._state = state
        self._shared = shared

    def path(self, oid: str) -> str:
        """Give where an object lies, or would."""
        return f"{self._objects}/{oid[:2]}/{oid[2:]}"

    def take(self, source: str, stamp: Stamp) -> str:
        """Hash a file and keep its content; what is kept is what was hashed.

        Raises:
            ChangedError: the file is not, or no longer, the one of this stamp.
            DataError: the cache cannot be written.
        """
        if stamp[3] > SMALL:
            oid = md5_of(source, stamp)
            self.keep(source, stamp, oid)
            return oid
        content = read_small(source, stamp)
        oid = md5(content, usedforsecurity=False).hexdigest()
        self.keep_bytes(oid, content, source)
        return oid

    def keep(self, source: str, stamp: Stamp, oid: str) -> None:
        """Keep the content of a file whose hash is known, unless it is there and intact.

        Raises:
            ChangedError: the file is not, or no longer, the one of this stamp.
            DataError: the cache cannot be written.
        """
        if self.is_intact(oid, stamp[3]):
            return
        if stamp[3] <= SMALL:
            self.keep_bytes(oid, read_small(source, stamp), source)
            return
        draft = self._draft(oid)
        try:
            self._write(draft, lambda: duplicate(source, draft, stamp, OBJECT_MODE))
            self._publish(draft, oid)
            self._believe(oid)
        except OSError as error:
            raise cannot_store(source, stamp[3], error, self.folder) from error

    def keep_manifest(self, members: Iterable[Member]) -> tuple[str, bytes]:
        """Keep the manifest of a folder; give its hash and its bytes."""
        content = manifest_bytes(members)
        oid = manifest_oid(content)
        self.keep_bytes(oid, content, f"the manifest {oid}")
        return oid, content

    def keep_bytes(self, oid: str, content: bytes, source: str) -> None:
        """Keep content that is in memory and has this hash; `source` names it in errors.

        Raises:
            DataError: the cache cannot be written.
        """
        if self.is_intact(oid, len(content)):
            return
        draft = self._draft(oid)
        try:
            self._write(draft, lambda: write_new(draft, content, OBJECT_MODE))
            self._publish(draft, oid)
        except OSError as error:
            raise cannot_store(source, len(content), error, self.folder) from error

    def _publish(self, draft: str, oid: str) -> None:
        """Give a finished draft its name; from then on it is an object."""
        path = self.path(oid)
        fault_point("cache.before")
        try:
            self._write(path, lambda: os.rename(draft, path))
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
        fault_point("cache.after")

    def _believe(self, oid: str) -> None:
        """Remember that a large object, just written, is right.

        Its stamp has not settled, so a write within the same tick could hide; a small object is
        simply hashed when it is first needed, for a large one that would cost too much.
        """
        stat = self.stat(oid)
        if stat is not None and stat.st_size > WORTH_THREADS:
            self._state.keep_object(self.folder, oid, signature(stamp_of(stat)))

    def is_intact(self, oid: str, size: int | None = None) -> bool:
        """Tell whether one object is there and right, hashing it if that is not known."""
        return self._check(oid, size, None)

    def are_intact(self, oids: Sequence[str]) -> bool:
        """Tell whether all of these objects are there and right."""
        known = self._state.objects(self.folder, oids)
        return all(self._check(oid, None, known) for oid in oids)

    def _check(self, oid: str, size: int | None, known: dict[str, str] | None) -> bool:
        path = self.path(oid)
        try:
            stamp = stamp_of(os.stat(path))
        except OSError:
            return False
        if size is None or size == stamp[3]:
            known = self._state.objects(self.folder, [oid]) if known is None else known
            if known.get(oid) == signature(stamp):
                return True
            with suppress(DataError):
                stamp, actual, settled = hash_file(path, stamp)
                if actual == oid[:32]:
                    if settled:
                        self._state.keep_object(self.folder, oid, signature(stamp))
                    return True
        self._put_aside(oid)
        return False

    def _put_aside(self, oid: str) -> None:
        """Move an object whose content is not its name to where nobody takes it for one."""
        corrupt = f"{self.folder}/runner/corrupt"
        with suppress(OSError):
            os.makedirs(corrupt, exist_ok=True)
            target = f"{corrupt}/{oid}"
            number = 0
            while os.path.lexists(target):
                number += 1
                target = f"{corrupt}/{oid}.{number}"
            os.rename(self.path(oid), target)

    def holds(self, oid: str) -> bool:
        """Tell whether content, and for a folder all its files, is there and right."""
        if not is_oid(oid) or not self.is_intact(oid):
            return False
        if not oid.endswith(".dir"):
            return True
        return self.are_intact(list({member for member, _ in self.manifest(oid)}))

    def manifest(self, oid: str) -> list[Member]:
        """Read the (md5, path) pairs of a folder.

        Raises:
            DataError: the manifest is not in the cache, or is not one.
        """
        try:
            with open(self.path(oid), "rb") as file:
                content = file.read()
        except OSError as error:
            raise DataError(
                f"the cache {self.folder} has no manifest {oid}: {error.strerror}",
                hint="fetch it from the remote: dvc pull",
            ) from error
        if manifest_oid(content) != oid:
            self._put_aside(oid)
            raise DataError(
                f"the manifest {oid} in {self.folder} is corrupt and was moved to runner/corrupt/",
                hint="fetch it from the remote: dvc pull",
            )
        return read_manifest(content, f"{self.folder}: {oid}")

    def stat(self, oid: str) -> os.stat_result | None:
        """Give an object's stat, or None when it is not there."""
        try:
            return os.stat(self.path(oid))
        except OSError:
            return None

    def objects(self) -> Iterator[StoredObject]:
        """List the objects, whatever their content."""
        for prefix in _names(self._objects):
            for entry in _entries(f"{self._objects}/{prefix}"):
                oid = prefix + entry.name
                if is_oid(oid):
                    with suppress(FileNotFoundError):
                        stat = entry.stat()
                        yield StoredObject(oid, stat.st_size, stat.st_atime, stat.st_mtime)

    def remove(self, oids: Iterable[str]) -> int:
        """Remove objects, folders' manifests before anything else; give the bytes freed."""
        freed = 0
        for oid in sorted(oids, key=lambda name: not name.endswith(".dir")):
            stat = self.stat(oid)
            if stat is not None and is_oid(oid):
                with suppress(FileNotFoundError):
                    os.unlink(self.path(oid))
                    freed += stat.st_size if stat.st_nlink == 1 else 0
        return freed

    def remove_drafts(self, older_than: float) -> int:
        """Remove what killed processes left half written before this time; give the bytes freed."""
        freed = 0
        for prefix in _names(self._objects):
            for entry in _entries(f"{self._objects}/{prefix}"):
                with suppress(OSError):
                    if entry.name.startswith(DRAFT) and entry.stat().st_mtime < older_than:
                        freed += entry.stat().st_size
                        os.unlink(entry.path)
        return freed

    def _write(self, path: str, write: Callable[[], object]) -> None:
        in_folder(write, path, shared=self._shared)

    def _draft(self, oid: str) -> str:
        """Name a draft beside what it becomes, as DVC does: a folder for all drafts fills up."""
        return draft_name(f"{self._objects}/{oid[:2]}")


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if len(name) == 2)
    except OSError:
        return []


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []
