"""The files of a project's runs: `.runner/runs/<run_id>/record.json`, `events.jsonl` and more."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from runner.core.record import SCHEMA, Record
from runner.core.record_fold import Draft
from runner.errors import StoreError
from runner.fault_points import fault_point

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = "record.json"
EVENTS = "events.jsonl"
REBUILD = "`runner doctor --rebuild-index` makes the index anew from the records"


class RunFiles:
    """Reads and writes the folders of runs. `folder` is the project's `.runner`."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(folder, "runs")
        self.active = os.path.join(folder, "active")

    def run_folder(self, run_id: str) -> str:
        """Tell where everything of one run lies."""
        return os.path.join(self.folder, run_id)

    def has_record(self, run_id: str) -> bool:
        """Tell whether the run's record is there."""
        return os.path.exists(self._path(run_id, RECORD))

    def made_here(self, run_id: str) -> bool:
        """Tell whether the run took place in this folder (its events are here too)."""
        return os.path.exists(self._path(run_id, EVENTS))

    def run_ids(self) -> list[str]:
        """Name all runs that have a folder, oldest first."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if not name.startswith("."))

    def is_active(self, run_id: str) -> bool:
        """Tell whether the run has not been brought to its end."""
        return os.path.exists(os.path.join(self.active, run_id))

    def text(self, run_id: str) -> bytes:
        """Give the record as it is on disk.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        try:
            with open(self._path(run_id, RECORD), "rb") as file:
                return file.read()
        except FileNotFoundError as error:
            raise StoreError(f"run {run_id} has no record here", hint=REBUILD) from error
        except OSError as error:
            raise StoreError(f"{error.filename}: {error.strerror}", hint=REBUILD) from error

    def read(self, run_id: str) -> dict[str, Any]:
        """Give the record as a document.

        Raises:
            StoreError: there is none, it is damaged, or a newer version wrote it.
        """
        path = self._path(run_id, RECORD)
        try:
            document = json.loads(self.text(run_id))
        except ValueError as error:
            raise StoreError(
                f"{path} is damaged: {error}", hint="`runner doctor` names all such records"
            ) from error
        if not isinstance(document, dict) or document.get("run_id") != run_id:
            raise StoreError(f"{path} is not the record of this run", hint="move it away")
        if document.get("schema") != SCHEMA:
            raise StoreError(
                f"{path} has schema {document.get('schema')}, and this runner reads {SCHEMA}",
                hint="upgrade runner",
            )
        return document

    def record(self, run_id: str) -> Record:
        """Give the record with its steps as texts.

        Raises:
            StoreError: there is none, or it cannot be read.
        """
        document = self.read(run_id)
        try:
            return Record.of(document)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise StoreError(f"the record of run {run_id} is damaged: {error}") from error

    def write(self, record: Record) -> None:
        """Write a record for good: it is on disk when this returns, whole or not at all.

        Raises:
            StoreError: it cannot be written, or the run has another record already.
        """
        run_id = record.run_id
        if self.has_record(run_id):
            if self.text(run_id) != b"".join(record.pieces()) + b"\n":
                raise StoreError(f"run {run_id} is recorded already, and a record never changes")
            return
        try:
            self._write(self.run_folder(run_id), record)
        except OSError as error:
            raise StoreError(
                f"the record of run {run_id} cannot be written: {error.strerror} ({self.folder})",
                hint="make room or the folder writable; the next command closes this run",
            ) from error

    def _write(self, folder: str, record: Record) -> None:
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, RECORD)
        draft = f"{path}.{os.getpid()}"
        try:
            with open(draft, "wb") as file:
                file.writelines(record.pieces())
                file.write(b"\n")
                file.flush()
                os.fsync(file.fileno())
            fault_point("record.before")
            os.rename(draft, path)
        except OSError:
            remove_file(draft)
            raise
        fault_point("record.after")
        sync_folder(folder)

    def add_whole(self, record: Record) -> None:
        """Write the folder of a run that took place elsewhere; it appears in one move.

        Nothing waits for the disk: whoever brought the record still has it.

        Raises:
            StoreError: it cannot be written.
        """
        hidden = os.path.join(self.folder, f".{record.run_id}.{os.getpid()}")
        try:
            os.makedirs(hidden, exist_ok=True)
            with open(os.path.join(hidden, RECORD), "wb") as file:
                file.writelines(record.pieces())
                file.write(b"\n")
            os.rename(hidden, self.run_folder(record.run_id))
        except OSError as error:
            remove_tree(hidden)
            raise StoreError(
                f"the record of run {record.run_id} cannot be written: {error.strerror}",
                hint="make room or the folder writable, and import again",
            ) from error

    def draft(self, run_id: str) -> Draft:
        """Fold the events that a run left so far; a torn last line is passed over."""
        draft = Draft(run_id)
        for event in self.events(run_id):
            draft.add(event)
        return draft

    def events(self, run_id: str, marks: tuple[bytes, ...] = (b"",)) -> Iterator[dict[str, Any]]:
        """Give a run's events in order; with marks, those whose line holds one of them."""
        try:
            file = open(self._path(run_id, EVENTS), "rb")  # noqa: SIM115  # closed below
        except FileNotFoundError:
            return
        with file:
            for line in file:
                if not line.endswith(b"\n") or not any(mark in line for mark in marks):
                    continue
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and "event" in event:
                    yield event

    def remove(self, run_id: str) -> None:
        """Remove everything of a run; it vanishes in one move."""
        folder = self.run_folder(run_id)
        hidden = os.path.join(self.folder, f".gone.{run_id}")
        try:
            os.rename(folder, hidden)
        except FileNotFoundError:
            return
        except OSError:
            hidden = folder
        remove_tree(hidden)

    def _path(self, run_id: str, name: str) -> str:
        return os.path.join(self.folder, run_id, name)


def sync_folder(path: str) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_file(path: str) -> None:
    """Remove a file; none is fine too."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove_tree(path: str) -> None:
    """Remove a folder and what is in it; none is fine too."""
    import shutil  # noqa: PLC0415  # a run that goes well removes no folders

    shutil.rmtree(path, ignore_errors=True)
