"""`runner plan` and `runner why`: what a run would do, and why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.options import FOLDER, add_circumstances, add_json, add_request, request, warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from runner.api.planning import Prepared
    from runner.core.plan import Decision


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one of these commands."""
    if name == "why":
        which = parser.add_argument_group("which step")
        which.add_argument("step", metavar="STEP", help="an entry point or a step")
        which.add_argument("folder", metavar="FOLDER", nargs="?", default=".", help=FOLDER)
        parser.set_defaults(targets=[], entry_point=None, only=False, downstream=False)
        add_circumstances(parser)
    else:
        add_request(parser)
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add how the answer of a plan is given."""
    output = parser.add_argument_group("output")
    add_json(output, "one JSON document: step, decision and reasons of each")
    output.add_argument("--exit-code", action="store_true", help="1 when something is out of date")


def plan(arguments: argparse.Namespace) -> int:
    """Print every step with its decision and reasons."""
    prepared = look(arguments)
    decisions = list(prepared.decisions.values())
    if arguments.json:
        print(document(decisions))
    else:
        from runner.views.plans import text

        print(text(with_commands(prepared), sys.stdout, color=arguments.color))
    return answer(decisions, arguments)


def why(arguments: argparse.Namespace) -> int:
    """Print one step's decision with all its reasons."""
    from runner.api.standing import done_by

    arguments.targets = [arguments.step]
    prepared = look(arguments)
    decisions = [prepared.decisions[name] for name in prepared.bound.targets]
    if arguments.json:
        print(document(decisions))
    else:
        from runner.views.plans import explained

        keeps = done_by(prepared, decisions)
        print(explained(decisions, keeps, sys.stdout, color=arguments.color))
    return answer(decisions, arguments)


def look(arguments: argparse.Namespace) -> Prepared:
    """Look at what is asked for, and print the warnings."""
    from runner.api import planning
    from runner.api.recovery import recover
    from runner.views.words import Painter

    wanted = request(arguments)
    recover(wanted.folder)
    paint = Painter.choose(sys.stderr, arguments.color)

    def say(text: str) -> None:
        print(paint(f"… {text}", "dim"), file=sys.stderr)

    prepared = planning.prepare(wanted, say=say)
    warn(prepared.notes, arguments)
    return prepared


def with_commands(prepared: Prepared) -> Sequence[Decision]:
    """Give the decisions of steps that run something; all of them when none does."""
    steps = prepared.dag.steps
    decisions = list(prepared.decisions.values())
    return [each for each in decisions if steps[each.step].command is not None] or decisions


def answer(decisions: Iterable[Decision], arguments: argparse.Namespace) -> int:
    """Give the exit code: with `--exit-code`, 1 when something is out of date."""
    stale = any(decision.action != "up-to-date" for decision in decisions)
    return 1 if arguments.exit_code and stale else 0


def document(decisions: Iterable[Decision]) -> str:
    """Give the JSON document of decisions."""
    steps = [
        {
            "step": decision.step,
            "decision": decision.word,
            "reasons": [reason._asdict() for reason in decision.reasons],
        }
        for decision in decisions
    ]
    return json.dumps({"steps": steps})
