"""Record a run: the listener that writes its events as they come, and its record at the end.

Every event but output is one line in `events.jsonl`, written at once, so that a runner that is
killed leaves everything that happened. The record is the fold of those lines (`core.record_fold`).
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, Self

from runner.core.events import Event, RunFinished, StepFinished, StepOutput, line
from runner.core.record import canonical
from runner.core.record_fold import LINE_KEYS, Draft
from runner.errors import StoreError
from runner.fault_points import fault_point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.core.record import Record

ROOM = "make room or the folder writable; what was recorded before is untouched"


class Records(Protocol):
    """The part of a store that keeps records."""

    def save(self, record: Mapping[str, object]) -> None:
        """Keep one finished record for good; it is on disk when this returns."""


class Recorder:
    """Listens to one run. While it lives, nobody takes the run for interrupted.

    `run_folder` is `.runner/runs/<run_id>`. `on_line` gets every event, output too, as the JSON
    line that `--json` shows; the last one only when the record is on disk. A run that did not
    reach its end is closed as interrupted by the next command, after `close` or without it.

    Raises:
        StoreError: the folder cannot be written; also from each call, when the disk is full.
    """

    def __init__(
        self,
        run_folder: str,
        run_id: str,
        store: Records,
        on_line: Callable[[bytes], None] | None = None,
    ) -> None:
        self.record: Record | None = None
        self._folder = run_folder
        self._run_id = run_id
        self._store = store
        self._on_line = on_line
        self._draft = Draft(run_id)
        active = os.path.join(os.path.dirname(os.path.dirname(run_folder)), "active")
        self._active_path = os.path.join(active, run_id)
        try:
            os.makedirs(active, exist_ok=True)
            self._active: int | None = _hold(self._active_path)
            os.makedirs(run_folder, exist_ok=True)
            path = os.path.join(run_folder, "events.jsonl")
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._events: int | None = os.open(path, flags, 0o644)
        except OSError as error:
            raise _cannot_record(run_id, error) from error

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        fields = line(event, self._run_id)
        if isinstance(event, StepOutput):
            if self._on_line is not None:
                self._on_line(canonical(fields) + b"\n")
            return
        self._draft.add(fields)
        if isinstance(event, RunFinished):
            self._finish(fields)
            return
        if isinstance(event, StepFinished):
            head = {key: fields[key] for key in LINE_KEYS}
            text = canonical(head)[:-1] + b"," + self._draft.entry(event.step).text[1:] + b"\n"
        else:
            text = canonical(fields) + b"\n"
        self._append(text)
        if self._on_line is not None:
            self._on_line(text)

    def step_run(self, step: str) -> dict[str, object]:
        """Give what was recorded of a step that has finished."""
        entry: dict[str, object] = json.loads(self._draft.entry(step).text)
        return entry

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the run; harmless when repeated. A run that never began leaves no trace."""
        if self._active is None:
            return
        if not self._draft.begun:
            self._vanish()
        self._let_go()

    def _finish(self, fields: dict[str, object]) -> None:
        self.record = record = self._draft.record()
        fields["record_id"] = record.record_id
        fields["result_id"] = record["result_id"]
        fields["counts"] = self._draft.counts()
        text = canonical(fields) + b"\n"
        self._append(text)
        self._sync()
        self._store.save(record)
        fault_point("active.before")
        with suppress(FileNotFoundError):  # a step removed `.runner`
            os.unlink(self._active_path)
        self._let_go()
        if self._on_line is not None:
            self._on_line(text)

    def _append(self, text: bytes) -> None:
        """Write one line whole, or not at all."""
        assert self._events is not None, "the run is over"
        try:
            written = os.write(self._events, text)
            if written < len(text):
                os.ftruncate(self._events, os.fstat(self._events).st_size - written)
                written = os.write(self._events, text)
        except OSError as error:
            raise _cannot_record(self._run_id, error) from error
        if written < len(text):
            raise StoreError(f"run {self._run_id} cannot be recorded: the disk is full", hint=ROOM)

    def _sync(self) -> None:
        assert self._events is not None, "the run is over"
        try:
            os.fdatasync(self._events)
        except OSError as error:
            raise _cannot_record(self._run_id, error) from error

    def _vanish(self) -> None:
        for remove, path in (
            (os.unlink, os.path.join(self._folder, "events.jsonl")),
            (os.rmdir, self._folder),
            (os.unlink, self._active_path),
        ):
            try:
                remove(path)
            except OSError:
                return  # something was kept there: the next command looks after it

    def _let_go(self) -> None:
        for descriptor in (self._events, self._active):
            if descriptor is not None:
                os.close(descriptor)
        self._events = self._active = None


def _hold(path: str) -> int:
    """Make a run's file in `active/` and lock it for as long as this process lives.

    Somebody who closes dead runs may come between the two and remove the file: then once more.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _cannot_record(run_id: str, error: OSError) -> StoreError:
    where = f" ({error.filename})" if error.filename else ""
    return StoreError(f"run {run_id} cannot be recorded: {error.strerror}{where}", hint=ROOM)
