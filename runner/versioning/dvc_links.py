"""Ways to have a file's content at another path: clone, link, copy, and swap into place.

Nothing here knows of hashes. Temporary files are removed when anything fails.
"""

# pathlib costs too much here
from __future__ import annotations

import errno
import os
from contextlib import suppress
from stat import S_ISDIR
from typing import TYPE_CHECKING

from runner.errors import DataError
from runner.versioning.dvc_hash import BLOCK, ChangedError, Stamp, stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable

FICLONE = 0x40049409
OBJECT_MODE = 0o444
GROUP_MODE = 0o2775
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_HERE = frozenset(
    {errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOTTY, errno.EPERM,
     errno.EMLINK, errno.EACCES}
)  # fmt: skip
DRAFT = ".runner-"
EXCHANGE = 2
AT_FDCWD = -100

_cannot_clone: set[int] = set()
_counter = iter(range(1 << 62))


def write_new(path: str, content: bytes, mode: int | None = None) -> os.stat_result:
    """Create a file with exactly this content; `mode` None: what a new file gets here."""
    descriptor = _create(path)
    try:
        _write_all(descriptor, memoryview(content))
        if mode is not None:
            os.fchmod(descriptor, mode)
        return os.fstat(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def duplicate(
    source: str, target: str, stamp: Stamp, mode: int | None = None, *, clone: bool = True
) -> None:
    """Create `target` with the content `source` has at this stamp: a clone if it can be, or a copy.

    Raises:
        ChangedError: the source is not, or no longer, the file of this stamp.
        OSError: it cannot be written; nothing is left behind then.
    """
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = _create(target)
        try:
            if not (clone and _clone(reading, writing)):
                _copy(reading, writing)
            if mode is not None:
                os.fchmod(writing, mode)
            _require_same(reading, writing, stamp)
        except BaseException:
            os.unlink(target)
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _require_same(reading: int, writing: int, stamp: Stamp) -> None:
    if stamp_of(os.fstat(reading)) != stamp or os.fstat(writing).st_size != stamp[3]:
        raise ChangedError


def link_clone(source: str, target: str) -> bool:
    """Create `target` as a clone that shares blocks; False, and no file, where that cannot be."""
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(reading).st_dev in _cannot_clone:
            return False
        writing = _create(target)
        cloned = False
        try:
            cloned = _clone(reading, writing)
        finally:
            os.close(writing)
            if not cloned:
                os.unlink(target)
    finally:
        os.close(reading)
    return cloned


def _create(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _clone(reading: int, writing: int) -> bool:
    device = os.fstat(writing).st_dev
    if device in _cannot_clone:
        return False
    import fcntl  # noqa: PLC0415  # once per device where cloning does not work

    try:
        fcntl.ioctl(writing, FICLONE, reading)
    except OSError as error:
        if error.errno in FULL:
            raise
        _cannot_clone.add(device)
        return False
    return True


def _copy(reading: int, writing: int) -> None:
    try:
        while os.copy_file_range(reading, writing, BLOCK * 64):
            pass
    except OSError as error:
        if error.errno not in NOT_HERE:
            raise
    # What the kernel could not copy from one to the other is read and written; after a whole copy
    # this reads one empty block (some file systems report a copied length of zero, and no error).
    block = memoryview(bytearray(BLOCK))
    while count := os.readv(reading, [block]):
        _write_all(writing, block[:count])


def _write_all(descriptor: int, content: memoryview) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def link_hard(source: str, target: str) -> bool:
    """Create `target` as another name of `source`; False where that cannot be."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in NOT_HERE:
            return False
        raise
    return True


def link_soft(source: str, target: str) -> bool:
    """Create `target` as a symlink to `source`; False where that cannot be."""
    try:
        os.symlink(source, target)
    except OSError as error:
        if error.errno in NOT_HERE:
            return False
        raise
    return True


def in_folder(write: Callable[[], object], path: str, *, shared: bool) -> None:
    """Write at `path`, making its folder only when it turns out to be missing."""
    try:
        write()
    except FileNotFoundError:
        make_folder(os.path.dirname(path), shared=shared)
        write()


def make_folder(folder: str, *, shared: bool) -> None:
    """Make a folder of the cache with those above it; `shared`: writable for the group, as DVC."""
    if not shared:
        os.makedirs(folder, exist_ok=True)
        return
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        with suppress(FileExistsError):
            os.mkdir(path)
        with suppress(PermissionError):
            os.chmod(path, GROUP_MODE)


def draft_name(folder: str) -> str:
    """Give a path in `folder` that nobody else uses."""
    return f"{folder}/{DRAFT}{os.getpid():x}-{next(_counter):x}-{os.urandom(4).hex()}"


def move_into_place(draft: str, target: str) -> None:
    """Put `draft` at `target` in one move, and remove what was there."""
    try:
        there = os.lstat(target)
    except FileNotFoundError:
        os.rename(draft, target)
        return
    new_is_folder = S_ISDIR(os.lstat(draft).st_mode)
    if not S_ISDIR(there.st_mode) and not new_is_folder:
        os.rename(draft, target)
        return
    if not _exchange(draft, target):
        aside = draft + ".old"
        os.rename(target, aside)
        try:
            os.rename(draft, target)
        except BaseException:
            os.rename(aside, target)
            raise
        draft = aside
    remove_tree(draft)


def _exchange(one: str, other: str) -> bool:
    """Swap two paths atomically; False where the system cannot."""
    import ctypes  # noqa: PLC0415  # only when a folder replaces something

    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(swap(AT_FDCWD, names[0], AT_FDCWD, names[1], EXCHANGE) == 0)


def remove_tree(path: str) -> None:
    """Remove a file or a folder with all it holds, read-only folders too."""
    if os.path.islink(path) or not os.path.isdir(path):
        with suppress(FileNotFoundError):
            os.unlink(path)
        return
    import shutil  # noqa: PLC0415  # only when a folder is removed

    with suppress(OSError):
        for folder, _, _ in os.walk(path):
            os.chmod(folder, 0o700)
    shutil.rmtree(path)


def cannot_store(path: str, size: int, error: OSError, where: str) -> DataError:
    """Say why content could not be written."""
    if error.errno in FULL:
        return DataError(
            f"{path!r} ({size} bytes) cannot be written: no space left on the disk of {where}",
            hint=f"free at least {size} bytes there (`df -h {where}`, `runner gc`), then run again",
        )
    return DataError(
        f"{path!r} cannot be written in {where}: {error.strerror or error}",
        hint=f"check who may write there: ls -ld {where}",
    )
