"""A plan as text: one line a step, with why."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from runner.views.words import Painter, count_of, reason_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.core.plan import Decision

WORDS = {
    "run": ("run", "green"),
    "maybe": ("maybe", "yellow"),
    "restore": ("restore", "cyan"),
    "up-to-date": ("up to date", "dim"),
}


def text(decisions: Sequence[Decision], stream: IO[str], *, color: str, every_reason: bool) -> str:
    """Render decisions; with `every_reason` each reason has a line with its old and new value."""
    paint = Painter.choose(stream, color)
    width = max((len(decision.step) for decision in decisions), default=0)
    lines = []
    for decision in decisions:
        word, colour = WORDS[decision.action]
        line = f"{decision.step:<{width}}  {paint(f'{word:<10}', colour)}"
        if every_reason:
            lines.append(line.rstrip())
            lines.extend(_explained(decision))
        else:
            why = reason_text(reason._asdict() for reason in decision.reasons)
            lines.append(f"{line}  {why}".rstrip())
    lines.append(_total(decisions))
    return "\n".join(lines)


def _explained(decision: Decision) -> list[str]:
    lines = []
    for reason in decision.reasons:
        lines.append(f"  {reason.kind}: {reason_text([reason._asdict()])}")
        if reason.old is not None or reason.new is not None:
            lines.append(f"    was {reason.old if reason.old is not None else 'not there'}")
            lines.append(f"    now {reason.new if reason.new is not None else 'not there'}")
    return lines


def _total(decisions: Sequence[Decision]) -> str:
    stale = sum(decision.action != "up-to-date" for decision in decisions)
    if not stale:
        return "everything is up to date"
    return f"{count_of(len(decisions), 'step')}, {stale} out of date"
