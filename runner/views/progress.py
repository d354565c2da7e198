"""A run as people watch it: one line per finished step, totals, and why a step failed.

On a terminal a live region below the lines shows what runs now (`views.live`); elsewhere there
are no cursor codes, and a heartbeat says that long steps are still at work.
"""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from runner.core import events
from runner.views.words import Painter, count_of, duration, memory, reason_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.core.events import Event

HEARTBEAT = 30.0
LAST_LINES = 15
MARKS = {
    "succeeded": ("✓", "green"),
    "restored": ("↺", "cyan"),
    "up-to-date": ("·", "dim"),
    "failed": ("✗", "red"),
    "blocked": ("-", "yellow"),
    "cancelled": ("-", "yellow"),
}
QUIET_STATUSES = frozenset({"up-to-date", "blocked", "cancelled"})


class Beginning(NamedTuple):
    """What is known when a run begins. `log_of` tells where a step's output is kept.

    `total` counts all steps, `steps` those that have a command, `to_run` those out of date.
    """

    run_id: str
    total: int
    steps: int
    to_run: int
    notes: Sequence[str]
    code: str
    record: str
    retry: Callable[[str], str]
    log_of: Callable[[str], str]
    seconds: Callable[[], float] = time.monotonic


class Progress:
    """Writes a run's course to a stream that is no terminal, and what a live one shares with it.

    Progress goes to `err`, results (`say_result`) to `out`; with `verbose`, or when only one
    step runs, the steps' own output is shown as it comes.
    """

    beat_seconds = 1.0

    def __init__(
        self, err: IO[str], out: IO[str], painter: Painter, *, quiet: bool, verbose: bool
    ) -> None:
        self._err = err
        self._out = out
        self._paint = painter
        self._quiet = quiet
        self._verbose = verbose
        self.streams = verbose
        self._beginning: Beginning | None = None
        self._running: dict[str, float] = {}
        self._last_sign = 0.0
        self._ended = 0
        self._open_line: str | None = None

    def begin(self, beginning: Beginning) -> None:
        """Say what is about to happen."""
        self._beginning = beginning
        self._last_sign = beginning.seconds()
        if beginning.to_run == 1 and not self._quiet:
            self.streams = True
        for note in beginning.notes:
            self._line(self._paint(f"warning: {note}", "yellow"))
        if not self._quiet:
            what = f"{count_of(beginning.steps, 'step')}, {beginning.to_run} to run"
            self._line(f"run {beginning.run_id}  {beginning.code}  {what}")

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, events.StepStarted):
            self._started(event)
        elif isinstance(event, events.StepOutput):
            self._output(event)
        elif isinstance(event, events.StepFinished):
            self._finished(event.step, event.step_run)
        elif isinstance(event, events.RunFinished):
            self._over(event)

    def beat(self) -> None:
        """Give a sign of life when nothing was printed for a while."""
        begun = self._beginning
        if begun is None or self._quiet or not self._running:
            return
        now = begun.seconds()
        if now - self._last_sign >= HEARTBEAT:
            names = sorted(self._running, key=self._running.__getitem__)
            shown = ", ".join(
                f"{name} ({duration(now - self._running[name])})" for name in names[:4]
            )
            more = f" and {len(names) - 4} more" if len(names) > 4 else ""
            self._line(self._paint(f"… running {shown}{more}", "dim"))

    def say(self, text: str) -> None:
        """Show a note about what goes on between steps, such as an environment in the making."""
        if not self._quiet:
            self._line(self._paint(text, "dim"))

    def close(self) -> None:
        """End a line that a step left open."""
        self._close_line()

    def _started(self, event: events.StepStarted) -> None:
        if self._beginning is not None:
            self._running[event.step] = self._beginning.seconds()
        if event.attempt > 1 and not self._quiet:
            self._line(self._paint(f"↻ {event.step}: attempt {event.attempt}", "yellow"))

    def _output(self, event: events.StepOutput) -> None:
        if self._quiet:
            return
        begun = self._beginning
        alone = begun is not None and begun.to_run == 1 and not self._verbose
        prefix = "" if alone else f"{event.step} | "
        for text in event.text.splitlines(keepends=True):
            if self._open_line != prefix:
                self._close_line()
                self._err.write(prefix)
            self._err.write(text)
            self._open_line = None if text.endswith("\n") else prefix
        self._err.flush()
        self._sign()

    def _finished(self, step: str, run: Mapping[str, Any]) -> None:
        self._ended += 1
        self._running.pop(step, None)
        status = run["status"]
        if self._quiet and status != "failed":
            return
        if status in QUIET_STATUSES and not self._verbose:
            return
        mark, colour = MARKS[status]
        self._line(f"{self._paint(mark, colour)} {step}  {self._facts(run)}".rstrip())
        if status == "failed":
            self._explain(step, run)

    def _facts(self, run: Mapping[str, Any]) -> str:
        facts = [run["status"]] if run["status"] != "succeeded" else []
        if run["seconds"]:
            facts.append(duration(run["seconds"]))
        if run["peak_memory"] and run["seconds"] >= 1:
            facts.append(memory(run["peak_memory"]))
        if run["reasons"]:
            facts.append(self._paint(f"({reason_text(run['reasons'])})", "dim"))
        return "  ".join(facts)

    def _explain(self, step: str, run: Mapping[str, Any]) -> None:
        begun = self._beginning
        if run["problem"]:
            self._line(f"  {step}: {run['problem']}")
        if begun is None:
            return
        for text in last_lines(begun.log_of(step)) if not self.streams else []:
            self._line(self._paint(f"  | {text}", "dim"))
        self._line(f"  hint: {begun.retry(step)}")

    def _over(self, event: events.RunFinished) -> None:
        begun = self._beginning
        document: Mapping[str, Any] = event.document
        if begun is None:
            return
        for written in document.get("undeclared_writes", ()):
            self._line(self._paint(_undeclared(written), "yellow"))
        counts = document.get("counts") or {}
        totals = ", ".join(f"{number} {status}" for status, number in counts.items())
        seconds = document.get("seconds")
        took = f" in {duration(seconds)}" if isinstance(seconds, int | float) else ""
        if not self._quiet:
            self._line(f"{event.status}: {totals}{took}" if totals else event.status)
        self._out.write(f"{begun.record}\n")
        self._out.flush()

    def _line(self, text: str) -> None:
        self._close_line()
        self._err.write(text + "\n")
        self._err.flush()
        self._sign()

    def _close_line(self) -> None:
        if self._open_line is not None:
            self._err.write("\n")
            self._open_line = None

    def _sign(self) -> None:
        if self._beginning is not None:
            self._last_sign = self._beginning.seconds()


def watch(err: IO[str], out: IO[str], *, color: str, quiet: bool, verbose: bool) -> Progress:
    """Give what shows a run here: live on a terminal, line by line elsewhere."""
    painter = Painter.choose(err, color)
    if err.isatty() and not quiet and os.environ.get("TERM") != "dumb":
        from runner.views.live import LiveProgress  # noqa: PLC0415  # imported only where it is used

        return LiveProgress(err, out, painter, quiet=quiet, verbose=verbose)
    return Progress(err, out, painter, quiet=quiet, verbose=verbose)


def last_lines(path: str) -> list[str]:
    """Give the last lines of a log, control characters made visible."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    lines = [line.rpartition("\r")[2] for line in text.splitlines()[-LAST_LINES:]]
    return ["".join(c if c.isprintable() else " " for c in line) for line in lines]


def _undeclared(written: Mapping[str, Any]) -> str:
    by = f" by {written['step']}" if written.get("step") else ""
    if written["what"] == "input":
        return f"warning: {written['path']}, an input, was changed{by} during the run"
    return f"warning: {written['path']} was written{by} and is no declared out"
