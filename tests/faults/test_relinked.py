"""Files that get and lose names while they are read, as objects do that clones link to."""

from __future__ import annotations

import os
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from runner.errors import DataError
from runner.versioning.dvc_hash import (
    TRIES,
    ChangedError,
    Stamp,
    hash_file,
    md5_of,
    read_small,
    stamp_of,
    steadily,
)

if TYPE_CHECKING:
    from pathlib import Path


class Neighbour:
    """Reads a file, but lets something happen to it first, as long as there is something."""

    def __init__(self, *happenings: object) -> None:
        self._happenings = list(happenings)

    def _disturb(self) -> None:
        if self._happenings:
            self._happenings.pop()()  # type: ignore[operator]

    def bytes(self, path: str, stamp: Stamp) -> bytes:
        self._disturb()
        return read_small(path, stamp)

    def digest(self, path: str, stamp: Stamp) -> str:
        self._disturb()
        return md5_of(path, stamp)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "object").write_bytes(b"content")
    return str(tmp_path / "object")


def test_a_file_that_only_gets_other_names_is_read_whole(path: str) -> None:
    links = [lambda name=f"{path}.{number}": os.link(path, name) for number in range(TRIES + 7)]

    assert steadily(path, Neighbour(*links).bytes) == b"content"


def test_a_file_that_only_loses_names_is_hashed_however_often(path: str) -> None:
    names = [f"{path}.{number}" for number in range(TRIES + 7)]
    for name in names:
        os.link(path, name)
    unlinks = [lambda name=name: os.unlink(name) for name in names]

    _, found, _ = hash_file(path, stamp_of(os.stat(path)), Neighbour(*unlinks).digest)

    assert found == md5(b"content", usedforsecurity=False).hexdigest()


def test_a_file_that_is_written_to_is_not_taken_for_relinked(path: str) -> None:
    def write() -> None:
        with open(path, "ab") as file:
            file.write(b"more")

    with pytest.raises(ChangedError):
        steadily(path, Neighbour(write).bytes)
    with pytest.raises(DataError, match="keeps changing"):
        hash_file(path, stamp_of(os.stat(path)), Neighbour(*[write] * TRIES).digest)
