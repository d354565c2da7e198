"""Records and events to test with: whole ones, changed where a test says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runner.core.events import EnvironmentReady, Event, RunFinished, RunStarted, StepFinished
from runner.core.events import StepStarted as Started
from runner.core.record import Record, StepRun, canonical
from runner.core.record_fold import fold
from runner.core.run_id import new_run_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMIT = "c0ffee" + "0" * 34
ENV_ID = "e" * 64
BEGIN = 1_767_225_600  # 2026-01-01T00:00:00Z


def run_id(number: int = 0) -> str:
    """The id of the n-th run of a test, in order."""
    return new_run_id((BEGIN + number) * 1000, bytes([number % 256]) * 10)


def at(number: int, second: int = 0) -> str:
    """A time within the n-th run."""
    minute, rest = divmod(number, 60)
    hour, minute = divmod(minute, 60)
    day, hour = divmod(hour, 24)
    return f"2026-01-{1 + day:02}T{hour:02}:{minute:02}:{rest:02}.{second:03}Z"


def step_run(name: str, **changes: Any) -> dict[str, Any]:
    """A step that succeeded, as the record has it."""
    entry = StepRun(
        name,
        name.partition("@")[0],
        "succeeded",
        step_key="a" * 64,
        command=f"python {name}.py",
        env_id=ENV_ID,
        inputs=[
            {"path": "data.csv", "kind": "dvc", "md5": "1" * 32, "size": 10, "nfiles": None},
            {"path": f"{name}.py", "kind": "git", "md5": "2" * 32, "size": 20, "nfiles": None},
        ],
        outputs=[
            {"path": f"out/{name}", "md5": "3" * 32, "size": 30, "nfiles": None, "stored": "dvc"}
        ],
        reasons=[{"kind": "never-run", "what": "", "old": None, "new": None}],
        exit_code=0,
        started=at(0, 10),
        seconds=0.5,
        cpu_seconds=0.4,
        peak_memory=9_000_000,
        attempts=1,
        log=f"logs/{name}.log",
        components={"version": 1, "deps": {"data.csv": "1" * 32}},
    )
    as_stored: dict[str, Any] = json.loads(canonical(entry._replace(**changes).document()))
    return as_stored


def document(**changes: Any) -> dict[str, Any]:
    """What a run says of itself when it begins."""
    known: dict[str, Any] = {
        "project": {"name": "wine", "root": ".", "repo_url": "", "branch": "main"},
        "code": {"commit": COMMIT, "tree": "t", "state": "clean", "snapshot": None},
        "request": {
            "entry_point": "main",
            "targets": [],
            "parameters": {"alpha": {"value": 0.5, "type": "float", "source": "default"}},
        },
        "data_version": "da7a",
        "plan_id": "b" * 64,
        "variables": {"TZ": "UTC"},
        "machine": {"system": "Linux", "cpu": {"cores": 2}},
        "runner": {"version": "1"},
    }
    return known | changes


def events(
    number: int = 0,
    steps: Sequence[Mapping[str, Any]] | None = None,
    status: str = "succeeded",
    end: Mapping[str, object] | None = None,
    **changes: Any,
) -> list[Event]:
    """The events of a whole run."""
    runs = [step_run("train")] if steps is None else steps
    names = tuple(run["step"] for run in runs)
    found: list[Event] = [
        RunStarted(at(number), names, document(**changes)),
        EnvironmentReady(at(number, 1), ENV_ID, {"kind": "system", "exact": False}),
    ]
    for run in runs:
        found += [
            Started(at(number, 10), run["step"], ENV_ID, 1),
            StepFinished(at(number, 20), run["step"], run),
        ]
    return [*found, RunFinished(at(number, 30), status, end or {})]


def record(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A finished record: the n-th run of a test."""
    return dict(fold(events(number, **changes), run_id(number)))


def changed(original: Mapping[str, object], **changes: object) -> dict[str, Any]:
    """The same record, otherwise: with its id made anew."""
    return dict(Record.of({**original, **changes}))
