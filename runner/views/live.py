"""The live region of a run on a terminal: what runs now, for how long, how much is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core import events
from runner.views.log_tail import last_line
from runner.views.progress import Progress
from runner.views.words import clock, duration, fitted

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from runner.core.events import Event

FRAME = 0.2  # seconds: at most 5 frames each
PATIENCE = 0.3  # seconds; a run that is shorter needs no region, and nothing imports rich
MOST_ROWS = 8
LEAST_ROWS = 2
BAR = 24


class LiveProgress(Progress):
    """Like `Progress`, with a region below its lines that is redrawn at most 5 times a second.

    Lines that come between two frames wait for the next one.
    """

    beat_seconds = FRAME
    _live: Live | None = None
    _drawn_at = 0.0
    _waiting = ""

    def __call__(self, event: Event) -> None:
        """Show one event; the region goes away before the totals."""
        if isinstance(event, events.RunFinished):
            self._close_region()
        super().__call__(event)
        self.beat()

    def beat(self) -> None:
        """Redraw the region if the last frame is old enough."""
        if self.streams or self._beginning is None:
            super().beat()
            return
        now = self._seconds()
        if now - self._drawn_at < FRAME or now - self._begun_at < PATIENCE:
            return
        if self._live is not None or self._running:
            self._drawn_at = now
            self._draw()

    def say(self, text: str) -> None:
        """Show a note at once: what it speaks of may take its time."""
        super().say(text)
        if self._live is not None:
            self._draw()

    def close(self) -> None:
        """Take the region away, however the run ended."""
        self._close_region()
        super().close()

    def _write(self, text: str) -> None:
        if self._live is None:
            super()._write(text)
        else:
            self._waiting += text

    def _draw(self) -> None:
        live = self._live = self._live or self._opened()
        with live.console:  # the lines and the region reach the terminal in one write
            if self._waiting:
                from rich.text import Text  # noqa: PLC0415  # only where there is a region

                lines, self._waiting = Text.from_ansi(self._waiting.rstrip("\n")), ""
                live.console.print(lines, soft_wrap=True)
            live.update(self._region(live.console.width, live.console.height), refresh=True)

    def _opened(self) -> Live:
        from rich.console import Console  # noqa: PLC0415  # 50 ms that a short run need not pay
        from rich.live import Live  # noqa: PLC0415  # likewise

        console = Console(
            file=self._err,
            no_color=not self._paint.colours,
            highlight=False,
            markup=False,
            emoji=False,
        )
        live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _close_region(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()
            lines, self._waiting = self._waiting, ""
            self._write(lines)

    def _region(self, width: int, height: int) -> Text:
        from rich.text import Text  # noqa: PLC0415  # only where there is a region

        now = self._seconds()
        rows = [self._bar(now, min(BAR, width // 4))]
        room = max(LEAST_ROWS, min(MOST_ROWS, height - 4))
        names = list(self._running)
        shown = names if len(names) <= room else names[: room - 1]
        columns = max(map(len, shown), default=0)
        for name in shown:
            took = duration(now - self._running[name])
            rows.append(f"  {name:<{columns}}  {took:>8}  {self._words_of(name)}".rstrip())
        if len(shown) < len(names):
            rows.append(f"  and {len(names) - len(shown)} more")
        style = "dim" if self._paint.colours else ""
        return Text("\n".join(fitted(row, width - 1) for row in rows), style=style, no_wrap=True)

    def _bar(self, now: float, length: int) -> str:
        assert self._beginning is not None
        total = self._beginning.steps
        done = min(total, sum(map(len, self._ended.values())))
        filled = length * done // total if total else length
        failed = len(self._ended.get("failed", ()))
        facts = [f"{done}/{total} steps", f"{failed} failed" if failed else ""]
        facts.append(clock(now - self._begun_at))
        return f"{'━' * filled}{'─' * (length - filled)} {'  '.join(filter(None, facts))}"

    def _words_of(self, step: str) -> str:
        return last_line(self._beginning.log_of(step)) if self._beginning else ""
