"""What steps log is told while they run, each line once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.core.events import Artifact, Metric, Parameter
from runner.engine.step_logs import LOOK_SECONDS, StepLogs
from tests.views.screens import Clock

if TYPE_CHECKING:
    from pathlib import Path


class Step:
    """A step that logs, and whoever reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.logs = StepLogs(
            lambda step: str(folder / step), str(folder), lambda: "now", self.clock
        )

    def log(self, text: str) -> None:
        with (self.folder / "train").open("a") as file:
            file.write(text)

    def values(self, *, over: bool = False) -> list[tuple[str, float, int]]:
        return [
            (event.name, event.value, event.number)
            for event in self.logs.news("train", over=over)
            if isinstance(event, Metric)
        ]


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def test_points_come_as_they_are_logged_and_never_twice(step: Step) -> None:
    assert step.values() == []
    step.log('{"metric": "loss", "value": 2}\n')
    assert step.values() == [("loss", 2.0, 0)]
    assert step.values() == []
    step.log('{"metric": "loss", "value": 1}\n{"metric": "acc", "value": 9, "number": 5}\n')

    assert step.values(over=True) == [("loss", 1.0, 1), ("acc", 9.0, 5)]
    assert step.logs.close("train") == {"loss": 1.0, "acc": 9.0}


def test_a_line_that_is_being_written_waits_until_it_is_whole(step: Step) -> None:
    step.log('{"metric": "loss", ')
    assert step.values() == []
    step.log('"value": 2}\n{"metric": "torn", "value": 1}')

    assert step.values() == [("loss", 2.0, 0)]
    assert step.values(over=True) == [("torn", 1.0, 0)]


def test_another_attempt_begins_anew(step: Step) -> None:
    step.log('{"metric": "loss", "value": 2}\n')
    step.values()
    step.logs.close("train")
    (step.folder / "train").unlink()
    step.log('{"metric": "loss", "value": 3}\n')

    assert step.values() == [("loss", 3.0, 0)]
    assert step.logs.close("train") == {"loss": 3.0}


def test_parameters_and_artifacts_are_told_too(step: Step) -> None:
    (step.folder / "plot.png").write_bytes(b"12345")
    step.log('{"param": "seed", "value": 7, "time": "2026-01-02T03:04:05.678Z"}\n')
    step.log('{"artifact": "plot.png"}\nnonsense\n')

    assert list(step.logs.news("train")) == [
        Parameter("2026-01-02T03:04:05.678Z", "train", "seed", "7"),
        Artifact("now", "train", "plot.png", 5),
    ]


def test_what_cannot_be_read_is_said_with_its_line(step: Step) -> None:
    step.log('{"metric": "loss", "value": 2}\n')
    assert step.values() == [("loss", 2.0, 0)]
    assert step.logs.problems("train") == []
    step.log('nonsense\n{"artifact": "a\\u0000b"}\n')

    assert list(step.logs.news("train", over=True)) == []

    problems = "RUNNER_LOG: line 2: is not JSON; line 3: artifact holds a NUL character"
    assert step.logs.problems("train") == [problems]


@pytest.mark.parametrize("time", ["then", "2026-13-01T00:00:00Z", "2026-01-01", "\\u001b[2J"])
def test_a_time_that_is_none_is_left_out(step: Step, time: str) -> None:
    step.log('{"param": "seed", "value": 7, "time": "' + time + '"}\n')

    assert list(step.logs.news("train")) == [Parameter("now", "train", "seed", "7")]


def test_a_folder_in_place_of_the_log_says_nothing(step: Step) -> None:
    (step.folder / "train").mkdir()

    assert list(step.logs.news("train", over=True)) == []


def test_it_is_time_to_look_at_most_once_a_second(step: Step) -> None:
    looks = 0
    for _ in range(80):
        step.clock.advance(LOOK_SECONDS / 16)
        looks += step.logs.due()

    assert looks == 5


def test_a_step_that_logged_nothing_has_no_last_values(step: Step) -> None:
    assert list(step.logs.news("train", over=True)) == []
    assert step.logs.close("train") == {}
    assert step.logs.close("train") == {}
