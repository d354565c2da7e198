"""What views write to in tests: a stream that says whether it is a terminal, and a clock."""

from __future__ import annotations

import io
import re
from typing import Any

from runner.core.events import StepFinished
from runner.core.record import StepRun
from runner.views.progress import Beginning

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Stream(io.StringIO):
    """A text stream that claims to be a terminal, or not; it counts how often it was written."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal
        self.writes = 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)

    @property
    def plain(self) -> str:
        """The text without its escape sequences."""
        return ESCAPES.sub("", self.getvalue())


class LeftStream(Stream):
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def beginning(**changes: Any) -> Beginning:
    """A run of three steps, two of them to run."""
    known: dict[str, Any] = {
        "run_id": "01RUN",
        "steps": 3,
        "to_run": 2,
        "to_restore": 0,
        "width": 7,
        "notes": (),
        "code": "1a2b3c4",
        "record": ".runner/runs/01RUN/record.json",
        "retry": lambda step: f"runner run . {step}",
        "logs": lambda step: f"runner logs 01RUN {step}",
        "log_of": lambda step: f"/nowhere/{step}.log",
    }
    return Beginning(**{**known, **changes})


def finished(name: str, status: str = "succeeded", **changes: Any) -> StepFinished:
    """The end of a step that has a command."""
    run = StepRun(name, name, status, command="true", seconds=0.5, peak_memory=1 << 20)
    return StepFinished("", name, run._replace(**changes).document())
