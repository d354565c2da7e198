"""Find the processes of a run whose runner and spawner are both gone."""

from __future__ import annotations

import os
import time

from runner.process.spawner import tree
from runner.process.spawner.attempt import MARK

PATIENCE = 5.0
AGAIN = 0.005


def kill_marked(run_id: str) -> int:
    """Kill whatever still runs of a run's steps, and all that descends from it.

    Args:
        run_id: The run, or `run_id/step/number` for one attempt.

    Returns:
        How many processes carried the mark of the run.
    """
    found: set[int] = set()
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        marked = find_marked(run_id)
        if not marked:
            break
        found.update(marked)
        tree.kill(marked)
        time.sleep(AGAIN)  # for those that die; another look finds who was born meanwhile
    return len(found)


def find_marked(run_id: str) -> list[int]:
    """Give the live processes whose environment says that they belong to a run's steps."""
    exact = MARK + b"=" + os.fsencode(run_id)
    below = exact + b"/"
    own = os.getpid()
    return [
        pid
        for pid in tree.processes()
        if pid != own
        and any(entry == exact or entry.startswith(below) for entry in tree.environment(pid))
    ]
