"""What steps log themselves (RUNNER_LOG), told while they run, at most once a second."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.core import step_log
from runner.core.events import Artifact, Event, Metric, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOOK_SECONDS = 1.0
MOST_PROBLEMS = 3


class StepLogs:
    """Reads the logs of one run's steps, each line once.

    `path_of` tells where a step logs, `artifacts` is the folder of logged files; `now` gives the
    time as a text, `seconds` a clock that never goes back, `hide` a text without secrets.
    """

    def __init__(
        self,
        path_of: Callable[[str], str],
        artifacts: str,
        now: Callable[[], str],
        seconds: Callable[[], float],
        hide: Callable[[str], str] = str,
    ) -> None:
        self._path_of = path_of
        self._artifacts = artifacts
        self._now = now
        self._seconds = seconds
        self._hide = hide
        self._looked_at = seconds()
        self._logs: dict[str, _Log] = {}

    def due(self) -> bool:
        """Tell, at most once a second, that it is time to look."""
        now = self._seconds()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        return True

    def news(self, step: str, *, over: bool = False) -> Iterator[Event]:
        """Give the events of what a step has logged since; of a torn last line when it is over."""
        log = self._logs.get(step)
        if log is None:
            log = self._logs[step] = _Log()
        text = log.read(self._path_of(step), over=over)
        entries, problems = step_log.parse(text, log.lines + 1)
        log.take(text, problems)
        for kind, entry in entries:
            moment = str(entry["time"] or self._now())
            name = self._hide(str(entry.get("name") or entry.get("path")))
            if kind == "metric":
                value = entry["value"]
                assert isinstance(value, float)
                yield Metric(moment, step, name, value, log.note(name, value, entry["number"]))
            elif kind == "param":
                yield Parameter(moment, step, name, self._hide(str(entry["value"])))
            else:
                yield Artifact(moment, step, name, self._size(name))

    def problems(self, step: str) -> list[str]:
        """Say what is wrong with lines of a step that is not closed yet."""
        log = self._logs.get(step)
        if log is None or not log.problems:
            return []
        return [f"RUNNER_LOG: {'; '.join(log.problems)}"]

    def close(self, step: str) -> Mapping[str, float]:
        """Forget a step, or an attempt of it; give the last value of each metric."""
        log = self._logs.pop(step, None)
        return log.latest if log is not None else {}

    def _size(self, name: str) -> int:
        try:
            return os.path.getsize(os.path.join(self._artifacts, name))
        except (OSError, ValueError):  # ValueError: no file can have such a name
            return 0


class _Log:
    """How far one log was read, and what it said of each metric."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self.lines = 0
        self.problems: list[str] = []
        self._counts: dict[str, int] = {}
        self._at = 0

    def read(self, path: str, *, over: bool) -> bytes:
        """Give the lines that are whole and new; all that is left when it is over."""
        try:
            if os.stat(path).st_size <= self._at:
                return b""
            with open(path, "rb") as file:
                file.seek(self._at)
                found = file.read()
        except OSError:  # none yet, or something that a step put in its place
            return b""
        if not over:
            found = found[: found.rfind(b"\n") + 1]
        self._at += len(found)
        return found

    def take(self, text: bytes, problems: list[str]) -> None:
        """Count the lines that were read, and keep the first of what is wrong with them."""
        self.lines += text.count(b"\n")
        room = MOST_PROBLEMS - len(self.problems)
        self.problems += problems[:room]

    def note(self, name: str, value: float, number: object) -> int:
        """Take a point in; give its number, which counts from 0 where the step gives none."""
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        self.latest[name] = value
        return number if isinstance(number, int) else count
