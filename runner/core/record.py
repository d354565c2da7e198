"""The record of a run: one immutable JSON document, its id and its summary.

A number that JSON does not know (NaN, an infinity) stands as the text `NaN`, `Infinity` or
`-Infinity`. The whole document is described in `schemas/run-record.schema.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

SCHEMA = 1
RUN_STATUSES = frozenset({"running", "succeeded", "failed", "interrupted"})
ENDED_WELL = frozenset({"succeeded", "restored", "up-to-date"})
STEP_STATUSES = ENDED_WELL | {"waiting", "ready", "running", "failed", "blocked", "cancelled"}
NOT_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


class StepRun(NamedTuple):
    """What the record says of one step: the entry that `StepFinished` carries.

    Durations are in seconds, sizes in bytes. `started` is empty for a step whose command never
    ran; `restored_from` is the run whose outputs came back from the cache. `samples` are (seconds
    since its start, cores in use, memory, GPU use 0..1 or None); `log` is relative to the run's
    folder; `components` is what the step_key was made from; `problem` says why it failed.
    """

    step: str
    entry_point: str
    status: str
    step_key: str = ""
    command: str | None = None
    env_id: str = ""
    inputs: Sequence[object] = ()
    outputs: Sequence[object] = ()
    metrics: Mapping[str, object] = {}
    reasons: Sequence[object] = ()
    exit_code: int | None = None
    started: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    tree_memory: int = 0
    attempts: int = 0
    restored_from: str | None = None
    samples: Sequence[Sequence[float | None]] = ()
    params_logged: Mapping[str, object] = {}
    artifacts: Sequence[object] = ()
    log: str = ""
    components: Mapping[str, object] = {}
    problem: str = ""

    def document(self) -> dict[str, object]:
        """Give the entry as JSON has it; named tuples in its lists become objects."""
        fields: dict[str, object] = self._asdict()
        for name in ("inputs", "outputs", "reasons", "artifacts"):
            fields[name] = [_plain(item) for item in getattr(self, name)]
        return fields


class StepEntry(NamedTuple):
    """A step of a record: its canonical text, and what is looked at without reading that."""

    step: str
    status: str
    step_key: str
    text: bytes
    outputs: tuple[tuple[str, str], ...] = ()
    metrics: Mapping[str, object] = {}
    params_logged: Mapping[str, object] = {}

    @classmethod
    def of(cls, step_run: Mapping[str, Any]) -> StepEntry:
        """Make the entry of one step from its part of the document."""
        return cls(
            str(step_run.get("step", "")),
            str(step_run.get("status", "")),
            step_run.get("step_key") or "",
            canonical(step_run),
            tuple((str(out["path"]), out.get("md5") or "") for out in step_run.get("outputs", ())),
            step_run.get("metrics") or {},
            step_run.get("params_logged") or {},
        )


class StepState(NamedTuple):
    """What was last recorded for a step that ended well.

    `outputs` maps paths to md5s. The rest is read from the step's text when it is asked for: a
    run with nothing to do never asks.
    """

    step: str
    run_id: str
    step_key: str
    outputs: Mapping[str, str]
    text: str

    @property
    def step_run(self) -> dict[str, Any]:
        """The step's whole entry in its record."""
        entry: dict[str, Any] = json.loads(self.text)
        return entry

    @property
    def components(self) -> dict[str, Any]:
        """What the step_key was made from."""
        parts: dict[str, Any] = self.step_run.get("components") or {}
        return parts


