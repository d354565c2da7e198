"""`status` and `why`: what the records say of the steps as they stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.api.announcing import program_inside, shown_code
from runner.views.status_text import LastRun, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.api.planning import Prepared
    from runner.core.plan import Decision

RAN = frozenset({"succeeded", "failed"})
MOST_RECORDS = 50


def standing(prepared: Prepared, decisions: Sequence[Decision]) -> Standing:
    """Tell how the steps of these decisions stand."""
    store = prepared.ports.store
    newest = store.find(limit=1)
    return Standing(
        prepared.project.name,
        shown_code(prepared),
        prepared.revision.branch,
        newest[0] if newest else None,
        store.live(),
        decisions,
        _last_runs(prepared, {decision.step for decision in decisions}),
        program_inside(prepared),
    )


def done_by(prepared: Prepared, decisions: Iterable[Decision]) -> dict[str, str]:
    """Say of each step that is up to date which run did it."""
    names = {each.step for each in decisions if each.action == "up-to-date"}
    return {
        step: f"done by run {last.run_id}"
        for step, last in _last_runs(prepared, names).items()
        if not last.problem
    }


def _last_runs(prepared: Prepared, names: set[str]) -> dict[str, LastRun]:
    """Find when each step's command last ran, in the newest records."""
    store = prepared.ports.store
    found: dict[str, LastRun] = {}
    for row in store.find(limit=MOST_RECORDS):
        if found.keys() >= names:
            break
        for step in store.load(row["run_id"])["steps"]:
            name = step["step"]
            if name in names and name not in found and step["status"] in RAN:
                failed = step["status"] == "failed"
                problem = (step.get("problem") or "failed") if failed else ""
                found[name] = LastRun(row["run_id"], step["started"], step["seconds"], problem)
    return found
