"""Lists as text tables that fit the terminal's width."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from runner.views.words import Painter, duration, fitted, values_text, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = {"succeeded": "green", "failed": "red", "interrupted": "yellow", "running": "cyan"}
ANY_WIDTH = 10_000
SHORT_ID = 10  # the part of a run id that is its time, to the millisecond
HEAD = ("RUN", "STATUS", "WHEN", "TOOK", "CODE", "DATA", "PARAMETERS", "METRICS")


def runs(found: Sequence[Mapping[str, Any]], stream: IO[str], *, color: str) -> str:
    """Render `runs`: one line a run, cut at the terminal's width."""
    paint = Painter.choose(stream, color)
    short = short_ids([run["run_id"] for run in found])
    rows = [_row(run, short[run["run_id"]]) for run in found]
    colours = [("", COLOURS.get(run["status"], "")) for run in found]
    return "\n".join(aligned(HEAD, rows, colours, room_of(stream), paint))


def metrics(found: Mapping[str, Any]) -> str:
    """Render `metrics`: a line a name, or a line a point."""
    if not found:
        return "no metrics"
    rows: list[tuple[str, ...]] = []
    for name, value in sorted(found.items()):
        if isinstance(value, list):
            rows += [(name, str(number), moment, str(point)) for number, moment, point in value]
        else:
            rows.append((name, str(value)))
    return "\n".join(aligned((), rows, (), ANY_WIDTH, Painter(colours=False)))


def aligned(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    colours: Sequence[Sequence[str]],
    room: int,
    paint: Painter,
) -> list[str]:
    """Give lines with the cells of each column below each other; empty columns are left out.

    `colours` holds, for each row, the colours of its first cells (an empty text: none).
    """
    rows = [[visible(cell) for cell in row] for row in rows]
    every = [head, *rows] if head else rows
    columns = [
        column
        for column in range(max(map(len, every), default=0))
        if any(row[column] for row in rows if column < len(row))
    ]
    widths = [max(len(row[column]) for row in every) for column in columns]
    lines = [paint(_line(head, columns, widths, room, (), paint), "bold")] if head else []
    for number, row in enumerate(rows):
        shades = colours[number] if number < len(colours) else ()
        lines.append(_line(row, columns, widths, room, shades, paint))
    return lines


def room_of(stream: IO[str]) -> int:
    """Give the columns a line may take: the terminal's, and any number where there is none."""
    if not stream.isatty():
        return ANY_WIDTH
    try:
        return os.get_terminal_size(stream.fileno()).columns or ANY_WIDTH
    except OSError:
        return shutil.get_terminal_size().columns


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Shorten run ids to beginnings that tell them apart."""
    length = SHORT_ID
    while len({run_id[:length] for run_id in ids}) < len(set(ids)):
        length += 2
    return {run_id: run_id[:length] for run_id in ids}


def when(started: str) -> str:
    """Give a record's time in the reader's own zone: `2026-11-21 07:38`."""
    return moment(started).astimezone().strftime("%Y-%m-%d %H:%M") if started else ""


def moment(text: str) -> datetime:
    """Read a record's time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _line(
    row: Sequence[str],
    columns: Sequence[int],
    widths: Sequence[int],
    room: int,
    shades: Sequence[str],
    paint: Painter,
) -> str:
    cells = []
    for column, width in zip(columns, widths, strict=True):
        text = fitted(row[column] if column < len(row) else "", room)
        room -= max(width, len(text)) + 2
        shade = shades[column] if column < len(shades) else ""
        blank = " " * (width - len(text))
        cells.append((paint(text, shade) if shade and text else text) + blank)
        if room <= 0:
            break
    return "  ".join(cells).rstrip()


def _row(run: Mapping[str, Any], short: str) -> tuple[str, ...]:
    commit = (run["commit"] or "")[:7] or "-"
    return (
        short,
        run["status"],
        when(run["started"]),
        duration(run["seconds"]) if run["seconds"] is not None else "",
        commit + ("*" if run["dirty"] else ""),
        (run["data_version"] or "")[:7],
        values_text(run["params"]),
        values_text(run["metrics"]),
    )
