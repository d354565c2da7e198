"""The few events a run emits. Terminal, record, `--json` and the live page listen to them.

The run record is a fold of this stream (`core.record`), so a run is recorded alike however it
was started. Times are RFC 3339 UTC texts, durations seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = 1


class RunStarted(NamedTuple):
    """A run begins; `document` holds what the record says of it before any step ran."""

    time: str
    steps: tuple[str, ...]
    document: Mapping[str, object]


class EnvironmentReady(NamedTuple):
    """An environment was prepared; `document` is its entry in the record."""

    time: str
    env_id: str
    document: Mapping[str, object]


class StepStarted(NamedTuple):
    """One attempt of a step starts its command."""

    time: str
    step: str
    environment: str
    attempt: int


class StepOutput(NamedTuple):
    """Some text a step wrote; `stream` is stdout or stderr."""

    time: str
    step: str
    stream: str
    text: str


class Metric(NamedTuple):
    """One point of a metric; `number` counts the points of this name from 0, or is its step."""

    time: str
    step: str
    name: str
    value: float
    number: int


class Parameter(NamedTuple):
    """A parameter that a step logged while it ran."""

    time: str
    step: str
    name: str
    value: str


class Artifact(NamedTuple):
    """A file that a step logged; `path` is relative to the run's `artifacts/`."""

    time: str
    step: str
    path: str
    size: int


class StepFinished(NamedTuple):
    """A step reached its end; `step_run` is its entry in the record."""

    time: str
    step: str
    step_run: Mapping[str, object]


class RunFinished(NamedTuple):
    """The run is over; `document` holds what is only known now."""

    time: str
    status: str
    document: Mapping[str, object]


Event = (
    RunStarted
    | EnvironmentReady
    | StepStarted
    | StepOutput
    | Metric
    | Parameter
    | Artifact
    | StepFinished
    | RunFinished
)

NAMES: Mapping[type, str] = {
    RunStarted: "run_started",
    EnvironmentReady: "environment_ready",
    StepStarted: "step_started",
    StepOutput: "step_output",
    Metric: "metric",
    Parameter: "parameter",
    Artifact: "artifact",
    StepFinished: "step_finished",
    RunFinished: "run_finished",
}


def line(event: Event, run_id: str) -> dict[str, object]:
    """Render an event as its JSON line: schema, event, time, run_id, then its own fields.

    A `document` or `step_run` is spread into the line, so that consumers see flat fields.
    """
    fields: dict[str, object] = dict(event._asdict())
    spread = fields.pop("document", None) or fields.pop("step_run", None) or {}
    assert isinstance(spread, Mapping)
    head = {"schema": SCHEMA, "event": NAMES[type(event)], "time": event.time, "run_id": run_id}
    return {**spread, **fields, **head}
