"""Places where a step stops until the test lets it go on: named pipes, and no sleeping."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_MS = 20_000


class Gate:
    """A pair of named pipes beside the project. In a command, `passing` stops it at the gate."""

    def __init__(self, folder: Path, name: str = "gate") -> None:
        self._here, self._on = folder / f"{name}.here", folder / f"{name}.on"
        for path in (self._here, self._on):
            os.mkfifo(path)
        # Opened for both ways a pipe never blocks, and never ends.
        self._ends = [os.open(path, os.O_RDWR) for path in (self._here, self._on)]
        self.passing = f"echo $$ > ../{name}.here; read go < ../{name}.on"

    def wait(self) -> int:
        """Wait until a step is at the gate, and give its process id."""
        poller = select.poll()
        poller.register(self._ends[0], select.POLLIN)
        assert poller.poll(PATIENCE_MS), "no step came to the gate"
        return int(os.read(self._ends[0], 64).split()[0])

    def is_reached(self) -> bool:
        poller = select.poll()
        poller.register(self._ends[0], select.POLLIN)
        return bool(poller.poll(0))

    def open(self, times: int = 1) -> None:
        """Let steps go on that are at the gate, or will be."""
        os.write(self._ends[1], b"go\n" * times)

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


def is_gone(pid: int) -> bool:
    """Wait for a process to end."""
    try:
        life = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poller = select.poll()
    poller.register(life, select.POLLIN)
    try:
        return bool(poller.poll(PATIENCE_MS))
    finally:
        os.close(life)


def is_there(pid: int) -> bool:
    """Tell whether a process lives now."""
    try:
        life = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    poller = select.poll()
    poller.register(life, select.POLLIN)
    try:
        return not poller.poll(0)
    finally:
        os.close(life)
