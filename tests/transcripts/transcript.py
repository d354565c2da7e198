"""Transcripts: a text file tells a project's files, command lines, and all that they print.

    What this transcript shows, in a line or more.

    --- MLproject
    the text of a file, up to the next line that begins with `---` or `$`

    $ runner plan
    what goes to the standard output
    ! what goes to the standard error
    [1]

Commands that begin with `runner` are carried out in this process, others by a shell, whose output
is not shown. `[1]` is an exit code other than 0. What changes from run to run is filtered.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from runner.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

FILE = "--- "
PROMPT = "$ "
RUN_ID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
FILTERS = (
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "HASH"),
    (re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7}\b"), "c0ffee0"),
    (re.compile(r"\d+\.\d+ s\b"), "0.00 s"),
    (re.compile(r" +\d[\d.]* [KMG]iB"), "  0 MiB"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "2026-01-01 00:00"),
    (re.compile(r"Python \d+\.\d+\.\d+"), "Python 3.N"),
)


class Transcript(NamedTuple):
    """One file, read: its first lines, the project's files, and the command lines."""

    title: str
    files: dict[str, str]
    commands: list[str]


def read(path: Path) -> Transcript:
    title: list[str] = []
    files: dict[str, str] = {}
    commands: list[str] = []
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(PROMPT):
            commands.append(line.removeprefix(PROMPT))
        elif commands:
            continue
        elif line.startswith(FILE):
            name = line.removeprefix(FILE)
            files[name] = ""
        elif name:
            files[name] += line + "\n"
        else:
            title.append(line)
    trimmed = {name: text.rstrip("\n") + "\n" for name, text in files.items()}
    return Transcript("\n".join(title).strip(), trimmed, commands)


def written(transcript: Transcript, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Carry a transcript out in an empty folder, and give its text anew."""
    for name, text in transcript.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    known: dict[str, str] = {}
    parts = [transcript.title, ""]
    for name, text in transcript.files.items():
        parts += [FILE + name, text]
    for command in transcript.commands:
        parts.append(PROMPT + command)
        os.chdir(folder)
        if not command.startswith("runner"):
            subprocess.run(["bash", "-c", command], check=True, capture_output=True)
        else:
            parts += [
                _filtered(line, folder, known) for line in _carried_out(command, known, capsys)
            ]
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def _carried_out(
    command: str, known: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> Iterator[str]:
    ids = {shown: run_id for run_id, shown in known.items()}
    words = [ids.get(word, word) for word in shlex.split(command)[1:]]
    capsys.readouterr()
    code = main(words)
    printed = capsys.readouterr()
    yield from (f"! {line}".rstrip() for line in printed.err.splitlines())
    yield from printed.out.splitlines()
    if code:
        yield f"[{code}]"


def _filtered(line: str, folder: Path, known: dict[str, str]) -> str:
    for run_id in RUN_ID.findall(line):
        known.setdefault(run_id, f"RUN{len(known) + 1}")
    for run_id, shown in known.items():
        line = line.replace(run_id, shown)
        for length in range(25, 9, -1):
            line = line.replace(run_id[:length], shown.ljust(10))
    line = line.replace(str(folder), "PROJECT")
    for pattern, text in FILTERS:
        line = pattern.sub(text, line)
    return line.rstrip()
