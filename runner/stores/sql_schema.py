"""The tables of the index, and how it comes into being.

The index is made aside, filled from the records and moved into place under a lock, so any
number of processes may find that there is none, or that it is damaged, foreign, or of another
version: one of them makes it, the others wait. It is in WAL mode from the start, because
switching an open database to WAL fails at once when others have it open.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSION = 0x52554E01  # kept as user_version: "RUN", and a number that goes up with the tables
PATIENCE = 30.0  # seconds to wait for another writer
NOT_WRITABLE = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
LEAST_ROOM = 1 << 16  # SQLite's own files beside the index take that much
NOT_OURS = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
COMPANIONS = ("-wal", "-shm", "-journal")
ROOM = "make room or the folder writable; nothing that was recorded is lost"

TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    record_id TEXT, "commit" TEXT, data_version TEXT, plan_id TEXT, result_id TEXT,
    status TEXT, entry_point TEXT, dirty TEXT, started TEXT, rerun_of TEXT, verdict TEXT,
    seconds REAL,
    kind TEXT,
    summary TEXT NOT NULL
);
CREATE INDEX runs_newest ON runs (started, run_id);
CREATE INDEX runs_plan ON runs (plan_id, "commit", started, run_id);
CREATE TABLE facts (
    run INTEGER NOT NULL,
    field TEXT NOT NULL,
    number REAL,
    text TEXT,
    PRIMARY KEY (run, field)
) WITHOUT ROWID;
CREATE TABLE step_states (
    step TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    step_key TEXT NOT NULL,
    outputs TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX step_states_run ON step_states (run_id);
"""


def open_index(path: str, fill: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Open the index, making it first if there is none that can be used.

    `fill` writes all records into the empty tables.

    Raises:
        StoreError: it can neither be opened nor made.
    """
    with sqlite_errors(path):
        connection = _open(path)
        if connection is None:
            with _lock(path):
                connection = _open(path) or _make(path, fill)
        return connection


def open_to_read(path: str, error: StoreError) -> sqlite3.Connection:
    """Open an index of which nobody can write a byte, and which is at rest, to read it only.

    SQLite wants to write even then: in a folder that is read-only, or on a full disk.

    Raises:
        StoreError: the one given: it tells of something else, or the index is not at rest.
    """
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    log = path + COMPANIONS[0]
    if code not in NOT_WRITABLE or (os.path.exists(log) and os.path.getsize(log)):
        raise error
    from urllib.parse import quote  # noqa: PLC0415  # only here

    address = f"file:{quote(path)}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError:
        found = None
    if found != VERSION:
        connection.close()
        raise error
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error says that the file is no sound database."""
    return _code(error) in NOT_OURS


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
    """Say what went wrong with the index in words.

    Raises:
        StoreError: the disk is full, the folder is not writable, somebody writes for too long …
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the index of runs cannot be used: {_reason(error, path)} ({path})", hint=ROOM
        ) from error


def _reason(error: sqlite3.Error | OSError, path: str) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if _code(error) in NOT_WRITABLE and _free(os.path.dirname(path)) < LEAST_ROOM:
        return "no space left on the disk"
    return str(error)


def _free(folder: str) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        return LEAST_ROOM
    return found.f_bavail * found.f_frsize


def set_aside(path: str) -> None:
    """Move an index that cannot be used out of the way, with what SQLite keeps beside it."""
    with _lock(path):
        if _is_usable_throughout(path):
            return
        _move_away(path)


def _open(path: str) -> sqlite3.Connection | None:
    if not os.path.exists(path):
        return None
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        if is_damage(error):
            return None
        raise
    if found != VERSION:
        connection.close()
        return None
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _make(path: str, fill: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    draft = path + ".new"
    _remove(draft)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT")
        fill(connection)
    finally:
        connection.close()
    _move_away(path)
    os.rename(draft, path)
    made = _open(path)
    assert made is not None, "nobody else moves the index while it is locked"
    return made


def _is_usable_throughout(path: str) -> bool:
    connection = _open(path)
    if connection is None:
        return False
    try:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return bool(answer == "ok")


def _move_away(path: str) -> None:
    if os.path.exists(path):
        os.rename(path, path + ".unusable")
    for ending in COMPANIONS:
        _remove_one(path + ending)


def _remove(path: str) -> None:
    for ending in ("", *COMPANIONS):
        _remove_one(path + ending)


def _remove_one(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


@contextmanager
def _lock(path: str) -> Iterator[None]:
    descriptor = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
