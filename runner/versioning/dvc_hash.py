"""MD5 of files, and how far a file's stat can be trusted to say that it is unchanged.

A stamp is (inode, mtime, ctime, size), times in nanoseconds. Equal stamps mean equal content,
except for a file that was hashed within the same tick of the file system's clock in which it
was written: a later write in that tick leaves no trace. Such a file is racy, and its hash is
not remembered. Where hashing twice would cost more than the rest of the tick, we wait first.
"""

# pathlib costs too much here
from __future__ import annotations

import os
import time
from _thread import allocate_lock
from hashlib import md5
from stat import S_ISREG
from typing import TYPE_CHECKING, TypeVar

from runner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Stamp = tuple[int, int, int, int]
Job = tuple[str, Stamp]
Hashed = tuple[Stamp, str, bool]
Read = TypeVar("Read")

TINY = 64 << 10
SMALL = 1 << 20
WORTH_THREADS = 4 << 20
BLOCK = 1 << 20
SECOND = 1_000_000_000
FINE_WINDOW = 20_000_000
COARSE_WINDOW = 2 * SECOND
HASH_RATE = 700_000_000
FILE_COST = 15_000
TRIES = 3
# Clones that share a cache by hard links change the ctime of its objects as they come and go.
RELINKED = 1000


class ChangedError(Exception):
    """A file is not, or no longer, the one whose stamp was taken."""


def stamp_of(stat: os.stat_result) -> Stamp:
    """Give what identifies a state of a file without reading it."""
    return (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)


def signature(stamp: Stamp) -> str:
    """Write a stamp as the text the state cache keeps."""
    return f"{stamp[0]} {stamp[1]} {stamp[2]} {stamp[3]}"


def settles_in(stamp: Stamp, now: int) -> int:
    """Tell for how many more nanoseconds a write could leave the stamp as it is; 0: it cannot.

    A file system that shows whole seconds only gets a window of two seconds. An mtime that lies
    clearly ahead was set by hand and says nothing about now.
    """
    _, changed, touched, _ = stamp
    window = FINE_WINDOW if touched % SECOND else COARSE_WINDOW
    newest = touched if changed > now + COARSE_WINDOW else max(changed, touched)
    return max(0, newest + window - now)


def cost(size: int, count: int) -> int:
    """Estimate the nanoseconds that hashing so many bytes in so many files takes."""
    return size * SECOND // HASH_RATE + count * FILE_COST


def wait_out(stamps: Sequence[Stamp], price: int) -> bool:
    """Sleep until the youngest stamp has settled, when that is cheaper than `price`.

    Returns:
        Whether it slept, in which case the stamps should be taken again.
    """
    if price < FINE_WINDOW // 4:
        return False
    now = time.time_ns()
    left = max((settles_in(stamp, now) for stamp in stamps), default=0)
    if not 0 < left < min(price, COARSE_WINDOW + SECOND):
        return False
    time.sleep(left / SECOND)
    return True


def read_small(path: str, stamp: Stamp) -> bytes:
    """Read a whole small file.

    Raises:
        ChangedError: it is not the file of this stamp, before or after reading.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, stamp[3] + 1)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if stamp_of(after) != stamp or len(data) != stamp[3]:
        raise ChangedError
    return data


def md5_of(path: str, stamp: Stamp) -> str:
    """Hash the file that has this stamp.

    Raises:
        ChangedError: it is not the file of this stamp, before or after reading.
    """
    if stamp[3] <= SMALL:
        return md5(read_small(path, stamp), usedforsecurity=False).hexdigest()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        value = md5_of_descriptor(descriptor)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if stamp_of(after) != stamp:
        raise ChangedError
    return value


def md5_of_descriptor(descriptor: int) -> str:
    """Hash from the descriptor's position to the end."""
    digest = md5(usedforsecurity=False)
    block = memoryview(bytearray(BLOCK))
    while count := os.readv(descriptor, [block]):
        digest.update(block[:count])
    return digest.hexdigest()


