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
OTHER = "cd" * 32
DOCUMENT = {"outs": [{"path": "naïve\ud800", "md5": "0" * 32}], "seconds": 1.5, "none": None}


def _pack(root: Path) -> Path:
    (pack,) = (root / ".runner/cache/runner/results").iterdir()
    return pack


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


def test_a_process_recalls_what_others_remembered_once_it_looks_again(tmp_path: Path):
    one, two = DvcData(str(tmp_path)), DvcData(str(tmp_path))
    assert one.recall(KEY) is None
    two.remember(KEY, DOCUMENT)

    one.refresh_results()

    assert one.recall(KEY) == DOCUMENT


@pytest.mark.parametrize("length", [0, 1, 20, -3, -1])
def test_a_torn_line_is_as_good_as_none_and_harms_no_other(tmp_path: Path, length: int):
    data = DvcData(str(tmp_path))
    data.remember(OTHER, {"n": 1})
    whole = _pack(tmp_path).stat().st_size
    data.remember(KEY, DOCUMENT)
    content = _pack(tmp_path).read_bytes()
    _pack(tmp_path).write_bytes(content[:whole] + content[whole:][:length])

    fresh = DvcData(str(tmp_path))

    assert fresh.recall(KEY) is None
    assert fresh.recall(OTHER) == {"n": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"5",
        b'{"key":"' + KEY.encode(),
        b'{"key":"' + KEY.encode() + b'","document":{},"sha256":"0"}',
        b'{"key":"' + KEY.encode() + b'","document":' + b"[" * 100_000,
        b'{"key":"\xff","document":{}}',
    ],
)
def test_a_foreign_line_is_as_good_as_none(tmp_path: Path, line: bytes):
    write(tmp_path / ".runner/cache/runner/results/x.jsonl", line + b"\n")

    assert DvcData(str(tmp_path)).recall(KEY) is None


def test_an_edited_line_is_as_good_as_none(tmp_path: Path):
    DvcData(str(tmp_path)).remember(KEY, DOCUMENT)
    pack = _pack(tmp_path)
    pack.write_bytes(pack.read_bytes().replace(b"1.5", b"1.6"))

    assert DvcData(str(tmp_path)).recall(KEY) is None


def test_a_line_under_another_key_is_as_good_as_none(tmp_path: Path):
    DvcData(str(tmp_path)).remember(KEY, DOCUMENT)
    pack = _pack(tmp_path)
    pack.write_bytes(pack.read_bytes().replace(KEY.encode(), OTHER.encode()))

    assert DvcData(str(tmp_path)).recall(OTHER) is None


def test_dropping_keeps_the_rest_in_one_file(tmp_path: Path):
    for key, number in ((KEY, 1), (OTHER, 2)):
        DvcData(str(tmp_path)).remember(key, {"n": number})
    data = DvcData(str(tmp_path))

    assert data.drop_results(lambda document: document["n"] == 1) == 1

    assert data.recall(KEY) is None
    assert data.recall(OTHER) == {"n": 2}
    assert _pack(tmp_path).is_file()


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
