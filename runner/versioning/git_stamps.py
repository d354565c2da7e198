"""What a stat tells of a file, to see whether it is still the one that was read."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Stamp = tuple[int, int, int, int, int]
# A file may change once more, unseen, within the resolution of its times; be generous.
RACY_NS = 2_000_000_000


def stamp(path: str) -> Stamp | None:
    """Give size, mtime, ctime (ns), inode and mode; None where there is nothing."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return of(found)


def of(found: os.stat_result) -> Stamp:
    """Give the stamp of a stat that was made already."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode


def is_racy(found: Stamp, now: int) -> bool:
    """Tell whether the file is so young that an edit may leave its stamp as it is."""
    return max(found[1], found[2]) > now - RACY_NS


def digest(parts: Iterable[str]) -> str:
    """Give the sha256 of some texts, in hex; none of them may hold a NUL."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()
