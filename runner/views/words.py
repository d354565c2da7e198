"""Numbers, times and reasons as people read them; colours that never carry meaning alone."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CODES = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
SHOWN_REASONS = 2
SHOWN_TEXT = 40
VALUES_ROOM = 36


class Painter:
    """Colours text, or leaves it as it is."""

    def __init__(self, *, colours: bool) -> None:
        self.colours = colours

    @classmethod
    def choose(cls, stream: IO[str], wish: str) -> Painter:
        """Colour as asked; `auto` asks NO_COLOR (no-color.org), FORCE_COLOR, then the terminal."""
        if wish != "auto":
            return cls(colours=wish == "always")
        if os.environ.get("NO_COLOR"):
            return cls(colours=False)
        if os.environ.get("FORCE_COLOR"):
            return cls(colours=True)
        return cls(colours=stream.isatty() and os.environ.get("TERM") != "dumb")

    def __call__(self, text: str, colour: str) -> str:
        """Give the text in a colour."""
        return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if self.colours else text


def visible(text: str) -> str:
    """Show what a terminal would obey: whoever named it, a name never moves the cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\t\xa0" else _escaped(c) for c in text)


def visible_lines(text: str) -> str:
    """Do as `visible` does with a text of several lines, which it stays."""
    return "\n".join(map(visible, text.split("\n")))


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]


def count_of(number: int, thing: str) -> str:
    """Give `1 step`, `2 steps`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """Give seconds as `0.42 s`, `12.3 s`, `3m 05s`, `2h 07m`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def clock(seconds: float) -> str:
    """Give a time that runs as `0:07`, `12:30`, `2:03:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def ago(seconds: float) -> str:
    """Give a time that has passed as `just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    if seconds < 86_400:
        return f"{seconds / 3600:.0f} h ago"
    return f"{count_of(round(seconds / 86_400), 'day')} ago"


def fitted(text: str, width: int) -> str:
    """Cut a text to a width, with `…` where something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def memory(size: float) -> str:
    """Give bytes as `512 B`, `1.5 KiB`, `180 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def number_text(value: object) -> str:
    """Give a metric or parameter in at most five digits, if it is a number."""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def values_text(values: Mapping[str, object], room: int = VALUES_ROOM) -> str:
    """Give the first values that fit: `rmse=0.78 mae=0.61 +3`."""
    shown: list[str] = []
    for name, value in values.items():
        text = visible(f"{name}={number_text(value)}")
        if shown and sum(map(len, shown)) + len(shown) + len(text) > room:
            break
        shown.append(text)
    more = [f"+{len(values) - len(shown)}"] if len(shown) < len(values) else []
    return " ".join(shown + more)


def reason_text(reasons: Iterable[Mapping[str, Any]]) -> str:
    """Give the first reasons in words: `dep src/train.py changed, waits for prepare`."""
    every = list(reasons)
    awaited = [str(reason["what"]) for reason in every if reason["kind"] == "upstream"]
    texts = [_reason(reason) for reason in every if reason["kind"] != "upstream"]
    shown = _first(texts)
    if awaited:
        shown = ", ".join(filter(None, (shown, f"waits for {_first(awaited)}")))
    return visible(shown)


def _first(texts: list[str]) -> str:
    more = f" and {len(texts) - SHOWN_REASONS} more" if len(texts) > SHOWN_REASONS else ""
    return ", ".join(texts[:SHOWN_REASONS]) + more


def _reason(reason: Mapping[str, Any]) -> str:
    kind, what = reason["kind"], reason["what"]
    old, new = reason.get("old"), reason.get("new")
    words = {
        "never-run": "never run",
        "forced": "forced",
        "no-fingerprint": what,
        "command": "command changed",
        "parameter": f"{what}: {_short(old)} -> {_short(new)}",
        "environment": "environment changed",
        "code": "code changed",
        "output-missing": f"{what} is missing",
        "output-changed": f"{what} was changed",
        "variable": f"${what}: {_short(old)} -> {_short(new)}",
    }
    if kind == "dep":
        return f"{what} is new" if old is None else f"{what} changed"
    return str(words.get(kind, kind))


def _short(value: object) -> str:
    if value is None:
        return "none"
    return fitted(str(value), SHOWN_TEXT)
