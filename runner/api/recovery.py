"""Close what killed runs left open: their records, their processes, their outputs."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner import bootstrap
from runner.agent.aside import held_step, remove, restore
from runner.process import kill_marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.stores.sql import RunStore


@contextmanager
def registration(runner_folder: str) -> Iterator[None]:
    """Let runs begin and dead ones be closed one at a time, so that neither meets the other."""
    path = os.path.join(runner_folder, "registration.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def recover(folder: str) -> list[str]:
    """Close the interrupted runs of a project and put the outputs back that they had set aside.

    A run whose runner lives is never touched: that is told by a lock, not by a process id.
    Gives the run ids that were closed.
    """
    runner_folder = os.path.join(folder, ".runner")
    active, aside = os.path.join(runner_folder, "active"), os.path.join(runner_folder, "aside")
    if not _entries(active) and not _entries(aside):
        return []
    with registration(runner_folder):
        store = bootstrap.store(folder)
        closed = store.close_interrupted(_kill)
        if not _entries(active):
            _put_back(folder, aside, store)
    return closed


def _kill(run_id: str) -> None:
    kill_marked(run_id)


def _put_back(folder: str, aside: str, store: RunStore) -> None:
    """Restore what dead runs set aside; only called while no run lives.

    Newest first: where two dead runs moved the same out, the older one holds the content that
    was there before both. What a later run has made anew stays as it is.
    """
    for run_id in sorted(_entries(aside), reverse=True):
        run_aside = os.path.join(aside, run_id)
        for name in _entries(run_aside):
            place = os.path.join(run_aside, name)
            step = held_step(place)
            state = store.last_step([step]).get(step)
            if state is None or state.run_id < run_id:
                partial = os.path.join(folder, ".runner", "runs", run_id, "partial", name)
                restore(folder, place, partial)
        remove(run_aside)


def _entries(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []
