"""The data versions of paths in the workspace: what is known is believed, the rest is read."""

# pathlib costs too much here
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from runner.core.model import DataVersion
from runner.errors import DataError
from runner.versioning.dvc_hash import (
    Hashed,
    Job,
    Stamp,
    hash_files,
    md5_of,
    not_data,
    signature,
    stamp_of,
    unreadable,
)
from runner.versioning.dvc_listing import (
    Listing,
    broken_link,
    list_folder,
    manifest_bytes,
    manifest_oid,
)
from runner.versioning.dvc_state import Known, Members, StateCache

if TYPE_CHECKING:
    from runner.versioning.dvc_ignore import IgnoreFiles
    from runner.versioning.dvc_objects import ObjectCache

Digest = Callable[[str, Stamp], str]


class Folder(NamedTuple):
    """A folder whose hash is not known: its files, and what is known of some of them."""

    name: str
    path: str
    listing: Listing
    members: Members

    def unknown(self) -> list[Job]:
        """Give the files whose hash is not known."""
        return [
            (f"{self.path}/{entry[0]}", entry[1:])
            for entry in self.listing.entries
            if self.member(entry[0], entry[1:]) is None
        ]

    def member(self, name: str, stamp: Stamp) -> str | None:
        """Give the md5 of one file if it is known for this stamp."""
        known = self.members.get(name)
        return known[1] if known is not None and known[0] == signature(stamp) else None


