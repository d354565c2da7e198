"""Lists as text tables that fit the terminal's width."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from runner.views.words import Painter, duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = {"succeeded": "green", "failed": "red", "interrupted": "yellow", "running": "cyan"}
MOST_VALUES = 3


def runs(found: Sequence[Mapping[str, Any]], stream: IO[str], *, color: str) -> str:
    """Render `runs`: one line a run, cut at the terminal's width."""
    if not found:
        return "no runs yet; hint: runner run ."
    paint = Painter.choose(stream, color)
    head = ("RUN", "STATUS", "WHEN", "TOOK", "CODE", "DATA", "PARAMETERS", "METRICS")
    rows = [head, *(_row(run) for run in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    room = shutil.get_terminal_size((10_000, 24)).columns if stream.isatty() else 10_000
    lines = []
    for number, row in enumerate(rows):
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        line = "  ".join(cells).rstrip()[:room]
        status = row[1]
        if number and status in COLOURS:
            line = line.replace(status, paint(status, COLOURS[status]), 1)
        lines.append(line if number else paint(line, "bold"))
    return "\n".join(lines)


def metrics(found: Mapping[str, Any]) -> str:
    """Render `metrics`: a line a name, or a line a point."""
    if not found:
        return "no metrics"
    width = max(map(len, found))
    lines = []
    for name, value in sorted(found.items()):
        if isinstance(value, list):
            lines += [
                f"{name:<{width}}  {number}  {time}  {point}" for number, time, point in value
            ]
        else:
            lines.append(f"{name:<{width}}  {value}")
    return "\n".join(lines)


def when(started: str) -> str:
    """Give a record's time in the reader's own zone: `2026-11-21 07:38`."""
    if not started:
        return ""
    moment = datetime.fromisoformat(started).replace(tzinfo=UTC)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _row(run: Mapping[str, Any]) -> tuple[str, ...]:
    commit = (run["commit"] or "")[:7] or "-"
    return (
        run["run_id"],
        run["status"],
        when(run["started"]),
        duration(run["seconds"]) if run["seconds"] is not None else "",
        commit + ("*" if run["dirty"] else ""),
        (run["data_version"] or "-")[:7],
        _values(run["params"]),
        _values(run["metrics"]),
    )


def _values(values: Mapping[str, Any]) -> str:
    shown = [f"{name}={_short(value)}" for name, value in list(values.items())[:MOST_VALUES]]
    more = f" +{len(values) - MOST_VALUES}" if len(values) > MOST_VALUES else ""
    return " ".join(shown) + more


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
