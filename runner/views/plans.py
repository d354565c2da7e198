"""A plan as text: one line a step, with why."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from runner.views.words import Painter, count_of, reason_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.core.plan import Decision, Reason

WORDS = {
    "run": ("run", "green"),
    "maybe": ("maybe", "yellow"),
    "restore": ("restore", "cyan"),
    "up-to-date": ("up to date", "dim"),
}
COUNTED = {
    "run": "to run",
    "maybe": "maybe",
    "restore": "from the cache",
    "up-to-date": "up to date",
}
SHORT = 12
HASHED = frozenset({"dep", "code", "environment", "output-missing", "output-changed"})
TOLD = frozenset({"parameter", "variable"})


def text(decisions: Sequence[Decision], stream: IO[str], *, color: str) -> str:
    """Render decisions, one a line, and how many there are of each."""
    paint = Painter.choose(stream, color)
    width = max((len(decision.step) for decision in decisions), default=0)
    lines = []
    for decision in decisions:
        word, colour = WORDS[decision.action]
        why = reason_text(reason._asdict() for reason in decision.reasons)
        lines.append(
            f"{visible(decision.step):<{width}}  {paint(f'{word:<10}', colour)}  {why}".rstrip()
        )
    return "\n".join([*lines, summed_up([decision.action for decision in decisions])])


def explained(
    decisions: Sequence[Decision], keeps: Mapping[str, str], stream: IO[str], *, color: str
) -> str:
    """Render every reason of the decisions, with the old and the new value where it tells more.

    `keeps` says what is known of a step that is up to date: which run it was done by.
    """
    paint = Painter.choose(stream, color)
    lines = []
    for decision in decisions:
        word, colour = WORDS[decision.action]
        known = keeps.get(decision.step, "")
        lines.append(
            f"{paint(visible(decision.step), 'bold')}  {paint(word, colour)}  {known}".rstrip()
        )
        for reason in decision.reasons:
            lines.append(f"  {reason_text([reason._asdict()])}")
            lines.extend(f"    {visible(line)}" for line in _old_and_new(reason))
    return "\n".join(lines)


def summed_up(actions: Sequence[str]) -> str:
    """Give `14 steps: 1 to run, 12 maybe, 1 up to date`."""
    counts = {action: actions.count(action) for action in COUNTED}
    if counts["up-to-date"] == len(actions):
        return "everything is up to date"
    parts = [f"{number:,} {COUNTED[action]}" for action, number in counts.items() if number]
    return f"{count_of(len(actions), 'step')}: {', '.join(parts)}"


def _old_and_new(reason: Reason) -> Iterator[str]:
    if reason.kind in TOLD or (reason.old is None and reason.new is None):
        return
    if reason.kind in HASHED:
        yield f"{_hash(reason.old)} -> {_hash(reason.new)}"
        return
    for word, value in (("was", reason.old), ("now", reason.new)):
        first, *rest = str("nothing" if value is None else value).rstrip().split("\n")
        yield f"{word} {first}"
        yield from (f"    {line}" for line in rest)


def _hash(value: object) -> str:
    if value is None:
        return "not there"
    hashed, dot, ending = str(value).partition(".")
    return hashed[:SHORT] + dot + ending