class Workspace:
    """Hashes the paths of one project, which are relative to its folder."""

    def __init__(self, project: str, state: StateCache, ignore_files: IgnoreFiles) -> None:
        self._project = project
        self._state = state
        self._ignore_files = ignore_files
        self._pointers: dict[str, list[str]] = {}
        self._left_out: dict[str, list[str]] = {}

    def versions(self, paths: Iterable[str]) -> dict[str, DataVersion | None]:
        """Hash each path as DVC does; None where there is nothing.

        Raises:
            DataError: something there is no data, cannot be read, or keeps changing.
        """
        names = list(paths)
        known = self._state.paths(names)
        found: dict[str, DataVersion | None] = dict.fromkeys(names)
        files: list[tuple[str, Job]] = []
        folders: list[Folder] = []
        for name in found:
            path = self.absolute(name)
            stat = self._stat(path)
            if stat is None:
                continue
            row = known.get(name)
            if S_ISDIR(stat.st_mode):
                folder = self._look_into(name, path, row)
                if folder is None and row is not None:
                    found[name] = DataVersion(name, row.md5, row.size, row.nfiles)
                elif folder is not None:
                    folders.append(folder)
                continue
            stamp = stamp_of(stat)
            if row is not None and row.nfiles is None and row.signature == signature(stamp):
                found[name] = DataVersion(name, row.md5, row.size)
            else:
                files.append((name, (path, stamp)))
        if files or folders:
            self._hash(files, folders, found)
        return found

    def put(self, name: str, cache: ObjectCache) -> DataVersion:
        """Hash a path and keep its content in the cache.

        Raises:
            DataError: there is nothing, it cannot be read, or the cache cannot be written.
        """
        path = self.absolute(name)
        stat = self._stat(path)
        if stat is None:
            raise DataError(f"{name!r} does not exist", hint=f"ls -ld {path}")
        if not S_ISDIR(stat.st_mode):
            stamp = stamp_of(stat)
            ((stamp, oid, settled),) = hash_files([(path, stamp)], cache.take)
            self._learn_file(name, (stamp, oid, settled))
            return DataVersion(name, oid, stamp[3], kind="out")
        listing = self._list(name, path)
        folder = Folder(name, path, listing, self._state.members(name))
        return self._put_folder(folder, cache)

    def _put_folder(self, folder: Folder, cache: ObjectCache) -> DataVersion:
        known = {
            f"{folder.path}/{entry[0]}": oid
            for entry in folder.listing.entries
            if (oid := folder.member(entry[0], entry[1:])) is not None
        }

        def keep(path: str, stamp: Stamp) -> str:
            oid = known.pop(path, None)
            if oid is None:
                return cache.take(path, stamp)
            cache.keep(path, stamp, oid)
            return oid

        jobs = [(f"{folder.path}/{entry[0]}", entry[1:]) for entry in folder.listing.entries]
        version, content = self._conclude(folder, hash_files(jobs, keep), all_hashed=True)
        cache.keep_bytes(version.md5, content, folder.path)
        return version._replace(kind="out")

    def absolute(self, name: str) -> str:
        """Give the absolute path of a path of the project."""
        return os.path.normpath(f"{self._project}/{name}" if name[:1] != "/" else name)

    def pointers(self, name: str) -> list[str] | None:
        """Give the `.dvc` and dvc.lock files seen in a folder when it was hashed, if it was."""
        return self._pointers.get(name)

    def left_out(self, name: str) -> list[str]:
        """Give what no version of a folder holds, as it was when the folder was hashed."""
        return self._left_out.get(name, [])

    def believe(self, name: str, oid: str, members: Iterable[tuple[str, str]]) -> None:
        """Remember a path that was just restored and has settled, without reading it again."""
        path = self.absolute(name)
        stat = self._stat(path)
        if stat is None:
            return
        if not S_ISDIR(stat.st_mode):
            self._learn_file(name, (stamp_of(stat), oid, True))
            return
        by_path = {relative: member for member, relative in members}
        listing = self._list(name, path)
        if len(listing.entries) == len(by_path):
            hashed = [(entry[1:], by_path.get(entry[0], ""), True) for entry in listing.entries]
            self._conclude(Folder(name, path, listing, {}), hashed, all_hashed=True)

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            stat = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(path) and not _was_object(path):
                raise broken_link(path) from None
            return None
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        if not S_ISREG(stat.st_mode) and not S_ISDIR(stat.st_mode):
            raise not_data(path)
        return stat

    def _list(self, name: str, path: str) -> Listing:
        ignored = self._ignore_files.above(path)
        try:
            listing = list_folder(path, ignored, f"{self._project}/.runner")
        except OSError as error:
            raise unreadable(path, error) from error
        self._pointers[name] = listing.pointers
        self._left_out[name] = listing.left_out
        return listing

    def _look_into(self, name: str, path: str, row: Known | None) -> Folder | None:
        """List a folder; None when it is as the row says."""
        listing = self._list(name, path)
        if row is not None and row.nfiles is not None and row.signature == listing.signature():
            return None
        return Folder(name, path, listing, self._state.members(name))

    def _hash(
        self,
        files: Sequence[tuple[str, Job]],
        folders: Sequence[Folder],
        found: dict[str, DataVersion | None],
    ) -> None:
        """Hash what is not known, all in one go so that all cores have work."""
        jobs = [job for _, job in files]
        parts = [folder.unknown() for folder in folders]
        hashed = hash_files([*jobs, *(job for part in parts for job in part)], md5_of)
        for (name, _), result in zip(files, hashed, strict=False):
            found[name] = self._learn_file(name, result)
        start = len(jobs)
        for folder, part in zip(folders, parts, strict=True):
            results = hashed[start : start + len(part)]
            found[folder.name], _ = self._conclude(folder, results)
            start += len(part)

    def _learn_file(self, name: str, hashed: Hashed) -> DataVersion:
        stamp, oid, settled = hashed
        if settled:
            self._state.keep_path(name, Known(signature(stamp), oid, stamp[3], None))
        return DataVersion(name, oid, stamp[3])

    def _conclude(
        self, folder: Folder, hashed: Sequence[Hashed], *, all_hashed: bool = False
    ) -> tuple[DataVersion, bytes]:
        """Make a folder's version of its files' hashes, in their order, and remember it.

        `hashed` has the files whose hash was not known, or with `all_hashed` all of them.
        """
        results = iter(hashed)
        members: list[tuple[str, str]] = []
        learnt: Members = {}
        settled, size = True, 0
        for entry in folder.listing.entries:
            name, stamp = entry[0], entry[1:]
            oid = None if all_hashed else folder.member(name, stamp)
            if oid is None:
                now, oid, is_settled = next(results)
                settled = settled and is_settled and now == stamp
                stamp = now
            else:
                is_settled = True
            if is_settled:
                learnt[name] = [signature(stamp), oid]
            members.append((oid, name))
            size += stamp[3]
        content = manifest_bytes(members)
        version = DataVersion(folder.name, manifest_oid(content), size, len(members))
        self._state.keep_members(folder.name, learnt)
        if settled:
            mark = folder.listing.signature()
            self._state.keep_path(folder.name, Known(mark, version.md5, size, len(members)))
        return version, content


def _was_object(link: str) -> bool:
    """Tell whether a broken symlink led to an object of a DVC cache that is gone."""
    return "/files/md5/" in os.readlink(link)
