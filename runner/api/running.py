"""`run`: look, carry out what is out of date, and record it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner import bootstrap
from runner.api import planning
from runner.api.recovery import recover
from runner.api.results import Result
from runner.api.surroundings import refuse_unready
from runner.core.fingerprint import result_id
from runner.workspace.registration import Company

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.api.carrying import Watcher


def run(
    request: planning.Request,
    watchers: Sequence[Watcher] = (),
    on_line: Callable[[bytes], None] | None = None,
) -> Result:
    """Run what is asked for, and record it; `on_line` gets every event as its JSON line.

    Raises:
        RunnerError: it cannot start, or cannot be recorded.
    """
    folder = bootstrap.existing_folder(request.folder)
    recover(folder)
    company = Company(os.path.join(folder, ".runner"))

    def say(text: str) -> None:
        for watcher in watchers:
            watcher.say(text)

    prepared = planning.prepare(request, pull=True, say=say)
    reused = _same_as_before(prepared)
    if reused:
        if on_line is not None:
            on_line(_nothing_to_do(prepared, reused))
        return Result(reused, "succeeded", {}, prepared, reused=True)
    refuse_unready(prepared)
    from runner.api.carrying import CarriedRun

    return CarriedRun(prepared, company, watchers, on_line).carry_out()


def _nothing_to_do(prepared: planning.Prepared, run_id: str) -> bytes:
    """Give the one JSON line of a run in which there was nothing to do: who did it before."""
    from runner.api.clock import now
    from runner.core.events import RunFinished, line
    from runner.core.record import canonical

    record = prepared.ports.store.load(run_id)
    told = {
        "record_id": record["record_id"],
        "result_id": record["result_id"],
        "counts": {"up-to-date": len(prepared.decisions)},
        "reused": True,
    }
    return canonical(line(RunFinished(now(), "succeeded", told), run_id)) + b"\n"


def _same_as_before(prepared: planning.Prepared) -> str | None:
    if any(decision.action != "up-to-date" for decision in prepared.decisions.values()):
        return None
    outputs: dict[str, str] = {}
    for decision in prepared.decisions.values():
        outputs.update(decision.outputs)
    commit = prepared.revision.commit
    return prepared.ports.store.by_plan(prepared.plan_id, commit, result_id(outputs))
