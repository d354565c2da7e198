"""The live region of a run on a terminal: what runs now, for how long, how much is left."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from runner.core import events
from runner.views.progress import Beginning, Progress
from runner.views.words import Painter, duration

if TYPE_CHECKING:
    from runner.core.events import Event

FRAMES_PER_SECOND = 5
MOST_ROWS = 8
BAR = 24


class LiveProgress(Progress):
    """Like `Progress`, with a region below its lines that is redrawn at most 5 times a second."""

    beat_seconds = 1 / FRAMES_PER_SECOND

    def __init__(
        self, err: IO[str], out: IO[str], painter: Painter, *, quiet: bool, verbose: bool
    ) -> None:
        super().__init__(err, out, painter, quiet=quiet, verbose=verbose)
        console = Console(
            file=err, no_color=not painter.colours, highlight=False, markup=False, emoji=False
        )
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn = 0.0

    def begin(self, beginning: Beginning) -> None:
        """Say what is about to happen, then open the region."""
        super().begin(beginning)
        if not self.streams and beginning.to_run:
            self._live.start()

    def __call__(self, event: Event) -> None:
        """Show one event; the region goes away before the totals."""
        if isinstance(event, events.RunFinished):
            self._live.stop()
        super().__call__(event)
        self.beat()

    def beat(self) -> None:
        """Redraw the region if the last frame is old enough."""
        if self._beginning is None or not self._live.is_started:
            return
        now = self._beginning.seconds()
        if now - self._drawn >= self.beat_seconds:
            self._drawn = now
            self._live.update(self._region(now), refresh=True)

    def close(self) -> None:
        """Take the region away, however the run ended."""
        self._live.stop()
        super().close()

    def _line(self, text: str) -> None:
        if self._live.is_started:
            self._live.console.print(Text.from_ansi(text), soft_wrap=True)
            self._sign()
        else:
            super()._line(text)

    def _region(self, now: float) -> Text:
        assert self._beginning is not None
        total = self._beginning.total
        done = min(total, self._ended)
        filled = BAR * done // total if total else BAR
        rows = [f"{'━' * filled}{'─' * (BAR - filled)} {done}/{total} steps"]
        names = sorted(self._running, key=self._running.__getitem__)
        rows += [f"  {name}  {duration(now - self._running[name])}" for name in names[:MOST_ROWS]]
        if len(names) > MOST_ROWS:
            rows.append(f"  and {len(names) - MOST_ROWS} more")
        return Text("\n".join(rows), overflow="ellipsis", no_wrap=True)
