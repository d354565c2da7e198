"""What a step with this key produced last time: `<cache>/runner/results/<writer>.jsonl`.

Each process appends to a file of its own, one line a result: making a file for each would cost
more than all else that a short step costs. Lines carry a checksum over their document and key,
so one that is torn, edited or not ours is as good as none. Readers note where each key's newest
line lies, and read that line alone.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from errno import ENOSPC
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.versioning.dvc_links import cannot_store, in_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
HEAD = b'{"key":"'
ENDING = ".jsonl"

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Place(NamedTuple):
    """Where a result's line lies."""

    file: str
    offset: int
    length: int


class RunCache:
    """The run cache inside one DVC cache directory."""

    def __init__(self, cache_dir: str, *, shared: bool = False) -> None:
        self._folder = f"{cache_dir}/runner/results"
        self._shared = shared
        self._own: int | None = None
        self._path = ""
        self._size = 0
        self._places: dict[str, Place] | None = None
        self._read: dict[str, int] = {}

    def remember(self, step_key: str, document: Mapping[str, Any]) -> None:
        """Keep a document under a step's key.

        Raises:
            DataError: the cache cannot be written.
        """
        line = _line(_checked(step_key), document)
        try:
            if self._own is None:
                in_folder(self._begin, f"{self._folder}/x", shared=self._shared)
            assert self._own is not None
            self._append(self._own, line)
        except OSError as error:
            raise cannot_store(self._folder, len(line), error, self._folder) from error
        if self._places is not None:
            self._places[step_key] = Place(self._path, self._size, len(line))
            self._read[self._path] = self._size + len(line)
        self._size += len(line)

    def recall(self, step_key: str) -> dict[str, Any] | None:
        """Give the document kept under a step's key; None when there is none that is whole."""
        if self._places is None:
            self.refresh()
        assert self._places is not None
        place = self._places.get(step_key)
        if place is None:
            return None
        try:
            with open(place.file, "rb") as file:
                file.seek(place.offset)
                return _document(step_key, file.read(place.length))
        except OSError:
            return None

    def refresh(self) -> None:
        """Take in what others wrote since the last look."""
        if self._places is None:
            self._places = {}
        for _, path, size in sorted(self._files()):
            if size > self._read.get(path, 0):
                self._scan(path, self._places)

    def documents(self) -> Iterator[dict[str, Any]]:
        """Give every document that is whole, in the order of the keys."""
        self.refresh()
        assert self._places is not None
        for step_key in sorted(self._places):
            document = self.recall(step_key)
            if document is not None:
                yield document

    def drop(self, unwanted: Callable[[Mapping[str, Any]], bool]) -> int:
        """Rewrite the cache without results that are `unwanted` or damaged; give their number.

        Only to be called while nobody writes.
        """
        self.refresh()
        assert self._places is not None
        files = [path for _, path, _ in self._files()]
        kept = []
        for step_key in sorted(self._places):
            document = self.recall(step_key)
            if document is not None and not unwanted(document):
                kept.append((step_key, document))
        dropped = len(self._places) - len(kept)
        self.close()
        for step_key, document in kept:
            self.remember(step_key, document)
        for path in files:
            with suppress(OSError):
                os.unlink(path)
        self.close()
        return dropped

    def close(self) -> None:
        """Let go of the file that is written to, and of what is known."""
        if self._own is not None:
            os.close(self._own)
            self._own = None
        self._places = None
        self._read.clear()

    def _append(self, file: int, line: bytes) -> None:
        """Write one line whole, or not at all."""
        if os.write(file, line) < len(line):
            os.ftruncate(file, self._size)
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    def _begin(self) -> None:
        self._path = path = f"{self._folder}/{os.urandom(8).hex()}{ENDING}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._own = os.open(path, flags, 0o664 if self._shared else 0o644)
        self._size = 0

    def _files(self) -> Iterator[tuple[int, str, int]]:
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(ENDING):
                        stat = entry.stat()
                        yield stat.st_mtime_ns, entry.path, stat.st_size
        except FileNotFoundError:
            return

    def _scan(self, path: str, places: dict[str, Place]) -> None:
        offset = self._read.get(path, 0)
        with suppress(OSError), open(path, "rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                if line.startswith(HEAD):
                    step_key = line[len(HEAD) : line.find(b'"', len(HEAD))].decode(
                        "ascii", "replace"
                    )
                    places[step_key] = Place(path, offset, len(line))
                offset += len(line)
        self._read[path] = offset


def _checked(step_key: str) -> str:
    if len(step_key) < 3 or not SAFE.issuperset(step_key):
        raise ValueError(f"not a step key: {step_key!r}")
    return step_key


def _line(step_key: str, document: Mapping[str, Any]) -> bytes:
    text = _encode(document)
    entry = f'{{"key":"{step_key}","document":{text},"sha256":"{_checksum(step_key, text)}"}}\n'
    return entry.encode("utf-8", "surrogatepass")


def _document(step_key: str, line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line.decode("utf-8", "surrogatepass"))
        document = entry["document"]
        whole = entry["key"] == step_key
        if whole and entry["sha256"] == _checksum(step_key, _encode(document)):
            return document if isinstance(document, dict) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return None


def _checksum(step_key: str, text: str) -> str:
    return sha256(f"{step_key}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
