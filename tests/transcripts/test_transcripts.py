"""Every transcript beside this file, carried out: whole output and exit code of each command.

`WRITE_TRANSCRIPTS=1 pytest tests/transcripts` writes them anew; look at the difference then.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.transcripts.transcript import read, written

HERE = Path(__file__).parent
WRITE = bool(os.environ.get("WRITE_TRANSCRIPTS"))
DATE = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_commands_print_what_the_transcript_says(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "COLUMNS": "80",
        "TZ": "UTC",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
    }.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "wine"
    folder.mkdir()

    text = written(read(path), folder, capsys)

    if WRITE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
