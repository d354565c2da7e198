"""How a project stands, as text: its code, its newest run, and a line a step."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple

from runner.views.plans import summed_up
from runner.views.tables import COLOURS, aligned, moment, room_of, short_ids
from runner.views.words import Painter, ago, duration, reason_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.core.plan import Decision

HEAD = ("STEP", "STATE", "LAST RUN", "WHEN", "TOOK", "WHY")
STATES = {
    "run": ("out of date", "yellow"),
    "maybe": ("maybe", "yellow"),
    "restore": ("in the cache", "cyan"),
    "up-to-date": ("up to date", "green"),
}
UNTOLD = frozenset({"never-run"})


class LastRun(NamedTuple):
    """The last time a step's command ran. `problem` says why it failed; seconds it took."""

    run_id: str
    started: str
    seconds: float
    problem: str = ""


class Standing(NamedTuple):
    """How a project stands: its code, its newest run, what is under way, and its steps.

    `newest` is a row of `runs`, None when there is none; `live` are the ids of runs under way;
    `program` is what a command about them begins with.
    """

    name: str
    code: str
    branch: str
    newest: Mapping[str, Any] | None
    live: Sequence[str]
    decisions: Sequence[Decision]
    last_runs: Mapping[str, LastRun]
    program: str = "runner"


def text(found: Standing, stream: IO[str], *, color: str, now: float) -> str:
    """Render `status`; `now` is the time in seconds since 1970."""
    paint = Painter.choose(stream, color)
    short = short_ids(sorted({last.run_id for last in found.last_runs.values()}))
    rows = [_row(each, found.last_runs.get(each.step), short, now) for each in found.decisions]
    colours = [("", _state(each, found.last_runs.get(each.step))[1]) for each in found.decisions]
    return "\n".join(
        [
            *_heading(found, paint, now),
            "",
            *aligned(HEAD, rows, colours, room_of(stream), paint),
            summed_up([decision.action for decision in found.decisions]),
        ]
    )


def _heading(found: Standing, paint: Painter, now: float) -> Iterator[str]:
    branch = f" on {visible(found.branch)}" if found.branch else ""
    yield f"{paint(visible(found.name), 'bold')}  {found.code}{branch}"
    for run_id in found.live:
        yield f"{paint('running', 'cyan')}  {run_id}, to watch it: {found.program} logs -f {run_id}"
    if found.newest is None:
        yield "never run"
        return
    status, run_id = found.newest["status"], found.newest["run_id"]
    passed = ago(now - moment(found.newest["started"]).timestamp())
    yield f"last run {run_id}  {paint(status, COLOURS.get(status, 'dim'))}  {passed}"


def _row(
    decision: Decision, last: LastRun | None, short: Mapping[str, str], now: float
) -> tuple[str, ...]:
    reasons = [each._asdict() for each in decision.reasons if each.kind not in UNTOLD]
    why = reason_text(reasons)
    if last is None:
        return (decision.step, _state(decision, last)[0], "never", "", "", why)
    passed = ago(now - moment(last.started).timestamp()) if last.started else ""
    return (
        decision.step,
        _state(decision, last)[0],
        short[last.run_id],
        passed,
        duration(last.seconds),
        why,
    )


def _state(decision: Decision, last: LastRun | None) -> tuple[str, str]:
    if last is not None and last.problem and decision.action == "run":
        return f"failed: {last.problem.partition(chr(10))[0]}", "red"
    return STATES[decision.action]
