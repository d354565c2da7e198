"""Read requirements as pip writes them: files, includes, hashes, local projects.

Only what an identity and a lock need is understood here; what a requirement means is uv's to say.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import EnvironmentFailure, Problem, describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S.*)")
EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s*)(\S.*)")
HASH = re.compile(r"\s--hash(?:\s*=\s*|\s+)(\w+:[0-9a-fA-F]+)")
COMMENT = re.compile(r"(^|\s)#.*$")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CREDENTIALS = re.compile(r"(\w+)://([^/@\s]+)@")
LARGEST = 4 << 20  # bytes of one file


class Line(NamedTuple):
    """One logical line, without comments and continuations, and where it starts."""

    text: str
    file: str
    number: int


class Requirements(NamedTuple):
    """Everything that requirements say, their included files read.

    `asked` are the requirements themselves, `constraints` the lines of `-c` files, `options` what
    else the files set (indexes, formats). `texts` maps each file read to its sha256.
    """

    asked: tuple[Line, ...]
    constraints: tuple[Line, ...]
    options: tuple[Line, ...]
    texts: dict[str, str]


def read(lines: list[Line], folder: Path) -> Requirements:
    """Read requirement lines and every file they include.

    Args:
        lines: The first lines; the paths in them are relative to `folder`.
        folder: The project's folder.

    Raises:
        EnvironmentFailure: Files that cannot be read: all of them, with the lines that name them.
    """
    reading = _Reading(folder)
    for line in lines:
        reading.take(line, folder, constraint=False)
    if reading.problems:
        raise EnvironmentFailure("\n".join(reading.problems))
    return Requirements(
        tuple(reading.asked), tuple(reading.constraints), tuple(reading.options), reading.texts
    )


def logical_lines(text: str, file: str) -> Iterator[Line]:
    """Split a requirements file into its logical lines, as pip does."""
    pending, start = "", 0
    for number, physical in enumerate(text.splitlines(), 1):
        start = start if pending else number
        continued = physical.endswith("\\") and not physical.lstrip().startswith("#")
        pending += physical[:-1] + " " if continued else physical
        if continued:
            continue
        bare = COMMENT.sub("", pending).strip()
        if bare:
            yield Line(bare, file, start)
        pending = ""
    bare = COMMENT.sub("", pending).strip()
    if bare:
        yield Line(bare, file, start)


def hashes(text: str) -> tuple[str, ...]:
    """Give the hashes that a requirement line allows, sorted."""
    return tuple(sorted({found.lower() for found in HASH.findall(f" {text}")}))


def without_hashes(text: str) -> str:
    """Give a requirement line without its hashes and spare spaces."""
    return " ".join(HASH.sub("", f" {text}").split())


def without_credentials(text: str) -> str:
    """Give a text without the `user:password@` of its URLs; the name an SSH login needs stays."""
    return CREDENTIALS.sub(_bare, text)


def _bare(url: re.Match[str]) -> str:
    login = url[2].partition(":")[0] + "@" if url[1] == "ssh" else ""
    return f"{url[1]}://{login}"


def normalized(name: str) -> str:
    """Give the one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def local_path(text: str) -> str | None:
    """Give the folder or file that a requirement line names; None when it names a package."""
    editable = EDITABLE.fullmatch(text)
    target = (editable[1] if editable else text).split(" ;")[0].strip("\"'")
    _, at, source = target.partition(" @ ")
    target = (source if at else target).strip()
    if target.startswith("file:"):
        from urllib.parse import unquote, urlsplit  # noqa: PLC0415  # seldom written

        return unquote(urlsplit(target).path)
    named = "://" not in target and (editable or "/" in target or target.startswith("."))
    return re.sub(r"\[[^\]]*\]$", "", target) if named else None


class _Reading:
    """The state of reading files that include each other."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[Line] = []
        self.constraints: list[Line] = []
        self.options: list[Line] = []
        self.texts: dict[str, str] = {}
        self.problems: list[str] = []
        self._folder = folder
        self._seen: set[tuple[str, bool]] = set()

    def take(self, line: Line, folder: Path, *, constraint: bool) -> None:
        include = INCLUDE.fullmatch(line.text)
        if include:
            narrowing = constraint or include[1] in {"-c", "--constraint"}
            self._take_file(folder / include[2].strip("\"'"), line, constraint=narrowing)
        elif line.text.startswith("-") and not EDITABLE.fullmatch(line.text):
            self.options.append(line)
        else:
            (self.constraints if constraint else self.asked).append(line)

    def _take_file(self, path: Path, origin: Line, *, constraint: bool) -> None:
        real = os.path.realpath(path)
        if (real, constraint) in self._seen:
            return
        self._seen.add((real, constraint))
        try:
            content = limited_content(path)
        except EnvironmentFailure as failure:
            problem = Problem(failure.message, line=origin.number, column=1, source=origin.text)
            self.problems.append(describe(origin.file, problem))
            return
        self.texts[str(path)] = hashlib.sha256(content).hexdigest()
        shown = os.path.relpath(path, self._folder)
        for line in logical_lines(content.decode("utf-8-sig", "replace"), shown):
            self.take(line, path.parent, constraint=constraint)


def limited_content(path: Path) -> bytes:
    """Read a small file.

    Raises:
        EnvironmentFailure: It cannot be read, or is not small.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise EnvironmentFailure(f"{path} is larger than {LARGEST >> 20} MiB")
    return content
