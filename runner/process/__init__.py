"""Start, stream, time and stop local processes: the one door to them."""

from __future__ import annotations

from runner.process.capture import Output, Pending, begin, capture
from runner.process.client import (
    Alive,
    Ended,
    Failed,
    Report,
    Spawner,
    SpawnerLostError,
    Start,
)
from runner.process.marks import find_marked, kill_marked
from runner.process.masking import hide
from runner.process.output import CommandOutput

__all__ = [
    "Alive",
    "CommandOutput",
    "Ended",
    "Failed",
    "Output",
    "Pending",
    "Report",
    "Spawner",
    "SpawnerLostError",
    "Start",
    "begin",
    "capture",
    "find_marked",
    "hide",
    "kill_marked",
    "step_api_folder",
]


def step_api_folder() -> str:
    """Give the folder to put last on a step's PYTHONPATH, so that it can `import runner`."""
    return __file__.removesuffix("process/__init__.py") + "step_api"
