"""What is known about files without reading them: `.runner/state.sqlite`.

It is a cache: lost, corrupt, locked or unwritable, it only costs time. A row is written only when
its stamp had settled (`dvc_hash`), so a row whose signature matches can be believed. The database
is made under another name and linked into place, so any number of first starts can race.
"""

# pathlib costs too much here
from __future__ import annotations

import json
import os
from _thread import allocate_lock
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

VERSION = 1
BATCH = 30_000
WAIT = 5.0
SCHEMA = f"""
CREATE TABLE paths (
    path BLOB PRIMARY KEY, signature TEXT, md5 TEXT, size INTEGER, nfiles INTEGER
) WITHOUT ROWID;
CREATE TABLE members (path BLOB PRIMARY KEY, document TEXT);
CREATE TABLE objects (
    cache BLOB, oid TEXT, signature TEXT, PRIMARY KEY (cache, oid)
) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


class Known(NamedTuple):
    """The hash a path had when its signature was this one; `nfiles` is None for a file."""

    signature: str
    md5: str
    size: int
    nfiles: int | None


Members = dict[str, list[str]]


class StateCache:
    """The state cache of one project; nothing is opened or made before it is needed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._file = os.path.join(folder, "state.sqlite")
        self._lock = allocate_lock()
        self._database: sqlite3.Connection | None = None
        self._off = False
        self._paths: dict[str, Known] = {}
        self._members: dict[str, Members] = {}
        self._objects: dict[tuple[str, str], str] = {}

    def paths(self, names: Sequence[str]) -> dict[str, Known]:
        """Give what is known of each path, in one query."""
        with self._lock:
            rows = self._select(
                "SELECT path, signature, md5, size, nfiles FROM paths WHERE path IN",
                [os.fsencode(name) for name in names],
            )
            known = {os.fsdecode(row[0]): Known._make(row[1:]) for row in rows}
            if self._paths:
                known.update((name, self._paths[name]) for name in names if name in self._paths)
            return known

    def members(self, name: str) -> Members:
        """Give signature and md5 of the files of a folder, by their path below it."""
        with self._lock:
            if name in self._members:
                return self._members[name]
            rows = self._select("SELECT document FROM members WHERE path IN", [os.fsencode(name)])
        try:
            return {path: [str(a), str(b)] for path, (a, b) in json.loads(rows[0][0]).items()}
        except (IndexError, TypeError, ValueError, AttributeError):
            return {}

    def objects(self, cache: str, oids: Sequence[str]) -> dict[str, str]:
        """Give the signature each object had when its content was last known to be right."""
        with self._lock:
            rows = self._select(
                "SELECT oid, signature FROM objects WHERE cache = ? AND oid IN",
                list(oids),
                os.fsencode(cache),
            )
            known = {str(oid): str(signature) for oid, signature in rows}
            if self._objects:
                fresh = ((oid, self._objects.get((cache, oid))) for oid in oids)
                known.update((oid, text) for oid, text in fresh if text is not None)
            return known

    def keep_path(self, name: str, known: Known) -> None:
        """Remember what a path holds, from the next flush on for good."""
        self._paths[name] = known

    def keep_members(self, name: str, members: Members) -> None:
        """Remember what a folder's files hold."""
        self._members[name] = members

    def keep_object(self, cache: str, oid: str, signature: str) -> None:
        """Remember that an object's content is right."""
        self._objects[cache, oid] = signature

    def flush(self) -> None:
        """Write what was learnt, in one transaction."""
        with self._lock:
            paths, self._paths = self._paths, {}
            members, self._members = self._members, {}
            objects, self._objects = self._objects, {}
            if not (paths or members or objects):
                return
            if self._database is None and not os.path.exists(self._file):
                self._create()
            self._write(paths, members, objects)

    def close(self) -> None:
        """Flush and let go of the file; harmless when repeated."""
        self.flush()
        with self._lock:
            self._disconnect()

    def _write(
        self,
        paths: dict[str, Known],
        members: dict[str, Members],
        objects: dict[tuple[str, str], str],
    ) -> None:
        documents = [
            (os.fsencode(name), json.dumps(document, separators=(",", ":")))
            for name, document in members.items()
        ]
        try:
            database = self._connect()
            if database is None:
                return
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?, ?)",
                ((os.fsencode(name), *known) for name, known in paths.items()),
            )
            database.executemany("INSERT OR REPLACE INTO members VALUES (?, ?)", documents)
            database.executemany(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?)",
                ((os.fsencode(cache), oid, text) for (cache, oid), text in objects.items()),
            )
            database.execute("COMMIT")
        except _database_error() as error:
            self._recover(error)

    def _select(
        self, query: str, values: Sequence[object], *before: object
    ) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        try:
            database = self._connect()
            if database is None:
                return []
            for start in range(0, len(values), BATCH):
                part = values[start : start + BATCH]
                marks = ",".join("?" * len(part))
                rows += database.execute(f"{query} ({marks})", (*before, *part)).fetchall()
        except _database_error() as error:
            self._recover(error)
            return []
        return rows

    def _connect(self) -> sqlite3.Connection | None:
        """Open the database if it is there and of this version."""
        if self._database is None and not self._off and os.path.exists(self._file):
            self._database = _open(self._file)
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                self._replace()
        return self._database

    def _recover(self, error: Exception) -> None:
        """Put a corrupt database away; do without one that is locked or cannot be written."""
        import sqlite3  # noqa: PLC0415  # kept off the path of runs that need no state

        if not isinstance(error, sqlite3.Error | sqlite3.Warning | OverflowError | UnicodeError):
            raise error
        self._disconnect()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError | sqlite3.IntegrityError
        ):
            self._replace()
        else:
            self._off = True

    def _disconnect(self) -> None:
        if self._database is not None:
            database, self._database = self._database, None
            import sqlite3  # noqa: PLC0415  # loaded already when a connection is open

            with suppress(sqlite3.Error):
                database.close()

    def _create(self) -> None:
        """Make an empty database, unless somebody else is faster."""
        import sqlite3  # noqa: PLC0415  # kept off the path of runs that need no state

        draft = f"{self._file}.{os.getpid()}-{id(self):x}"
        try:
            make_private_folder(self._folder)
            _make(draft)
            with suppress(FileExistsError):
                os.link(draft, self._file)
        except (OSError, sqlite3.Error):
            self._off = True
        finally:
            _remove([draft, f"{draft}-wal", f"{draft}-shm"])

    def _replace(self) -> None:
        """Start anew in place of a database that is corrupt or of another version.

        One process at a time; whoever comes second finds a good one and keeps it.
        """
        self._disconnect()
        import fcntl  # noqa: PLC0415  # only when something is wrong

        try:
            lock = os.open(f"{self._file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            self._off = True
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_good(self._file):
                _remove([self._file, f"{self._file}-wal", f"{self._file}-shm"])
                self._create()
        finally:
            os.close(lock)


def make_private_folder(folder: str) -> None:
    """Make the project's `.runner/`, which ignores itself in git."""
    with suppress(FileExistsError):
        os.mkdir(folder)
    with suppress(FileExistsError):
        mark = os.open(f"{folder}/.gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        os.write(mark, b"*\n")
        os.close(mark)


def _open(file: str) -> sqlite3.Connection:
    import sqlite3  # noqa: PLC0415  # kept off the path of runs that need no state

    database = sqlite3.connect(file, timeout=WAIT, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        database.close()
        raise
    return database


def _make(file: str) -> None:
    database = _open(file)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA)
    finally:
        database.close()


def _is_good(file: str) -> bool:
    import sqlite3  # noqa: PLC0415  # kept off the path of runs that need no state

    if not os.path.exists(file):
        return False
    try:
        with closing(_open(file)) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            ((answer,),) = database.execute("PRAGMA quick_check(1)").fetchall()
            return bool(version == VERSION and answer == "ok")
    except sqlite3.Error:
        return False


def _remove(files: Iterable[str]) -> None:
    for file in files:
        with suppress(OSError):
            os.unlink(file)


def _database_error() -> type[Exception]:
    """Give sqlite3's error; only asked for when something was raised, so it is imported by then."""
    from sqlite3 import Error  # noqa: PLC0415  # as said

    return Error
