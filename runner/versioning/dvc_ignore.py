"""What DVC leaves out of a folder: `.dvcignore` files, `.git`, `.hg` and `.dvc`.

A `.dvcignore` speaks for its own folder and everything below it, in gitignore's syntax; the last
pattern that matches decides, deeper files after shallower ones. Only files above a tracked folder
count: DVC refuses one inside it. Patterns that would ignore the tracked folder as a whole do not
apply to it: a step that names a folder means its content (DVC takes it for empty then).
"""

# pathlib costs too much here
from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from runner.errors import DataError

IGNORE_FILE = ".dvcignore"


class Rule(NamedTuple):
    """One pattern; it ignores, or brings back what an earlier one ignored."""

    regex: re.Pattern[str]
    ignores: bool
    folders_only: bool


class Ignore(NamedTuple):
    """The rules of one `.dvcignore`, for paths below its folder."""

    folder: str
    rules: tuple[Rule, ...]

    def without_those_for(self, folder: str) -> Ignore:
        """Drop the rules that ignore a folder itself, or one that it lies in."""
        parts = folder[len(self.folder) + 1 :].split("/")
        paths = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        kept = [
            rule
            for rule in self.rules
            if not rule.ignores
            or not any(rule.regex.match(path) or rule.regex.match(path + "/") for path in paths)
        ]
        return Ignore(self.folder, tuple(kept))

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Tell whether an absolute path is ignored; None when no rule speaks of it."""
        relative = path[len(self.folder) + 1 :]
        for rule in reversed(self.rules):
            if rule.folders_only and not is_folder:
                continue
            if rule.regex.match(relative) or (is_folder and rule.regex.match(relative + "/")):
                return rule.ignores
        return None


Ignored = Callable[[str, bool], bool]


class IgnoreFiles:
    """The `.dvcignore` files of a repository, each read once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._read: dict[str, Ignore | None] = {}

    def above(self, folder: str) -> Ignored | None:
        """Give the test for paths inside an absolute folder; None when nothing can be ignored."""
        inside = folder == self._root or folder.startswith(self._root.rstrip("/") + "/")
        if not inside:
            return None
        files = []
        parent = folder
        while parent != self._root:
            parent = os.path.dirname(parent)
            if (file := self._file_of(parent)) is not None:
                files.append(file.without_those_for(folder))
        return _chain(files) if files else None

    def _file_of(self, folder: str) -> Ignore | None:
        if folder not in self._read:
            self._read[folder] = read_ignore_file(folder)
        return self._read[folder]


def _chain(files: list[Ignore]) -> Ignored:
    def ignored(path: str, is_folder: bool) -> bool:  # noqa: FBT001  # called for every entry
        for file in files:
            verdict = file.verdict(path, is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False

    return ignored


def read_ignore_file(folder: str) -> Ignore | None:
    """Read a folder's `.dvcignore`; None when it has none, or one without patterns.

    Raises:
        DataError: it cannot be read, or a pattern in it means nothing.
    """
    path = f"{folder}/{IGNORE_FILE}"
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}", hint=f"look at {path}") from error
    patterns = [line for line in lines if line and not line.startswith("#")]
    rules = tuple(rule for line in patterns if (rule := _rule(path, line)))
    return Ignore(folder, rules) if rules else None


def _rule(path: str, line: str) -> Rule | None:
    try:
        regex, ignores = _pattern_to_regex(line)
    except ValueError as error:
        raise DataError(
            f"{path}: the pattern {line!r} means nothing: {error}", hint=f"correct {path}"
        ) from error
    if regex is None or ignores is None:
        return None
    return Rule(re.compile(regex), ignores, line.endswith("/"))


def _pattern_to_regex(line: str) -> tuple[str | None, bool | None]:
    """Translate a pattern as DVC does, with the class it takes from each pathspec version."""
    from importlib import import_module  # noqa: PLC0415  # only for .dvcignore files

    try:
        pattern: Any = import_module("pathspec.patterns.gitignore.spec").GitIgnoreSpecPattern
    except ImportError:  # pathspec < 1
        pattern = import_module("pathspec.patterns").GitWildMatchPattern
    regex, ignores = pattern.pattern_to_regex(line)
    return regex, ignores
