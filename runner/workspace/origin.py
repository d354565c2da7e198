"""Whether a `.runner` was made in this very folder, or came with a clone or a copy.

`.runner/here` holds the folder's inode, and is read-only. Git gives files neither, so that state
that somebody committed is not believed: what can be made anew goes, what steps had set aside is
kept in `.runner/foreign-N`, and records and cached outputs, which are checked when they are
read, stay. A project that was moved stays what it was.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import NoReturn

from runner.errors import WorkspaceError

MARK = "here"
MODE = 0o400
KEPT = frozenset({".gitignore", "runs", "cache"})
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_FOREIGN = "foreign-"
_REBUILT = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".json")


def refuse_foreign(runner_folder: str) -> None:
    """Make sure that what a `.runner` holds was written here; it need not be there.

    Raises:
        WorkspaceError: it is a link, or another user's.
    """
    try:
        status = os.lstat(runner_folder)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        _refuse(runner_folder, "is a link")
    if not stat.S_ISDIR(status.st_mode):
        return  # there is no state in a file; whoever wants to write some says so
    if status.st_uid != os.geteuid():
        _refuse(runner_folder, "belongs to another user")
    if not _is_marked(runner_folder, status.st_ino):
        # What cannot be written is read as it is: no step runs there, and nothing is restored.
        try:
            _begin_anew(runner_folder, status.st_ino)
        except OSError as error:
            if error.errno not in NOT_WRITABLE:
                raise


def make(runner_folder: str) -> None:
    """Make a `.runner` that is marked as made here and ignores itself."""
    os.makedirs(runner_folder, exist_ok=True)
    refuse_foreign(runner_folder)
    with suppress(FileExistsError), open(os.path.join(runner_folder, ".gitignore"), "x") as file:
        file.write("*\n")


def _refuse(runner_folder: str, what: str) -> NoReturn:
    raise WorkspaceError(
        f"{runner_folder} {what}, so what it says is not believed",
        hint=f"move it away: mv {runner_folder} {runner_folder}.other",
    )


def _is_marked(runner_folder: str, inode: int) -> bool:
    try:
        mark = os.open(os.path.join(runner_folder, MARK), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        is_ours = stat.S_IMODE(os.fstat(mark).st_mode) == MODE
        return is_ours and os.read(mark, 32) == b"%d\n" % inode
    finally:
        os.close(mark)


def _begin_anew(runner_folder: str, inode: int) -> None:
    """Clear what is not believed out of the way; of several commands at once, one does."""
    import fcntl  # noqa: PLC0415  # only once in the life of a folder

    lock = os.open(runner_folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_marked(runner_folder, inode):
            _set_aside(runner_folder)
            _mark(runner_folder, inode)
    finally:
        os.close(lock)


def _set_aside(runner_folder: str) -> None:
    import shutil  # noqa: PLC0415  # only once in the life of a folder

    names = sorted(os.listdir(runner_folder))
    number = 1
    while f"{_FOREIGN}{number}" in names:
        number += 1
    for name in names:
        place = os.path.join(runner_folder, name)
        is_link = os.path.islink(place)
        if (name in KEPT and not is_link) or name.startswith(_FOREIGN):
            continue
        if name == MARK or name.endswith(_REBUILT) or is_link:
            os.unlink(place)
        elif name == "project":
            shutil.rmtree(place)
        else:
            foreign = os.path.join(runner_folder, f"{_FOREIGN}{number}")
            os.makedirs(foreign, exist_ok=True)
            os.rename(place, os.path.join(foreign, name))


def _mark(runner_folder: str, inode: int) -> None:
    unfinished = os.path.join(runner_folder, f"{MARK}.{os.getpid()}")
    with suppress(FileNotFoundError):
        os.unlink(unfinished)
    target = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        os.fchmod(target, MODE)
        os.write(target, b"%d\n" % inode)
    finally:
        os.close(target)
    os.rename(unfinished, os.path.join(runner_folder, MARK))
