"""Close what killed runs left open: their records, their processes, their outputs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner import bootstrap
from runner.workspace.origin import refuse_foreign

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runner.stores.sql import RunStore
    from runner.workspace.locks import StepLocks


def recover(folder: str) -> list[str]:
    """Close the interrupted runs of a project and put the outputs back that they had set aside.

    A run whose runner lives is never touched: that is told by a lock, not by a process id.
    Gives the run ids that were closed.
    """
    runner_folder = os.path.join(folder, ".runner")
    refuse_foreign(runner_folder)
    active, aside = _folders(runner_folder)
    if not _entries(active) and not _entries(aside):
        return []
    from runner.workspace.registration import registration

    with registration(runner_folder):
        store = bootstrap.store(folder)
        closed = store.close_interrupted(lambda run_id: _end(runner_folder, run_id))
        if not _entries(active):
            _put_back(folder, _entries(aside), store)
    return closed


def clear_up(folder: str, store: RunStore, locks: StepLocks, steps: Collection[str]) -> None:
    """Finish what dead runs left of steps that the caller has locked, while other runs live."""
    runner_folder = os.path.join(folder, ".runner")
    active, aside = _folders(runner_folder)
    over = [run_id for run_id in {*_entries(active), *_entries(aside)} if locks.is_over(run_id)]
    if not over:
        return
    from runner.workspace.registration import registration

    with registration(runner_folder):
        store.close_interrupted(lambda run_id: _end(runner_folder, run_id))
        for run_id in set(over).intersection(_entries(active)):
            # It dies in this very moment: its steps are free already, its record is not.
            _end(runner_folder, run_id)
        _put_back(folder, over, store, steps)


def _end(runner_folder: str, run_id: str) -> None:
    """End what a dead run left running; what its steps logged may hold secrets, and goes."""
    from runner.agent.aside import remove
    from runner.process import kill_marked

    kill_marked(run_id)
    remove(os.path.join(runner_folder, "runs", run_id, "logged"))


def _put_back(
    folder: str, run_ids: Iterable[str], store: RunStore, steps: Collection[str] | None = None
) -> None:
    """Restore what dead runs set aside, of some steps or of all.

    Newest first: where two dead runs moved the same out, the older one holds the content that
    was there before both. What a later run has made anew stays as it is.
    """
    from runner.agent.aside import discard, held_step, remove, restore

    for run_id in sorted(run_ids, reverse=True):
        run_aside = os.path.join(folder, ".runner", "aside", run_id)
        if os.path.islink(run_aside):
            continue  # a run makes folders: what a link leads to is somebody else's
        for name in _entries(run_aside):
            place = os.path.join(run_aside, name)
            if os.path.islink(place):
                continue
            step = held_step(place)
            if steps is not None and step not in steps:
                continue
            state = store.last_step([step]).get(step)
            if state is None or state.run_id < run_id:
                partial = os.path.join(folder, ".runner", "runs", run_id, "partial", name)
                restore(folder, place, partial)
            else:
                discard(place, os.path.join(folder, ".runner", "runs", run_id, "replaced"))
            remove(place)
        if not _entries(run_aside):
            remove(run_aside)


def _folders(runner_folder: str) -> tuple[str, str]:
    return os.path.join(runner_folder, "active"), os.path.join(runner_folder, "aside")


def _entries(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []
