"""What a folder holds, as DVC counts it, and the manifest that identifies it.

Symlinks to files are followed, symlinks to folders are not entered, empty folders do not count,
`.git`, `.hg` and `.dvc` are left out, and so is a subfolder that is a DVC repository of its own.
"""

# pathlib costs too much here
from __future__ import annotations

import json
import marshal
import os
from hashlib import md5
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import DataError
from runner.versioning.dvc_hash import Stamp, not_data, unreadable
from runner.versioning.dvc_ignore import IGNORE_FILE, Ignored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Entry = tuple[str, int, int, int, int]
Member = tuple[str, str]

ALWAYS_LEFT_OUT = frozenset({".git", ".hg", ".dvc"})
HEX = frozenset("0123456789abcdef")


class Listing(NamedTuple):
    """A folder's files, sorted: (path below the folder, inode, mtime, ctime, size).

    `pointers` are the `.dvc` files and dvc.lock files among them; `left_out` is what DVC keeps
    nothing of, although no `.dvcignore` asks for that.
    """

    entries: list[Entry]
    pointers: list[str]
    left_out: list[str]

    def signature(self) -> str:
        """Give a text that changes whenever any stamp or name below the folder does."""
        return md5(marshal.dumps(self.entries, 2), usedforsecurity=False).hexdigest()

    def stamps(self) -> list[Stamp]:
        """Give the files' stamps."""
        return [entry[1:] for entry in self.entries]

    def size(self) -> int:
        """Give the sum of the files' sizes in bytes."""
        return sum(entry[4] for entry in self.entries)


def list_folder(top: str, ignored: Ignored | None, left_out: str = "") -> Listing:
    """List what DVC sees in an absolute folder; `left_out` is one absolute folder to skip.

    Raises:
        DataError: a broken symlink, a `.dvcignore` inside, something that is no file, or
            something that cannot be read.
    """
    found: list[Entry] = []
    lost: list[str] = []
    folders = [(top, "")]
    while folders:
        folder, prefix = folders.pop()
        files: list[Entry] = []
        try:
            inside = _list_one(folder, prefix, files, ignored, lost)
        except FileNotFoundError:
            if folder == top:
                raise
            continue
        except OSError as error:
            raise unreadable(folder, error) from error
        if inside is None or not (inside or files or folder == top):
            lost.append(prefix)
        else:
            found += files
            folders += [below for below in inside if below[0] != left_out]
    found.sort()
    names = [entry[0] for entry in found]
    pointers = [name for name in names if name[-4:] == ".dvc" or name[-8:] == "dvc.lock"]
    return Listing(found, pointers, sorted(lost))


def _list_one(
    folder: str, prefix: str, files: list[Entry], ignored: Ignored | None, lost: list[str]
) -> list[tuple[str, str]] | None:
    """Add a folder's own files and give its subfolders; None when it is a repository itself."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name == ".dvc" and prefix:
                return None
            is_folder = entry.is_dir()
            if name in ALWAYS_LEFT_OUT and (is_folder or name == ".git"):
                lost.append(prefix + name)
                continue
            if ignored and ignored(entry.path, is_folder):
                continue
            if not is_folder:
                stat = _stat_of(entry)
                files.append(
                    (prefix + name, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
                )
            elif not entry.is_symlink():
                folders.append((entry.path, f"{prefix}{name}/"))
            else:
                lost.append(prefix + name)
    return folders


def _stat_of(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        stat = entry.stat()
    except FileNotFoundError as error:
        raise broken_link(entry.path) from error
    if not S_ISREG(stat.st_mode):
        raise not_data(entry.path)
    if entry.name == IGNORE_FILE:
        raise DataError(
            f"{entry.path} lies inside a folder that is data, where DVC allows no {IGNORE_FILE}",
            hint=f"move its patterns to a {IGNORE_FILE} above the folder",
        )
    return stat


def broken_link(path: str) -> DataError:
    """Say that a symlink leads nowhere (or that the file vanished while it was listed)."""
    try:
        target = os.readlink(path)
    except OSError:
        return DataError(f"{path!r} vanished while it was read", hint="run the same command again")
    return DataError(
        f"{path!r} is a symlink to {target!r}, which does not exist",
        hint="restore what it points to, or remove the link",
    )


def manifest_bytes(members: Iterable[Member]) -> bytes:
    """Write (md5, path) pairs as the JSON that DVC keeps for a folder."""
    rows = sorted(members, key=lambda member: member[1])
    listed = [{"md5": oid, "relpath": path} for oid, path in rows]
    return json.dumps(listed, sort_keys=True).encode()


def manifest_oid(content: bytes) -> str:
    """Give the `.dir` hash of a manifest."""
    return md5(content, usedforsecurity=False).hexdigest() + ".dir"


def read_manifest(content: bytes, name: str) -> list[Member]:
    """Read a manifest that may come from anywhere.

    Raises:
        DataError: it is no manifest, or names a path that leaves the folder.
    """
    try:
        rows = json.loads(content)
        members = [(row["md5"], row["relpath"]) for row in rows]
        safe = all(is_oid(oid) and is_inside(path) for oid, path in members)
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        safe, members = False, []
    if not safe:
        raise DataError(
            f"{name} is not the manifest of a folder, or names paths outside of it",
            hint="remove the object and fetch it again: dvc pull",
        )
    return members


def is_oid(text: str) -> bool:
    """Tell whether a text is an md5, of a file or (with `.dir`) of a folder."""
    return len(text.removesuffix(".dir")) == 32 and HEX.issuperset(text.removesuffix(".dir"))


def is_inside(path: str) -> bool:
    """Tell whether a relative path stays where it starts."""
    parts = path.split("/")
    return "\0" not in path and not any(part in {"", ".", ".."} for part in parts)


def select(members: Sequence[Member], prefix: str) -> list[Member]:
    """Give the members below a folder of the manifest, with paths relative to that folder."""
    start = prefix + "/"
    return [(oid, path[len(start) :]) for oid, path in members if path.startswith(start)]
