"""Answers of git that never change, kept between commands in `.runner/git-cache.json`."""

from __future__ import annotations

import json
import os
from typing import Any

from runner.versioning.git_paths import STATE_FOLDER

NAME = "git-cache.json"
FORMAT = 1
KEPT = 64  # entries of a kind; the oldest go first


def state_folder(project: str) -> str:
    """Give the project's `.runner` folder, made if need be, which keeps itself out of git."""
    folder = f"{project}/{STATE_FOLDER}"
    os.makedirs(folder, exist_ok=True)
    ignore = f"{folder}/.gitignore"
    if not os.path.exists(ignore):
        with open(ignore, "w") as file:
            file.write("*\n")
    return folder


class Cache:
    """A few JSON arrays by kind and key. Losing it costs time only."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._kinds: dict[str, dict[str, Any]] | None = None
        self._changed = False

    def get(self, kind: str, key: str) -> Any:
        """Give what was kept under the key; None if nothing was."""
        return self._read().get(kind, {}).get(key)

    def keep(self, kind: str, key: str, value: Any) -> None:
        """Keep a value; it is on disk after `save`."""
        entries = self._read().setdefault(kind, {})
        entries.pop(key, None)
        entries[key] = value
        self._changed = True

    def replace(self, kind: str, entries: dict[str, Any]) -> None:
        """Keep exactly these entries of a kind, however many."""
        self._read()[kind] = entries
        self._changed = True

    def kind(self, kind: str) -> dict[str, Any]:
        """Give all entries of a kind."""
        return self._read().get(kind, {})

    def save(self) -> None:
        """Write what is new, in one move. A folder that cannot be written to stays as it is."""
        if not self._changed:
            return
        self._changed = False
        kinds = {
            kind: entries if kind == "files" else dict(list(entries.items())[-KEPT:])
            for kind, entries in self._read().items()
        }
        try:
            path = os.path.join(state_folder(self._project), NAME)
            temporary = f"{path}.{os.getpid()}"
            with open(temporary, "w") as file:
                json.dump({"format": FORMAT, "kinds": kinds}, file, separators=(",", ":"))
            os.replace(temporary, path)
        except OSError:
            return

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._kinds is None:
            self._kinds = _load(os.path.join(self._project, STATE_FOLDER, NAME))
        return self._kinds


def _load(path: str) -> dict[str, dict[str, Any]]:
    try:
        with open(path, "rb") as file:
            document = json.load(file)
        kinds = document["kinds"] if document["format"] == FORMAT else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return kinds if _is_sound(kinds) else {}


def _is_sound(kinds: object) -> bool:
    return isinstance(kinds, dict) and all(
        isinstance(kind, dict) and all(isinstance(value, list) and value for value in kind.values())
        for kind in kinds.values()
    )