def hash_file(path: str, stamp: Stamp, digest: Callable[[str, Stamp], str] = md5_of) -> Hashed:
    """Hash a file, again if it changed meanwhile; `digest` does the reading.

    Returns:
        The stamp the hash belongs to, the hash, and whether the stamp had settled, so that the
        same stamp will mean the same content.

    Raises:
        DataError: the file keeps changing, or cannot be read.
    """
    changes = 0
    try:
        for _ in range(RELINKED):
            if wait_out([stamp], cost(stamp[3], 0)):
                stamp = regular_stamp(path)
            settled = not settles_in(stamp, time.time_ns())
            try:
                return stamp, digest(path, stamp), settled
            except ChangedError:
                before, stamp = stamp, regular_stamp(path)
                changes += not is_relinked(before, stamp)
                if changes == TRIES:
                    break
    except OSError as error:
        raise unreadable(path, error) from error
    raise DataError(
        f"{path} keeps changing while it is read",
        hint="stop what writes to it, then run the same command again",
    )


def steadily(path: str, read: Callable[[str, Stamp], Read]) -> Read:
    """Read a file, again as often as somebody else meanwhile only gave it or took it a name.

    Raises:
        ChangedError: its content may have changed while it was read.
        OSError: it cannot be read.
    """
    stamp = stamp_of(os.stat(path))
    for _ in range(RELINKED):
        try:
            return read(path, stamp)
        except ChangedError:
            before, stamp = stamp, stamp_of(os.stat(path))
            if not is_relinked(before, stamp):
                raise
    raise ChangedError


def is_relinked(before: Stamp, after: Stamp) -> bool:
    """Tell whether two stamps differ as those of a file do whose names or mode have changed."""
    return before[:2] == after[:2] and before[3] == after[3]


def regular_stamp(path: str) -> Stamp:
    """Take the stamp of a regular file, through symlinks."""
    stat = os.stat(path)
    if not S_ISREG(stat.st_mode):
        raise not_data(path)
    return stamp_of(stat)


def hash_files(jobs: Sequence[Job], digest: Callable[[str, Stamp], str] = md5_of) -> list[Hashed]:
    """Hash files in the order given, on all cores those in which hashing outweighs the rest."""
    results: list[Hashed | None] = [None] * len(jobs)
    large = [index for index, (_, stamp) in enumerate(jobs) if stamp[3] > TINY]
    if len(large) < 2 or sum(jobs[index][1][3] for index in large) <= WORTH_THREADS:
        return [hash_file(path, stamp, digest) for path, stamp in jobs]
    for index, (path, stamp) in enumerate(jobs):
        if stamp[3] <= TINY:
            results[index] = hash_file(path, stamp, digest)

    def hash_one(index: int) -> None:
        results[index] = hash_file(*jobs[index], digest)

    on_all_cores(hash_one, sorted(large, key=lambda index: -jobs[index][1][3]))
    return [result for result in results if result is not None]


def on_all_cores(work: Callable[[int], None], indexes: Sequence[int]) -> None:
    """Call `work` with each index from as many threads as there are cores; raise an error of it."""
    from threading import Thread  # noqa: PLC0415  # only when there is enough to hash

    waiting = list(reversed(indexes))
    errors: list[BaseException] = []
    lock = allocate_lock()

    def drain() -> None:
        while True:
            with lock:
                if errors or not waiting:
                    return
                index = waiting.pop()
            try:
                work(index)
            except BaseException as error:  # noqa: BLE001  # raised again below, in the caller
                errors.append(error)

    helpers = min(len(os.sched_getaffinity(0)), len(indexes)) - 1
    threads = [Thread(target=drain, daemon=True) for _ in range(helpers)]
    for thread in threads:
        thread.start()
    drain()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def unreadable(path: str, error: OSError | ValueError) -> DataError:
    """Say that a path cannot be read, and why."""
    reason = getattr(error, "strerror", None) or str(error)
    return DataError(
        f"{path!r} cannot be read: {reason}",
        hint="check that the path exists and that you may read it: ls -ld " + _quoted(path),
    )


def not_data(path: str) -> DataError:
    """Say that a path is neither a file nor a folder."""
    return DataError(
        f"{path!r} is neither a file nor a folder (a pipe, a socket or a device): it is no data",
        hint="take it out of deps and outs",
    )


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
