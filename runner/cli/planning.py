"""`runner plan`, `runner why`, `runner status`: what a run would do, and why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.options import add_circumstances, add_request, request
from runner.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from runner.core.plan import Decision


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one of these commands."""
    if name == "why":
        parser.add_argument("step", help="an entry point or a step")
        parser.add_argument("folder", nargs="?", default=".", help="the project (default: .)")
        parser.set_defaults(targets=[], entry_point=None)
        add_circumstances(parser)
    else:
        add_request(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--exit-code", action="store_true", help="1 when something is out of date")


def plan(arguments: argparse.Namespace) -> int:
    """Print every step with its decision and reasons."""
    from runner.api import planning
    from runner.api.recovery import recover

    recover(arguments.folder)
    prepared = planning.prepare(request(arguments))
    for note in prepared.notes:
        print(f"warning: {note}", file=sys.stderr)
    return _print(prepared.decisions.values(), arguments)


status = plan


def why(arguments: argparse.Namespace) -> int:
    """Print one step's decision with all its reasons."""
    from runner.api import planning

    prepared = planning.prepare(request(arguments))
    name = arguments.step
    chosen = [
        decision
        for step, decision in prepared.decisions.items()
        if name in (step, prepared.dag.steps[step].entry_point)
    ]
    if not chosen:
        from runner.core.spelling import did_you_mean

        hint = did_you_mean(name, prepared.decisions) or "runner plan lists the steps"
        raise UsageError(f"no step `{name}`", hint=hint)
    return _print(chosen, arguments, every_reason=True)


def _print(
    decisions: Iterable[Decision], arguments: argparse.Namespace, *, every_reason: bool = False
) -> int:
    decisions = list(decisions)
    if arguments.json:
        print(json.dumps({"steps": [_document(decision) for decision in decisions]}))
    else:
        from runner.views.plans import text

        print(text(decisions, sys.stdout, color=arguments.color, every_reason=every_reason))
    stale = any(decision.action != "up-to-date" for decision in decisions)
    return 1 if arguments.exit_code and stale else 0


def _document(decision: Decision) -> dict[str, object]:
    return {
        "step": decision.step,
        "decision": decision.word,
        "reasons": [reason._asdict() for reason in decision.reasons],
    }
