"""What commands about recorded runs ask: which project, which run, what it says."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from runner import bootstrap
from runner.api.recovery import recover
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLLOW_PAUSE = 0.1


def project_folder(start: str = ".") -> str:
    """Find the project around a folder: the nearest one upward with records or a project file.

    Raises:
        UsageError: there is none.
    """
    folder = os.path.abspath(start)
    while True:
        if os.path.isdir(os.path.join(folder, ".runner")) or _has_project_file(folder):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            raise UsageError(
                "no project here or in a folder above", hint="runner init, or runner -C FOLDER …"
            )
        folder = above


def runs(
    folder: str,
    *,
    filter: str = "",  # noqa: A002  # the command line's word
    sort: str = "",
    limit: int | None = None,  # the option's word
) -> list[dict[str, Any]]:
    """List summaries of runs, newest first unless sorted otherwise."""
    recover(folder)
    return bootstrap.store(folder).find(filter=filter, sort=sort, limit=limit)


def record(folder: str, run: str) -> dict[str, Any]:
    """Give the record of a run named by id, prefix, `latest` or `latest~N`."""
    recover(folder)
    store = bootstrap.store(folder)
    return store.load(store.resolve(run))


def difference(folder: str, a: str, b: str) -> dict[str, Any]:
    """Give what differs between two runs."""
    from runner.core.record_diff import diff

    return dict(diff(record(folder, a), record(folder, b)))


def metrics(folder: str, run: str) -> dict[str, Any]:
    """Give a run's metrics: name -> value."""
    from runner.core.record import summary

    return dict(summary(record(folder, run))["metrics"])


def history(folder: str, run: str) -> dict[str, Any]:
    """Give every logged point of a run's metrics: name -> [number, time, value]."""
    store = bootstrap.store(folder)
    return dict(store.metrics_history(store.resolve(run)))


def output(folder: str, run: str, step: str | None, *, follow: bool) -> Iterator[tuple[str, str]]:
    """Give what steps wrote as (step, text), in the order of the record.

    With `follow` go on as long as the run lives.

    Raises:
        UsageError: the run has no such step.
    """
    recover(folder)
    store = bootstrap.store(folder)
    run_id = store.resolve(run)
    logs = os.path.join(folder, ".runner", "runs", run_id, "logs")
    tails: dict[str, _Tail] = {}
    while True:
        lives = follow and run_id in store.live()
        for name in _steps(store.load(run_id), step):
            tail = tails.setdefault(name, _Tail(os.path.join(logs, _log_name(name))))
            text = tail.read()
            if text:
                yield name, text
        if not lives:
            return
        time.sleep(FOLLOW_PAUSE)


class _Tail:
    """Reads what was appended to a file since it was last asked."""

    def __init__(self, path: str) -> None:
        import codecs

        self._path = path
        self._at = 0
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def read(self) -> str:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._at)
                found = file.read()
        except FileNotFoundError:
            return ""
        self._at += len(found)
        return self._decode(found)


def _steps(document: dict[str, Any], wanted: str | None) -> list[str]:
    names = [entry["step"] for entry in document["steps"]]
    if wanted is None:
        return names
    found = [
        entry["step"]
        for entry in document["steps"]
        if wanted in (entry["step"], entry["entry_point"])
    ]
    if not found:
        from runner.core.spelling import did_you_mean

        raise UsageError(f"the run has no step `{wanted}`", hint=did_you_mean(wanted, names))
    return found


def _log_name(step: str) -> str:
    from runner.core.paths import file_name

    return file_name(step) + ".log"


def _has_project_file(folder: str) -> bool:
    try:
        return any(name.lower() == "mlproject" for name in os.listdir(folder))
    except OSError:
        return False
