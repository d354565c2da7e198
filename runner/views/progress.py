"""A run as people watch it: one line per finished step, totals, and why a step failed.

On a terminal a live region below the lines shows what runs now (`views.live`); elsewhere there
are no cursor codes, and a heartbeat says that long steps are still at work.
"""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from runner.core import events
from runner.views.log_tail import tail
from runner.views.step_lines import environment_text, started, step_line, totals, undeclared
from runner.views.words import Painter, duration, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.core.events import Event

HEARTBEAT = 30.0
NAMED_STEPS = 4
SILENT_STATUSES = frozenset({"up-to-date", "blocked", "cancelled"})


class Beginning(NamedTuple):
    """What is known when a run begins. `log_of` tells where a step's output is kept.

    `retry` and `logs` give the commands that run a step again, and that print what it wrote.
    `steps` counts the steps that have a command, `to_run` those that run or may have to,
    `to_restore` those whose outs come from the cache; `width` is that of their names.
    """

    run_id: str
    steps: int
    to_run: int
    to_restore: int
    width: int
    notes: Sequence[str]
    code: str
    record: str
    retry: Callable[[str], str]
    logs: Callable[[str], str]
    log_of: Callable[[str], str]


class Warnings:
    """Watches a run for its warnings alone: for `--json`, where the events say all else."""

    streams = False
    beat_seconds = 1.0

    def __init__(self, err: IO[str], *, color: str) -> None:
        self._err = err
        self._paint = Painter.choose(err, color)

    def begin(self, beginning: Beginning) -> None:
        """Write the warnings."""
        for note in beginning.notes:
            print(
                self._paint(f"warning: {visible_lines(note)}", "yellow"), file=self._err, flush=True
            )

    def __call__(self, event: Event) -> None:
        """Leave every event to the JSON lines."""

    def beat(self) -> None:
        """Leave the time to pass."""

    def say(self, text: str) -> None:
        """Leave out what is said between steps."""

    def close(self) -> None:
        """Leave nothing open."""


