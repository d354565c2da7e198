"""Commands that are under way: what they say as they say it, and signals to them."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any, Self

from tests.projects import Answer, Project

if TYPE_CHECKING:
    import subprocess

PATIENCE = 60


class LiveRun:
    """One `runner` command that runs beside the test; leaving its context kills it."""

    def __init__(self, project: Project, *words: str, **variables: str) -> None:
        self._process: subprocess.Popen[str] = project.start(*words, **variables)
        self._heard: list[str] = []
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=PATIENCE)

    def until(self, event: str, step: str | None = None) -> dict[str, Any]:
        """Read events until one of this name (and this step) comes, and give it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.append(line)
            found: dict[str, Any] = json.loads(line)
            if found["event"] == event and step in (None, found.get("step")):
                return found
        raise AssertionError(f"no {event} in {self._heard}: {self.answer().err}")

    def events(self, number: int) -> int:
        """Read so many events, as far as they come; give how many did."""
        assert self._process.stdout is not None
        for count in range(number):
            line = self._process.stdout.readline()
            if not line:
                return count
            self._heard.append(line)
        return number

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it with -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self._process.wait(PATIENCE)

    def answer(self) -> Answer:
        """Wait for its end, and give everything that it printed."""
        assert self._process.stdout is not None
        # Not by `communicate`, which knows nothing of what the stream has read ahead.
        self._heard.append(self._process.stdout.read())
        _, err = self._process.communicate(timeout=PATIENCE)
        return Answer(self._process.returncode, "".join(self._heard), err)


def run(project: Project, *words: str, **variables: str) -> LiveRun:
    """Start `runner run . --json` with further words."""
    return LiveRun(project, "run", ".", "--json", *words, **variables)