class Record(Mapping[str, object]):
    """One record, with its steps as texts, so that ten thousand of them take little memory.

    As a mapping it is the document of INTERFACE. `head` is the document without `steps` and
    `record_id`; the id is always made anew.
    """

    __slots__ = ("entries", "head", "record_id")

    def __init__(self, head: Mapping[str, object], entries: Sequence[StepEntry]) -> None:
        self.head = {key: head[key] for key in head if key not in {"steps", "record_id"}}
        self.entries = entries
        digest = hashlib.sha256()
        for piece in self._pieces({}):
            digest.update(piece)
        self.record_id = digest.hexdigest()

    @classmethod
    def of(cls, document: Mapping[str, object]) -> Record:
        """Read a document as a record; one that is a record already is given back."""
        if isinstance(document, Record):
            return document
        steps: Any = document.get("steps", ())
        return cls(document, [StepEntry.of(step) for step in steps])

    @property
    def run_id(self) -> str:
        """The id of the run that is recorded."""
        return str(self.head["run_id"])

    def pieces(self) -> Iterator[bytes]:
        """Give the canonical text piece by piece."""
        return self._pieces({"record_id": self.record_id})

    def _pieces(self, more: Mapping[str, object]) -> Iterator[bytes]:
        fields = {**self.head, **more}
        mark = b"{"
        for key in sorted([*fields, "steps"]):
            yield mark + canonical(key) + b":"
            mark = b","
            if key == "steps":
                yield from self._step_pieces()
            else:
                yield canonical(fields[key])
        yield b"}"

    def _step_pieces(self) -> Iterator[bytes]:
        mark = b"["
        for entry in self.entries:
            yield mark
            yield entry.text
            mark = b","
        yield b"]" if self.entries else b"[]"

    def __getitem__(self, key: str) -> object:
        if key == "steps":
            return [json.loads(entry.text) for entry in self.entries]
        return self.record_id if key == "record_id" else self.head[key]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.head, "record_id", "steps"])

    def __len__(self) -> int:
        return len(self.head) + 2


def canonical(document: object) -> bytes:
    """Give the one text of a JSON value: sorted keys, no spaces, UTF-8, no NaN.

    The parts of a file name that are not UTF-8 survive as escapes, part by part, so that the
    text of a whole is made of the texts of its parts.
    """
    if isinstance(document, Record):
        return b"".join(document.pieces())
    try:
        text = _encode(document)
    except ValueError:
        text = _encode(_finite(document))
    return text.encode("utf-8", "backslashreplace")


def record_id(document: Mapping[str, object]) -> str:
    """Give the sha256 of a record's canonical text without `record_id`."""
    if isinstance(document, Record):
        return document.record_id
    rest = {key: value for key, value in document.items() if key != "record_id"}
    return hashlib.sha256(canonical(rest)).hexdigest()


def result_id(outputs: Iterable[tuple[str, str]]) -> str:
    """Identify a run's answer: the sha256 of its outputs' (path, md5), sorted."""
    pairs = sorted(dict(outputs).items())
    return hashlib.sha256(canonical(pairs)).hexdigest()


def summary(document: Mapping[str, object]) -> dict[str, Any]:
    """Give the row of `runs --json` for a record."""
    record = Record.of(document)
    head: Mapping[str, Any] = record.head
    code, request = head.get("code") or {}, head.get("request") or {}
    bound = {
        name: parameter["value"] if isinstance(parameter, Mapping) else parameter
        for name, parameter in (request.get("parameters") or {}).items()
    }
    logged = _by_name((entry.step, entry.params_logged) for entry in record.entries)
    return {
        "run_id": record.run_id,
        "record_id": record.record_id,
        "status": head.get("status", ""),
        "entry_point": request.get("entry_point", ""),
        "commit": code.get("commit", ""),
        "dirty": code.get("state") == "snapshot",
        "data_version": head.get("data_version", ""),
        "plan_id": head.get("plan_id", ""),
        "result_id": head.get("result_id", ""),
        "started": head.get("started", ""),
        "seconds": head.get("seconds", 0.0),
        "params": {**logged, **bound},
        "metrics": metrics(record),
        "tags": dict(head.get("tags") or {}),
        "rerun_of": head.get("rerun_of"),
        "verdict": head.get("verdict"),
    }


def metrics(document: Mapping[str, object]) -> dict[str, Any]:
    """Give a record's metrics by name; a name that several steps have becomes `step:name`."""
    entries = Record.of(document).entries
    return _by_name((entry.step, entry.metrics) for entry in entries)


def named(steps: Iterable[tuple[str, Iterable[str]]]) -> dict[tuple[str, str], str]:
    """Give each (step, name) the name it has in a run: `step:name` where several steps have it."""
    pairs = [(step, name) for step, names in steps for name in names]
    seen: dict[str, int] = {}
    for _, name in pairs:
        seen[name] = seen.get(name, 0) + 1
    return {(step, name): name if seen[name] == 1 else f"{step}:{name}" for step, name in pairs}


def _by_name(steps: Iterable[tuple[str, Mapping[str, object]]]) -> dict[str, object]:
    kept = [(step, values) for step, values in steps if values]
    names = named(kept)
    return {names[step, name]: value for step, values in kept for name, value in values.items()}


def _plain(item: Any) -> object:
    return item._asdict() if hasattr(item, "_asdict") else item


def _finite(value: Any) -> object:
    if isinstance(value, float):
        return NOT_NUMBERS.get(repr(value), value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
