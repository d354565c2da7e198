"""A run on a stream that is no terminal: whole lines, no cursor codes, a heartbeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.core.events import (
    EnvironmentReady,
    Event,
    RunFinished,
    StepFinished,
    StepOutput,
    StepStarted,
)
from runner.core.record import StepRun
from runner.views.progress import HEARTBEAT, Progress, Warnings
from runner.views.words import Painter
from tests.views.screens import Clock, LeftStream, Stream, beginning, finished

if TYPE_CHECKING:
    from pathlib import Path

DONE = RunFinished("", "succeeded", {"seconds": 1.5})


class Watched:
    """A progress with its streams and its clock."""

    def __init__(self, err: Stream | None = None, **options: bool) -> None:
        self.err = err or Stream()
        self.out = Stream()
        self.clock = Clock()
        chosen = {"quiet": False, "verbose": False, **options}
        self.progress = Progress(
            self.err, self.out, Painter(colours=False), seconds=self.clock, **chosen
        )

    def hear(self, *events: Event) -> list[str]:
        """Tell events; give the lines that they brought."""
        before = len(self.err.getvalue())
        for event in events:
            self.progress(event)
        return self.err.getvalue()[before:].splitlines()


def start(step: str, attempt: int = 1) -> StepStarted:
    return StepStarted("", step, "env", attempt)


def test_a_run_begins_with_what_it_will_do() -> None:
    watched = Watched()

    watched.progress.begin(beginning(notes=["be careful"], to_restore=1))

    assert watched.err.getvalue().splitlines() == [
        "warning: be careful",
        "run 01RUN  1a2b3c4  3 steps: 2 to run, 1 from the cache",
    ]


def test_each_step_that_did_something_has_one_line() -> None:
    watched = Watched()
    watched.progress.begin(beginning())

    lines = watched.hear(
        start("prepare"),
        finished("prepare", metrics={"rows": 3}),
        finished("train", "restored", reasons=[{"kind": "output-missing", "what": "model"}]),
        finished("report", "up-to-date"),
        StepFinished("", "main", StepRun("main", "main", "succeeded").document()),
        DONE,
    )

    assert lines == [
        "✓ prepare   0.50 s  rows=3",
        "↺ train    from the cache  (model is missing)",
        "done in 1.50 s: 1 succeeded, 1 restored, 1 up to date",
    ]
    assert watched.out.getvalue() == ".runner/runs/01RUN/record.json\n"


def test_the_reason_is_told_unless_a_step_never_ran() -> None:
    watched = Watched()
    watched.progress.begin(beginning())

    lines = watched.hear(
        finished("a", reasons=[{"kind": "never-run", "what": ""}]),
        finished("b", reasons=[{"kind": "dep", "what": "b.py", "old": "1", "new": "2"}]),
    )

    assert lines == ["✓ a         0.50 s", "✓ b         0.50 s  (b.py changed)"]


def test_a_failed_step_shows_its_last_lines_and_how_to_run_it_again(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("epoch 1\nValueError: no\n")
    watched = Watched()
    watched.progress.begin(beginning(log_of=lambda step: str(tmp_path / f"{step}.log")))

    lines = watched.hear(
        finished("train", "failed", problem="exit code 3\nhint: look"),
        finished("report", "blocked"),
        RunFinished("", "failed", {"seconds": 2.0}),
    )

    assert lines == [
        "✗ train     0.50 s  exit code 3",
        "  hint: look",
        "  │ epoch 1",
        "  │ ValueError: no",
        "  hint: runner run . train",
        "failed in 2.00 s: 1 failed (train), 1 blocked",
    ]


def test_a_run_of_one_step_streams_its_output_as_it_is() -> None:
    watched = Watched()
    watched.progress.begin(beginning(to_run=1))
    assert watched.progress.streams

    watched.hear(
        start("train"),
        StepOutput("", "train", "stdout", " 10%\r 20%\r"),
        StepOutput("", "train", "stderr", "torn"),
        finished("train"),
    )

    assert watched.err.getvalue().endswith(" 10%\r 20%\rtorn\n✓ train     0.50 s\n")


def test_output_of_several_steps_comes_in_whole_lines_with_names() -> None:
    watched = Watched(verbose=True)
    watched.progress.begin(beginning())

    lines = watched.hear(
        StepOutput("", "a", "stdout", "one\nhal"),
        StepOutput("", "b", "stdout", "other\n"),
        StepOutput("", "a", "stdout", "f\nrest"),
        finished("a"),
    )

    assert lines == ["a | one", "b | other", "a | half", "a | rest", "✓ a         0.50 s"]


def test_quiet_leaves_failures_and_the_result() -> None:
    watched = Watched(quiet=True)
    watched.progress.begin(beginning(to_run=1))

    lines = watched.hear(finished("a"), finished("b", "failed", problem="exit code 1"), DONE)

    assert lines == ["✗ b         0.50 s  exit code 1", "  hint: runner run . b"]
    assert watched.out.getvalue() != ""


def test_a_heartbeat_names_what_runs_when_nothing_was_printed_for_long() -> None:
    watched = Watched()
    watched.progress.begin(beginning())
    watched.hear(start("train"))
    before = watched.err.getvalue()

    watched.clock.advance(HEARTBEAT - 1)
    watched.progress.beat()
    assert watched.err.getvalue() == before
    watched.clock.advance(1)
    watched.progress.beat()
    watched.progress.beat()

    assert watched.err.getvalue()[len(before) :] == "… running train (30.0 s)\n"


def test_an_attempt_that_is_repeated_is_told() -> None:
    watched = Watched()
    watched.progress.begin(beginning())

    assert watched.hear(start("train"), start("train", 2)) == ["↻ train  attempt 2"]


def test_an_environment_in_the_making_is_told_with_its_time() -> None:
    watched = Watched()
    watched.progress.begin(beginning())
    ready = EnvironmentReady(
        "", "env", {"kind": "virtualenv", "python": "3.12.1", "packages": ["a", "b"]}
    )

    watched.progress.say("installing 2 packages")
    watched.clock.advance(12)
    lines = watched.hear(ready, ready)

    assert lines == ["… virtualenv (Python 3.12.1, 2 packages) is ready, 12.0 s"]


def test_what_was_written_beside_the_outs_is_named() -> None:
    watched = Watched()
    watched.progress.begin(beginning())
    written = [
        {"path": "in.txt", "what": "input", "step": None},
        {"path": "stray", "what": "file", "step": "train"},
    ]

    lines = watched.hear(RunFinished("", "succeeded", {"undeclared_writes": written}))

    assert lines[:2] == [
        "warning: in.txt, an input, was changed during the run",
        "warning: stray was written by train and is no declared out",
    ]


def test_a_reader_that_has_left_ends_no_run() -> None:
    watched = Watched(LeftStream())

    watched.progress.begin(beginning())
    watched.hear(start("a"), finished("a"), DONE)
    watched.progress.close()

    assert watched.out.getvalue() == ".runner/runs/01RUN/record.json\n"


@pytest.mark.parametrize("status", ["up-to-date", "blocked", "cancelled"])
def test_verbose_shows_steps_that_needed_no_run(status: str) -> None:
    watched = Watched(verbose=True)
    watched.progress.begin(beginning())

    assert len(watched.hear(finished("a", status))) == 1


def test_with_json_only_warnings_are_written() -> None:
    err = Stream()
    watcher = Warnings(err, color="never")

    watcher.begin(beginning(notes=["be careful"]))
    watcher.say("pulling")
    watcher(DONE)
    watcher.beat()
    watcher.close()

    assert err.getvalue() == "warning: be careful\n"
