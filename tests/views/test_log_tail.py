"""The end of a step's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.views.log_tail import LAST_LINES, last_line, tail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_a_short_log_is_shown_whole(log: Path) -> None:
    log.write_text("one\ntwo")

    assert tail(str(log)) == (["one", "two"], False)


def test_of_a_long_log_the_last_lines_are_shown(log: Path) -> None:
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))

    lines, more = tail(str(log))

    assert more
    assert lines == [f"line {number}" for number in range(100_000 - LAST_LINES, 100_000)]


def test_a_progress_bar_shows_how_it_stood_last(log: Path) -> None:
    log.write_bytes(b" 10%\r 50%\r100%\ndone\r\n")

    assert tail(str(log)).lines == ["100%", "done"]


def test_control_characters_do_not_reach_the_terminal(log: Path) -> None:
    log.write_bytes(b"\x1b[31mred\x07\ttab\xff\n")

    line = tail(str(log)).lines[0]

    assert line.isprintable()
    assert "red" in line


def test_a_log_that_is_not_there_has_no_lines(log: Path) -> None:
    assert tail(str(log)) == ([], False)
    assert last_line(str(log)) == ""


def test_the_last_line_is_the_last_that_holds_anything(log: Path) -> None:
    log.write_text("epoch 1\n  epoch 2  \n\n   \n")

    assert last_line(str(log)) == "epoch 2"
