"""The one line of a finished step, and the totals of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.views.words import (
    Painter,
    count_of,
    duration,
    memory,
    reason_text,
    values_text,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WIDEST_NAME = 40
SHOWN_FAILURES = 3
MEMORABLE = 1.0  # seconds; of what is shorter, memory is the shell's own
MARKS = {
    "succeeded": ("✓", "green"),
    "restored": ("↺", "cyan"),
    "up-to-date": ("·", "dim"),
    "failed": ("✗", "red"),
    "blocked": ("-", "yellow"),
    "cancelled": ("-", "yellow"),
}
INSTEAD_OF_A_TIME = {
    "restored": "from the cache",
    "up-to-date": "up to date",
    "blocked": "blocked",
    "cancelled": "cancelled",
}
PLAIN_REASONS = frozenset({"never-run", "upstream"})


def name_width(names: Iterable[str]) -> int:
    """Give the width in which most names stand in line."""
    return min(max(map(len, names), default=0), WIDEST_NAME)


def step_line(step: str, run: Mapping[str, Any], width: int, paint: Painter) -> str:
    """Render a finished step: mark, name, time, memory, metrics or problem, and why it ran."""
    status = run["status"]
    mark, colour = MARKS[status]
    facts = [f"{paint(mark, colour)} {visible(step):<{width}}", _time(run)]
    if run["peak_memory"] and run["seconds"] >= MEMORABLE:
        facts.append(f"{memory(run['peak_memory']):>8}")
    if status == "failed":
        facts.append(paint(visible(str(run["problem"] or "failed").partition("\n")[0]), "red"))
    elif run["metrics"]:
        facts.append(values_text(run["metrics"]))
    reasons = [reason for reason in run["reasons"] if reason["kind"] not in PLAIN_REASONS]
    if reasons:
        facts.append(paint(f"({reason_text(reasons)})", "dim"))
    return "  ".join(facts).rstrip()


def totals(status: str, seconds: object, ended: Mapping[str, list[str]], paint: Painter) -> str:
    """Render how a run ended; `ended` names the steps by their status, in order."""
    word = {"succeeded": "done", "failed": "failed"}.get(status, status)
    colour = {"succeeded": "green", "failed": "red"}.get(status, "yellow")
    took = f" in {duration(seconds)}" if isinstance(seconds, int | float) else ""
    parts = [_total(status, names) for status, names in ended.items()]
    return paint(f"{word}{took}", colour) + (f": {', '.join(parts)}" if parts else "")


def undeclared(written: Mapping[str, Any]) -> str:
    """Say that a run wrote what no step declares."""
    by = f" by {written['step']}" if written.get("step") else ""
    if written["what"] == "input":
        return visible(f"warning: {written['path']}, an input, was changed{by} during the run")
    return visible(f"warning: {written['path']} was written{by} and is no declared out")


def environment_text(environment: Mapping[str, Any]) -> str:
    """Name an environment: `virtualenv (Python 3.12.4, 31 packages)`."""
    packages = environment.get("packages") or ()
    facts = [f"Python {environment['python']}"] if environment.get("python") else []
    facts += [count_of(len(packages), "package")] if packages else []
    return f"{environment['kind']} ({', '.join(facts)})" if facts else str(environment["kind"])


def started(steps: int, to_run: int, to_restore: int) -> str:
    """Say what is about to happen: `14 steps: 3 to run, 2 from the cache`."""
    parts = [f"{to_run:,} to run"] if to_run else []
    parts += [f"{to_restore:,} from the cache"] if to_restore else []
    return f"{count_of(steps, 'step')}: {', '.join(parts) or 'nothing to run'}"


def _time(run: Mapping[str, Any]) -> str:
    instead = INSTEAD_OF_A_TIME.get(run["status"])
    return instead or f"{duration(run['seconds']):>7}"


def _total(status: str, names: list[str]) -> str:
    text = f"{len(names):,} {status.replace('-', ' ')}"
    if status != "failed":
        return text
    more = ", …" if len(names) > SHOWN_FAILURES else ""
    return f"{text} ({visible(', '.join(names[:SHOWN_FAILURES]))}{more})"
