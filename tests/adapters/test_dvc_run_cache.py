"""The run cache: whole entries come back, anything else is as good as none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.errors import DataError
from runner.versioning.dvc import DvcData
from tests.adapters.dvc_projects import make_repository, write

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ab" * 32
DOCUMENT = {"outs": [{"path": "naïve\ud800", "md5": "0" * 32}], "seconds": 1.5, "none": None}


def _entry(root: Path) -> Path:
    return root / ".runner/cache/runner/ab" / f"{KEY[2:]}.json"


def test_what_is_remembered_is_recalled_by_whoever_shares_the_cache(tmp_path: Path):
    for name in ("one", "two"):
        root = make_repository(tmp_path / name)
        write(root / ".dvc/config", f"[cache]\n    dir = {tmp_path}/shared\n")
    DvcData(str(tmp_path / "one")).remember(KEY, DOCUMENT)

    assert DvcData(str(tmp_path / "two")).recall(KEY) == DOCUMENT
    assert DvcData(str(tmp_path / "two")).recall("cd" * 32) is None


def test_the_last_one_wins(tmp_path: Path):
    data = DvcData(str(tmp_path))
    data.remember(KEY, {"n": 1})
    data.remember(KEY, {"n": 2})

    assert data.recall(KEY) == {"n": 2}


@pytest.mark.parametrize("length", [0, 1, 20, -3, -1])
def test_a_torn_entry_is_as_good_as_none(tmp_path: Path, length: int):
    data = DvcData(str(tmp_path))
    data.remember(KEY, DOCUMENT)
    entry = _entry(tmp_path)
    content = entry.read_bytes()
    torn = content[:length]
    entry.write_bytes(torn)

    # The last byte is a newline: without it the entry is still whole.
    assert data.recall(KEY) == (DOCUMENT if torn == content[:-1] else None)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"5", b'{"document":{}}', b'{"document":{},"sha256":"0"}', b"[" * 100_000],
)
def test_a_foreign_entry_is_as_good_as_none(tmp_path: Path, content: bytes):
    write(_entry(tmp_path), content)

    assert DvcData(str(tmp_path)).recall(KEY) is None


def test_an_edited_entry_is_as_good_as_none(tmp_path: Path):
    data = DvcData(str(tmp_path))
    data.remember(KEY, DOCUMENT)
    entry = _entry(tmp_path)
    entry.write_bytes(entry.read_bytes().replace(b"1.5", b"1.6"))

    assert data.recall(KEY) is None


def test_an_entry_under_another_key_is_as_good_as_none(tmp_path: Path):
    data = DvcData(str(tmp_path))
    data.remember(KEY, DOCUMENT)
    other = KEY[:-1] + "0"
    _entry(tmp_path).rename(_entry(tmp_path).with_name(f"{other[2:]}.json"))

    assert data.recall(other) is None


@pytest.mark.parametrize("key", ["", "ab", "../../etc/passwd", "ab/cd", "ab\0cd"])
def test_what_is_no_key_is_refused(tmp_path: Path, key: str):
    data = DvcData(str(tmp_path))

    with pytest.raises(ValueError, match="not a step key"):
        data.remember(key, DOCUMENT)
    assert data.recall(key) is None


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path):
    write(tmp_path / ".runner/cache/runner", "a file where the folder should be")

    with pytest.raises(DataError, match="cannot be written"):
        DvcData(str(tmp_path)).remember(KEY, DOCUMENT)
