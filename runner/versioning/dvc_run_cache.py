"""What a step with this key produced last time: `<cache>/runner/<2>/<rest>.json`.

Entries are written whole and carry a checksum over their document and key, so one that is torn,
edited or not ours is as good as none.
"""

# pathlib costs too much here
from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from runner.versioning.dvc_links import cannot_store, draft_name, in_folder, write_new

if TYPE_CHECKING:
    from collections.abc import Mapping

SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


def _canonical(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _checksum(step_key: str, text: str) -> str:
    return sha256(f"{step_key}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


class RunCache:
    """The run cache inside one DVC cache directory."""

    def __init__(self, cache_dir: str, *, shared: bool = False) -> None:
        self._folder = f"{cache_dir}/runner"
        self._shared = shared

    def _path(self, step_key: str) -> str:
        if len(step_key) < 3 or not SAFE.issuperset(step_key):
            raise ValueError(f"not a step key: {step_key!r}")
        return f"{self._folder}/{step_key[:2]}/{step_key[2:]}.json"

    def remember(self, step_key: str, document: Mapping[str, Any]) -> None:
        """Keep a document under a step's key.

        Raises:
            DataError: the cache cannot be written.
        """
        path = self._path(step_key)
        text = _canonical(document)
        check = _checksum(step_key, text)
        content = f'{{"document":{text},"sha256":"{check}"}}\n'.encode("utf-8", "surrogatepass")
        draft = draft_name(os.path.join(self._folder, "tmp"))
        try:
            in_folder(lambda: write_new(draft, content), draft, shared=self._shared)
            in_folder(lambda: os.rename(draft, path), path, shared=self._shared)
        except OSError as error:
            with suppress(OSError):
                os.unlink(draft)
            raise cannot_store(path, len(content), error, self._folder) from error

    def recall(self, step_key: str) -> dict[str, Any] | None:
        """Give the document kept under a step's key; None when there is none that is whole."""
        try:
            with open(self._path(step_key), "rb") as file:
                entry = json.loads(file.read().decode("utf-8", "surrogatepass"))
            document = entry["document"]
            if entry["sha256"] == _checksum(step_key, _canonical(document)):
                return document if isinstance(document, dict) else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
        return None
