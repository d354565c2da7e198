"""What was found wrong, collected on the way and rendered as located problems at the end."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from runner.core.mlproject.wording import meant
from runner.core.mlproject.yaml_values import Path, YamlMap, place
from runner.errors import Problem

SHOWN = 50
KEPT = 20_000
WIDTH = 160
SEARCHED_LINES = 200
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_WORD = re.compile(r"[\w-]+")


class Finding(NamedTuple):
    """One thing that is wrong, before its place and its suggestion are looked up.

    `place` is (line, column) where they are known already. `excerpt` is a piece of the value
    and where in it the culprit is: to point at a line inside of a long command. `word` is
    compared with `known`.
    """

    message: str
    path: Path = ()
    hint: str = ""
    known: tuple[str, ...] = ()
    word: str = ""
    at_key: bool = False
    excerpt: tuple[str, int] = ("", 0)
    place: tuple[int, int] | None = None


class UnreadableError(Exception):
    """The text cannot be read any further."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Findings:
    """Errors and warnings of one file. With `strict`, what would be a warning is an error.

    `mlflow_only` says that the file uses nothing of ours: what MLflow swallows only warns then.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.mlflow_only = False
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        self.uncounted = 0

    def error(  # these are the fields of a finding
        self,
        message: str,
        path: Path,
        *,
        hint: str = "",
        known: tuple[str, ...] = (),
        word: str = "",
        at_key: bool = False,
        excerpt: tuple[str, int] = ("", 0),
        place: tuple[int, int] | None = None,
    ) -> None:
        """Add something that has to be corrected."""
        found = Finding(message, path, hint, known, word, at_key, excerpt, place)
        self._keep(self.errors, found)

    def warn(  # these are the fields of a finding
        self,
        message: str,
        path: Path,
        *,
        hint: str = "",
        known: tuple[str, ...] = (),
        word: str = "",
        at_key: bool = False,
    ) -> None:
        """Add something that is probably a mistake."""
        found = Finding(message, path, hint, known, word, at_key)
        self._keep(self.errors if self.strict else self.warnings, found)

    def slip(self, message: str, path: Path, *, hint: str) -> None:
        """Add a slip of the pen: a warning in a file that is MLflow's alone, else an error."""
        if self.mlflow_only:
            self.warn(message, path, hint=hint, at_key=True)
        else:
            self.error(message, path, hint=hint, at_key=True)

    def _keep(self, where: list[Finding], found: Finding) -> None:
        if len(where) < KEPT:
            where.append(found)
        else:
            self.uncounted += 1


def render(
    findings: list[Finding], root: YamlMap | None, text: str, uncounted: int = 0
) -> tuple[Problem, ...]:
    """Give the problems in the order of their lines: the first 50, and the number of the rest."""
    text = text.removeprefix("\ufeff")
    placed = sorted({(*_place(finding, root), finding) for finding in findings})
    lines = _Lines(text, max((line for line, _, _ in placed[:SHOWN]), default=0))
    problems = [_problem(*found, lines) for found in placed[:SHOWN]]
    problems.sort(key=lambda problem: (problem.line, problem.column))
    rest = len(placed) - len(problems) + uncounted
    if rest:
        problems.append(Problem(f"and {rest:,} more problems like these"))
    return tuple(problems)


def _place(finding: Finding, root: YamlMap | None) -> tuple[int, int]:
    if finding.place is not None:
        return finding.place
    if root is None:
        return 1, 1
    return place(root, finding.path, at_key=finding.at_key)


class _Lines:
    """The lines of a text, split as far as they are needed."""

    def __init__(self, text: str, last: int) -> None:
        self.lines: list[str] = []
        start = 0
        for end in _LINE_END.finditer(text):
            if len(self.lines) > last + SEARCHED_LINES:
                break
            self.lines.append(text[start : end.start()])
            start = end.end()
        else:
            self.lines.append(text[start:])

    def find(self, excerpt: tuple[str, int], line: int, column: int) -> tuple[int, int]:
        """Give where the culprit in the excerpt stands, searched from a place on, or the place."""
        text, offset = excerpt
        start = column - 1
        for number in range(line, min(line + SEARCHED_LINES, len(self.lines) + 1)):
            at = self.lines[number - 1].find(text, start)
            if at >= 0:
                return number, at + offset + 1
            start = 0
        return line, column

    def shown(self, line: int, column: int) -> str:
        """Give the line around the column, without its indentation and control characters."""
        if not 0 < line <= len(self.lines):
            return ""
        whole = self.lines[line - 1]
        start = max(0, column - 1 - WIDTH // 2) if len(whole) > WIDTH else 0
        cut = whole[start : start + WIDTH]
        text = ("…" if start else "") + cut.strip() + ("…" if start + WIDTH < len(whole) else "")
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _problem(line: int, column: int, finding: Finding, lines: _Lines) -> Problem:
    if finding.excerpt[0]:
        line, column = lines.find(finding.excerpt, line, column)
    suggestion = meant(finding.word, finding.known) if finding.word else ""
    hints = [f'did you mean "{suggestion}"?' if suggestion else "", finding.hint]
    return Problem(
        finding.message,
        where(finding.path),
        line,
        column,
        lines.shown(line, column),
        " ".join(hint for hint in hints if hint),
    )


def where(path: Path) -> str:
    """Write a path inside the document: `entry_points.train.deps[1]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = _WORD.fullmatch(part) and len(part) <= WIDTH
            name = part if plain else json.dumps(part[:WIDTH])
            text += f".{name}" if text else name
    return text
