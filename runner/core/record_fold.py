"""Fold a run's events into its record, whether they come live or from `events.jsonl`.

A run without `run_finished` was interrupted: what had started is `cancelled`, what had not is
`waiting`, and it ended at its last event. Folding the same events twice gives the same record.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner.core.events import Event, line
from runner.core.record import SCHEMA, Record, StepEntry, StepRun, result_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LINE_KEYS = frozenset({"schema", "event", "time", "run_id"})
REPEATED = frozenset({"commit", "dirty"})  # for readers of the first event; `code` has them
DERIVED = frozenset({"record_id", "result_id", "counts", "steps"})
LOGGED = frozenset({"metric", "parameter", "artifact"})  # with times that the step gave
UNTOLD: Mapping[str, object] = {
    "schema": SCHEMA,
    "kind": "run",
    "project": {},
    "code": {},
    "request": {},
    "data_version": "",
    "plan_id": "",
    "variables": {},
    "machine": {},
    "runner": {},
    "rerun_of": None,
    "verdict": None,
    "tags": {},
}
INTERRUPTED = "the run was interrupted while this step ran"


class Draft:
    """A record in the making. `run_id` names its run."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.begun = False
        self._head: dict[str, Any] = {}
        self._environments: dict[str, object] = {}
        self._order: tuple[str, ...] = ()
        self._entries: dict[str, StepEntry] = {}
        self._running: dict[str, StepRun] = {}
        self._logged: dict[str, dict[str, dict[str, Any]]] = {}
        self._end: dict[str, Any] = {}
        self._last_time = ""
        self._takes = {
            "run_started": self._run_started,
            "environment_ready": self._environment_ready,
            "step_started": self._step_started,
            "metric": self._metric,
            "parameter": self._parameter,
            "artifact": self._artifact,
            "step_finished": self._step_finished,
            "run_finished": self._run_finished,
        }

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in one event, as its JSON line has it; unknown ones are passed over."""
        name = event["event"]
        if name not in LOGGED:
            self._last_time = event.get("time") or self._last_time
        take = self._takes.get(name)
        if take:
            take(event)

    def entry(self, step: str) -> StepEntry:
        """Give the entry of a step that has finished."""
        return self._entries[step]

    def counts(self) -> dict[str, int]:
        """Count the steps by status."""
        result: dict[str, int] = {}
        for entry in self._all_entries():
            result[entry.status] = result.get(entry.status, 0) + 1
        return result

    def record(self, unfinished: str = "interrupted") -> Record:
        """Give the record of all events so far; without an end its status is `unfinished`."""
        entries = self._all_entries()
        started = self._head.get("started", "")
        ended = self._end.get("ended", self._last_time)
        return Record(
            {
                **UNTOLD,
                "run_id": self.run_id,
                "status": unfinished,
                "ended": ended,
                "seconds": _seconds_between(started, ended),
                **self._head,
                **self._end,
                "environments": self._environments,
                "result_id": result_id(pair for entry in entries for pair in entry.outputs),
            },
            entries,
        )

    def _all_entries(self) -> list[StepEntry]:
        names = dict.fromkeys([*self._order, *self._entries])
        return [self._entries.get(name) or self._unfinished(name) for name in names]

    def _unfinished(self, name: str) -> StepEntry:
        waiting = StepRun(name, name.partition("@")[0], "waiting")
        return StepEntry.of(self._with_logged(name, self._running.get(name, waiting).document()))

    def _run_started(self, event: Mapping[str, Any]) -> None:
        self.begun = True
        self._order = tuple(event["steps"])
        told = {key: value for key, value in _document(event).items() if key not in REPEATED}
        self._head = {"started": event["time"], **told}
        self._environments = dict(self._head.pop("environments", None) or {})

    def _environment_ready(self, event: Mapping[str, Any]) -> None:
        document = _document(event)
        self._environments[document.pop("env_id")] = document

    def _step_started(self, event: Mapping[str, Any]) -> None:
        name = event["step"]
        environment = event.get("environment", "")
        self._logged.pop(name, None)
        self._running[name] = StepRun(
            name,
            name.partition("@")[0],
            "cancelled",
            env_id=environment if environment in self._environments else "",
            started=event["time"],
            attempts=event["attempt"],
            problem=INTERRUPTED,
        )

    def _metric(self, event: Mapping[str, Any]) -> None:
        self._log(event["step"], "metrics", event["name"], event["value"])

    def _parameter(self, event: Mapping[str, Any]) -> None:
        self._log(event["step"], "params_logged", event["name"], event["value"])

    def _artifact(self, event: Mapping[str, Any]) -> None:
        entry = {"path": event["path"], "size": event["size"]}
        self._log(event["step"], "artifacts", event["path"], entry)

    def _log(self, step: str, kind: str, name: str, value: object) -> None:
        self._logged.setdefault(step, {}).setdefault(kind, {})[name] = value

    def _step_finished(self, event: Mapping[str, Any]) -> None:
        name = event["step"]
        self._running.pop(name, None)
        self._entries[name] = StepEntry.of(self._with_logged(name, _document(event)))
        self._logged.pop(name, None)

    def _with_logged(self, name: str, step_run: dict[str, Any]) -> dict[str, Any]:
        """Add what the step logged; what its own entry says of a name stands."""
        for kind, logged in self._logged.get(name, {}).items():
            given = step_run.get(kind) or {}
            if kind == "artifacts":
                given = {artifact["path"]: artifact for artifact in given}
            merged = {**logged, **given}
            step_run[kind] = list(merged.values()) if kind == "artifacts" else merged
        return step_run

    def _run_finished(self, event: Mapping[str, Any]) -> None:
        document = {key: value for key, value in _document(event).items() if key not in DERIVED}
        self._environments.update(document.pop("environments", None) or {})
        self._end = {"ended": event["time"], **document}


def fold(events: Iterable[Event], run_id: str) -> dict[str, object]:
    """Build the record of a run from its events."""
    return fold_lines(line(event, run_id) for event in events)


def fold_lines(lines: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """Build the record of a run from its events as JSON lines, which all name one run.

    Raises:
        ValueError: there is no `run_started` among them.
    """
    draft: Draft | None = None
    for event in lines:
        draft = draft or Draft(event["run_id"])
        draft.add(event)
    if draft is None or not draft.begun:
        raise ValueError("these events hold no run_started")
    return dict(draft.record())


def _document(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in event.items() if key not in LINE_KEYS and key != "record_id"
    }


def _seconds_between(start: str, end: str) -> float:
    try:
        span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, round(span.total_seconds(), 3))
