"""`logs`: what the steps of a run wrote, also while it goes on."""

from __future__ import annotations

import codecs
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from runner import bootstrap
from runner.api.recovery import recover
from runner.core.paths import file_name
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.stores.sql import RunStore

FOLLOW_PAUSE = 0.1


class Output(NamedTuple):
    """What a run's steps wrote, in pieces of (step, text); `statuses` are those of the steps."""

    run_id: str
    statuses: dict[str, str]
    pieces: Iterator[tuple[str, str]]


def output(folder: str, run: str, step: str | None, *, follow: bool) -> Output:
    """Find a run's output, in the order of the record; `latest` is the one under way, if any.

    With `follow` the pieces go on as long as the run lives.

    Raises:
        UsageError: there is no such run, or it has no such step.
    """
    recover(folder)
    store = bootstrap.store(folder)
    run_id = _resolve(store, run, step)
    chosen = _chosen(store.load(run_id), step)
    logs = os.path.join(folder, ".runner", "runs", run_id, "logs")
    tails = {name: _Tail(os.path.join(logs, f"{file_name(name)}.log")) for name in chosen}
    return Output(run_id, chosen, _pieces(store, run_id, tails, follow=follow))


def _pieces(
    store: RunStore, run_id: str, tails: dict[str, _Tail], *, follow: bool
) -> Iterator[tuple[str, str]]:
    while True:
        lives = follow and run_id in store.live()
        for name, tail in tails.items():
            if text := tail.read():
                yield name, text
        if not lives:
            return
        time.sleep(FOLLOW_PAUSE)


class _Tail:
    """Reads what was appended to a file since it was last asked."""

    def __init__(self, path: str) -> None:
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


def _resolve(store: RunStore, run: str, step: str | None) -> str:
    live = store.live()
    if run == "latest" and live:
        return live[-1]
    try:
        return store.resolve(run)
    except UsageError as error:
        newest = store.find(limit=1)
        if step is None and newest and _names(store.load(newest[0]["run_id"]), run):
            raise UsageError(error.message, hint=f"runner logs latest {run}") from error
        raise


def _chosen(document: dict[str, Any], wanted: str | None) -> dict[str, str]:
    """Map the steps that are meant to their statuses."""
    statuses = {entry["step"]: entry["status"] for entry in document["steps"]}
    if wanted is None:
        return statuses
    names = _names(document, wanted)
    if not names:
        from runner.core.spelling import did_you_mean, listed

        raise UsageError(
            f"run {document['run_id']} has no step `{wanted}`; it has {listed(statuses)}",
            hint=did_you_mean(wanted, statuses),
        )
    return {name: statuses[name] for name in names}


def _names(document: dict[str, Any], wanted: str) -> list[str]:
    """Name the steps that a word means: a step, or all of an entry point."""
    return [
        entry["step"]
        for entry in document["steps"]
        if wanted in (entry["step"], entry["entry_point"])
    ]