class Progress:
    """Writes a run's course to a stream that is no terminal, and what a live one shares with it.

    Progress goes to `err`, the result to `out`; with `verbose`, or when only one step runs, the
    steps' own output is shown as it comes. A stream that cannot be written does not end the run.
    """

    beat_seconds = 1.0

    def __init__(
        self,
        err: IO[str],
        out: IO[str],
        painter: Painter,
        *,
        quiet: bool,
        verbose: bool,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._err = err
        self._out = out
        self._paint = painter
        self._seconds = seconds
        self._quiet = quiet
        self._verbose = verbose
        self.streams = verbose
        self._beginning: Beginning | None = None
        self._running: dict[str, float] = {}
        self._ended: dict[str, list[str]] = {}
        self._begun_at = self._last_sign = 0.0
        self._said_at = 0.0
        self._unended: dict[str, str] = {}
        self._is_line_open = False
        self._is_heard = True

    def begin(self, beginning: Beginning) -> None:
        """Say what is about to happen."""
        self._beginning = beginning
        self._begun_at = self._last_sign = self._seconds()
        if beginning.to_run == 1 and not self._quiet:
            self.streams = True
        for note in beginning.notes:
            self._line(self._paint(f"warning: {visible_lines(note)}", "yellow"))
        if not self._quiet:
            what = started(beginning.steps, beginning.to_run, beginning.to_restore)
            self._line(f"run {beginning.run_id}  {beginning.code}  {what}")

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, events.EnvironmentReady):
            self._prepared(event.document)
        elif isinstance(event, events.StepStarted):
            self._started(event)
        elif isinstance(event, events.StepOutput):
            self._output(event)
        elif isinstance(event, events.StepFinished):
            self._finished(event.step, event.step_run)
        elif isinstance(event, events.RunFinished):
            self._over(event)

    def beat(self) -> None:
        """Give a sign of life when nothing was printed for a while."""
        if self._quiet or not self._running:
            return
        now = self._seconds()
        if now - self._last_sign >= HEARTBEAT:
            names = list(self._running)
            shown = ", ".join(
                f"{name} ({duration(now - self._running[name])})" for name in names[:NAMED_STEPS]
            )
            more = f" and {len(names) - NAMED_STEPS} more" if len(names) > NAMED_STEPS else ""
            self._line(self._paint(f"… running {visible(shown)}{more}", "dim"))

    def say(self, text: str) -> None:
        """Show a note about what goes on beside the steps, such as an environment in the making."""
        if not self._quiet:
            self._line(self._paint(f"… {visible_lines(text)}", "dim"))
            self._said_at = self._said_at or self._seconds()

    def close(self) -> None:
        """End a line that a step left open."""
        self._close_line()
        self._flush()

    def _prepared(self, environment: Mapping[str, Any]) -> None:
        """Say that an environment is there, if it was said that it is in the making."""
        if self._said_at:
            took = duration(self._seconds() - self._said_at)
            self._line(self._paint(f"… {environment_text(environment)} is ready, {took}", "dim"))
            self._said_at = 0.0

    def _started(self, event: events.StepStarted) -> None:
        self._said_at = 0.0
        self._running[event.step] = self._seconds()
        if event.attempt > 1 and not self._quiet:
            self._line(self._paint(f"↻ {visible(event.step)}  attempt {event.attempt}", "yellow"))

    def _output(self, event: events.StepOutput) -> None:
        """Show what a step wrote: as it is when it runs alone, else by whole lines."""
        if self._quiet or self._beginning is None:
            return
        if self._beginning.to_run == 1:
            self._write(event.text)
            self._is_line_open = not event.text.endswith("\n")
        else:
            *lines, rest = (self._unended.pop(event.step, "") + event.text).split("\n")
            for text in lines:
                self._write(self._said(event.step, text))
            if rest:
                self._unended[event.step] = rest
        self._flush()
        self._sign()

    def _said(self, step: str, text: str) -> str:
        return f"{self._paint(f'{visible(step)} |', 'dim')} {text.rstrip()}\n"

    def _finished(self, step: str, run: Mapping[str, Any]) -> None:
        status = run["status"]
        self._running.pop(step, None)
        if step in self._unended:
            self._write(self._said(step, self._unended.pop(step)))
        if run["command"] is None:
            return  # it only gathers others
        self._ended.setdefault(status, []).append(step)
        if status == "succeeded" and run.get("problem"):
            note = visible_lines(f"warning: {step}: {run['problem']}")
            self._line(self._paint(note, "yellow"))
        if self._quiet and status != "failed":
            return
        if status in SILENT_STATUSES and not self._verbose:
            return
        width = self._beginning.width if self._beginning else 0
        self._line(step_line(step, run, width, self._paint))
        if status == "failed":
            self._explain(step, run)

    def _explain(self, step: str, run: Mapping[str, Any]) -> None:
        begun = self._beginning
        for text in str(run["problem"]).split("\n")[1:]:
            self._line(f"  {visible(text)}")
        if begun is None:
            return
        if not self.streams:
            ending = tail(begun.log_of(step))
            for text in ending.lines:
                self._line(f"{self._paint('  │', 'red')} {text}")
            if ending.more:
                self._line(f"  all of it: {begun.logs(step)}")
        self._line(f"  hint: {begun.retry(step)}")

    def _over(self, event: events.RunFinished) -> None:
        begun = self._beginning
        document: Mapping[str, Any] = event.document
        if begun is None:
            return
        for written in document.get("undeclared_writes", ()):
            self._line(self._paint(undeclared(written), "yellow"))
        if not self._quiet:
            self._line(totals(event.status, document.get("seconds"), self._ended, self._paint))
        self._out.write(f"{begun.record}\n")
        self._out.flush()

    def _line(self, text: str) -> None:
        self._close_line()
        self._write(text + "\n")
        self._flush()
        self._sign()

    def _close_line(self) -> None:
        if self._is_line_open:
            self._is_line_open = False
            self._write("\n")

    def _write(self, text: str) -> None:
        if self._is_heard:
            try:
                self._err.write(text)
            except OSError:
                self._is_heard = False

    def _flush(self) -> None:
        if self._is_heard:
            try:
                self._err.flush()
            except OSError:
                self._is_heard = False

    def _sign(self) -> None:
        self._last_sign = self._seconds()
