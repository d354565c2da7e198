"""The live region on a terminal: at most five frames a second, nothing of it left at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.core.events import RunFinished, StepOutput, StepStarted
from runner.views.live import FRAME, MOST_ROWS, PATIENCE, LiveProgress
from runner.views.words import Painter
from tests.views.screens import Clock, Stream, beginning, finished

if TYPE_CHECKING:
    from pathlib import Path

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """A live progress on a terminal that is no terminal."""

    def __init__(self) -> None:
        self.err = Stream(terminal=True)
        self.out = Stream()
        self.clock = Clock()
        self.progress = LiveProgress(
            self.err,
            self.out,
            Painter(colours=False),
            quiet=False,
            verbose=False,
            seconds=self.clock,
        )

    def start(self, *names: str) -> None:
        for name in names:
            self.progress(StepStarted("", name, "env", 1))

    def frame(self) -> str:
        """Let the time of a frame pass; give what it wrote."""
        self.clock.advance(FRAME)
        before = len(self.err.getvalue())
        self.progress.beat()
        return self.err.getvalue()[before:]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


def test_a_short_run_never_opens_the_region(screen: Screen) -> None:
    screen.progress.begin(beginning())
    screen.start("a")
    screen.clock.advance(PATIENCE / 2)
    screen.progress.beat()
    screen.progress(finished("a"))
    screen.progress(RunFinished("", "succeeded", {"seconds": 0.2}))
    screen.progress.close()

    assert "\x1b" not in screen.err.getvalue()


def test_the_region_shows_what_runs_and_how_much_is_left(screen: Screen, tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("epoch 1\nepoch 2\n")
    screen.progress.begin(beginning(log_of=lambda step: str(tmp_path / f"{step}.log")))
    screen.start("prepare", "train")
    screen.clock.advance(PATIENCE)

    shown = screen.frame()

    assert "0/3 steps  0:00" in shown
    assert "prepare" in shown
    assert "train      0.50 s  epoch 2" in shown


def test_lines_wait_for_the_next_frame_and_come_above_the_region(screen: Screen) -> None:
    screen.progress.begin(beginning())
    screen.start("prepare", "train")
    screen.clock.advance(PATIENCE)
    screen.frame()
    before = screen.err.getvalue()

    screen.progress(finished("prepare"))
    assert screen.err.getvalue() == before

    shown = screen.frame()
    assert shown.index("✓ prepare") < shown.index("1/3 steps")


def test_no_more_than_five_frames_a_second(screen: Screen) -> None:
    screen.progress.begin(beginning(steps=1000))
    screen.start("slow")
    screen.clock.advance(PATIENCE)
    screen.frame()
    before = screen.err.writes

    for number in range(1000):
        screen.clock.advance(0.001)
        screen.progress(finished(f"step-{number}"))
        screen.progress.beat()

    assert screen.err.writes - before <= 5
    assert "step-900" in screen.err.getvalue()


def test_more_steps_than_rows_are_counted(screen: Screen) -> None:
    screen.progress.begin(beginning(steps=20))
    screen.start(*(f"s{number}" for number in range(20)))
    screen.clock.advance(PATIENCE)

    assert f"and {20 - MOST_ROWS + 1} more" in screen.frame()


def test_the_region_is_gone_before_the_totals_and_the_cursor_is_back(screen: Screen) -> None:
    screen.progress.begin(beginning())
    screen.start("train")
    screen.clock.advance(PATIENCE)
    screen.frame()
    screen.progress(finished("train", "failed", problem="exit code 1"))
    screen.progress(RunFinished("", "failed", {"seconds": 1.0}))
    screen.progress.close()

    text = screen.err.getvalue()
    assert text.count(HIDE) == text.count(SHOW) == 1
    ending = text[text.index(SHOW) :]
    assert "steps" not in ending.replace("steps:", "")
    assert ending.index("✗ train") < ending.index("failed in 1.00 s")


def test_closing_in_the_middle_shows_what_waited(screen: Screen) -> None:
    screen.progress.begin(beginning())
    screen.start("a", "b")
    screen.clock.advance(PATIENCE)
    screen.frame()
    screen.progress(finished("a"))

    screen.progress.close()

    assert "✓ a" in screen.err.plain
    assert screen.err.getvalue().count(SHOW) == 1


def test_a_step_that_streams_has_no_region(screen: Screen) -> None:
    screen.progress.begin(beginning(to_run=1))
    screen.start("train")
    screen.clock.advance(10)
    screen.progress(StepOutput("", "train", "stdout", "epoch 1\n"))
    screen.progress.beat()

    assert "\x1b" not in screen.err.getvalue()
    assert "epoch 1" in screen.err.getvalue()
