"""What is known without reading: no edit is ever missed, and a broken state only costs time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import pytest

from runner.errors import DataError
from runner.versioning.dvc import DvcData
from runner.versioning.dvc_hash import COARSE_WINDOW, ChangedError, hash_file, settles_in, stamp_of
from tests.adapters.dvc_projects import let_settle, write


def _md5(root: Path, path: str = "a") -> str:
    """Hash with a state of its own, as another command would."""
    data = DvcData(str(root))
    version = data.versions([path])[path]
    data.close()
    assert version is not None
    return version.md5


def _of(content: str) -> str:
    return md5(content.encode()).hexdigest()


def _rows(root: Path, table: str = "paths") -> list[tuple[object, ...]]:
    database = sqlite3.connect(root / ".runner/state.sqlite")
    try:
        return database.execute(f"SELECT * FROM {table}").fetchall()
    finally:
        database.close()


def test_edits_of_the_same_size_within_one_tick_are_all_seen(tmp_path: Path):
    data = DvcData(str(tmp_path))
    for number in range(100, 300):
        write(tmp_path / "a", str(number))
        version = data.versions(["a"])["a"]
        assert version is not None
        assert version.md5 == _of(str(number))
        data.flush()


def test_edits_in_a_folder_within_one_tick_are_all_seen(tmp_path: Path):
    data = DvcData(str(tmp_path))
    write(tmp_path / "d/still")
    let_settle(tmp_path / "d/still")
    seen = set()
    for number in range(100, 200):
        write(tmp_path / "d/a", str(number))
        version = data.versions(["d"])["d"]
        assert version is not None
        seen.add(version.md5)
        data.flush()

    assert len(seen) == 100


def test_a_settled_file_is_believed_without_reading_it(tmp_path: Path):
    let_settle(write(tmp_path / "a", "one"))
    _md5(tmp_path)
    database = sqlite3.connect(tmp_path / ".runner/state.sqlite")
    database.execute("UPDATE paths SET md5 = 'not read'")
    database.commit()
    database.close()

    assert _md5(tmp_path) == "not read"


def test_a_settled_folder_is_believed_without_reading_its_files(tmp_path: Path):
    let_settle(write(tmp_path / "d/a", "one"), write(tmp_path / "d/b/c", "two"))
    _md5(tmp_path, "d")
    database = sqlite3.connect(tmp_path / ".runner/state.sqlite")
    database.execute("UPDATE paths SET md5 = 'not read.dir'")
    database.commit()
    database.close()

    assert _md5(tmp_path, "d") == "not read.dir"


def test_of_a_changed_folder_only_the_changed_files_are_read(tmp_path: Path):
    let_settle(write(tmp_path / "d/a", "one"), write(tmp_path / "d/b", "two"))
    before = _md5(tmp_path, "d")
    write(tmp_path / "d/b", "2")
    after = _md5(tmp_path, "d")
    write(tmp_path / "d/b", "two")
    database = sqlite3.connect(tmp_path / ".runner/state.sqlite")
    database.execute(
        "UPDATE members SET document = replace(document, ?, ?)", (_of("one"), "f" * 32)
    )
    database.commit()
    database.close()

    assert after != before
    assert _md5(tmp_path, "d") not in {before, after}


def test_a_file_just_written_is_not_believed_the_next_time(tmp_path: Path):
    data = DvcData(str(tmp_path))
    write(tmp_path / "a", "one")
    data.versions(["a"])
    let_settle(write(tmp_path / "b", "two"))
    data.versions(["b"])
    data.close()

    assert [row[0] for row in _rows(tmp_path)] == [b"b"]


def test_an_edit_in_place_with_the_old_size_and_mtime_is_seen(tmp_path: Path):
    path = write(tmp_path / "a", "one")
    let_settle(path)
    _md5(tmp_path)
    stat = path.stat()
    write(path, "two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert path.stat().st_mtime_ns == stat.st_mtime_ns
    assert _md5(tmp_path) == _of("two")


def test_a_file_renamed_over_it_with_the_old_mtime_is_seen(tmp_path: Path):
    path = write(tmp_path / "a", "one")
    other = write(tmp_path / "b", "two")
    stat = path.stat()
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    let_settle(path, other)
    _md5(tmp_path)
    other.rename(path)

    assert _md5(tmp_path) == _of("two")


@pytest.mark.parametrize("change", ["add", "remove", "rename", "empty"])
def test_a_folder_that_gains_loses_or_renames_a_file_is_seen(tmp_path: Path, change: str):
    folder = tmp_path / "d"
    let_settle(write(folder / "a", "one"), write(folder / "b", "two"))
    before = _md5(tmp_path, "d")
    if change == "add":
        write(folder / "c", "three")
    elif change == "remove":
        (folder / "a").unlink()
    elif change == "rename":
        (folder / "a").rename(folder / "z")
    else:
        write(folder / "a", "")

    assert _md5(tmp_path, "d") != before


def test_a_path_that_turns_from_folder_to_file_is_seen(tmp_path: Path):
    let_settle(write(tmp_path / "a/x", "one"))
    assert _md5(tmp_path).endswith(".dir")
    (tmp_path / "a/x").unlink()
    (tmp_path / "a").rmdir()
    write(tmp_path / "a", "one")

    assert _md5(tmp_path) == _of("one")


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_state_that_is_not_a_database_is_made_anew(tmp_path: Path, content: bytes):
    let_settle(write(tmp_path / "a", "one"))
    write(tmp_path / ".runner/state.sqlite", content)

    assert _md5(tmp_path) == _of("one")
    _md5(tmp_path)
    assert len(_rows(tmp_path)) == 1


def test_a_state_torn_in_the_middle_never_gives_a_wrong_hash(tmp_path: Path):
    names = [f"f{number}" for number in range(300)]
    for name in names:
        write(tmp_path / name, name)
    let_settle(tmp_path / names[-1])
    data = DvcData(str(tmp_path))
    data.versions(names)
    data.close()
    state = tmp_path / ".runner/state.sqlite"
    content = bytearray(state.read_bytes())
    content[5000:12000] = bytes(7000)
    state.write_bytes(content)

    data = DvcData(str(tmp_path))
    found = data.versions(names)
    data.close()

    assert {name: version.md5 for name, version in found.items() if version} == {
        name: _of(name) for name in names
    }


def test_a_state_that_cannot_be_written_changes_nothing(tmp_path: Path):
    write(tmp_path / "a", "one")
    write(tmp_path / ".runner", "a file where the folder should be")
    let_settle(tmp_path / "a")

    assert _md5(tmp_path) == _of("one")
    assert _md5(tmp_path) == _of("one")


def test_the_folder_it_makes_ignores_itself(tmp_path: Path):
    let_settle(write(tmp_path / "a"))
    _md5(tmp_path)

    assert (tmp_path / ".runner/.gitignore").read_text() == "*\n"


FIRST_START = """
import sys
from runner.versioning.dvc import DvcData
data = DvcData(sys.argv[1])
print(sys.stdin.readline(), end="")
names = [f"f{number}" for number in range(50)]
data.versions(names)
data.flush()
data.versions(names)
data.close()
"""


def test_sixteen_first_starts_at_once_all_succeed(tmp_path: Path):
    for number in range(50):
        write(tmp_path / f"f{number}", str(number))
    let_settle(tmp_path / "f49")
    command = [sys.executable, "-c", FIRST_START, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    starts = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for _ in range(16)
    ]
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    ends = [start.communicate() for start in starts]

    assert [start.returncode for start in starts] == [0] * 16
    assert set(ends) == {("go\n", "")}
    assert len(_rows(tmp_path)) == 50
    assert sorted(path.name for path in (tmp_path / ".runner").iterdir()) == [
        ".gitignore",
        "state.sqlite",
    ]


def test_a_file_that_keeps_changing_is_an_error(tmp_path: Path):
    path = write(tmp_path / "a", "one")

    def read_and_write(name: str, _: tuple[int, int, int, int]) -> str:
        write(Path(name), "another")
        raise ChangedError

    with pytest.raises(DataError, match="keeps changing while it is read"):
        hash_file(str(path), stamp_of(path.stat()), read_and_write)


def test_a_file_that_changed_once_is_read_again(tmp_path: Path):
    path = write(tmp_path / "a", "one")
    stamp = stamp_of(path.stat())
    write(path, "longer")

    now, oid, _ = hash_file(str(path), stamp)

    assert (now[3], oid) == (6, _of("longer"))


def test_a_stamp_settles_after_the_tick_of_its_file_system():
    second = 1_000_000_000
    written = 1_700_000_000 * second
    fine = (1, written + 5, written + 5, 1)
    coarse = (1, written, written, 1)

    assert settles_in(fine, written + 10_000_000) > 0
    assert settles_in(fine, written + 30_000_000) == 0
    assert settles_in(coarse, written + second) > 0
    assert settles_in(coarse, written + COARSE_WINDOW) == 0


def test_an_mtime_in_the_future_does_not_keep_a_file_from_being_believed(tmp_path: Path):
    path = write(tmp_path / "a", "one")
    os.utime(path, (4_000_000_000, 4_000_000_000))
    let_settle(path)
    _md5(tmp_path)

    assert len(_rows(tmp_path)) == 1
