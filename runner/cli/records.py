"""`runner runs`, `runner show`, `runner diff`, `runner metrics`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.options import RUN, program, whole

if TYPE_CHECKING:
    import argparse

LISTED = 50


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one of these commands."""
    if name == "runs":
        _add_choice(parser)
    elif name == "diff":
        parser.add_argument("a", metavar="OLD", help=RUN)
        parser.add_argument("b", metavar="NEW", help="the other run")
        parser.add_argument("--patch", action="store_true", help="the code's patch, too")
        parser.add_argument("--exit-code", action="store_true", help="1 when something differs")
    else:
        parser.add_argument("run", metavar="RUN", nargs="?", default="latest", help=RUN)
    if name == "metrics":
        parser.add_argument("--history", action="store_true", help="every logged point")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def runs(arguments: argparse.Namespace) -> int:
    """Print a line for each run."""
    from runner.api import reading

    limit = arguments.limit
    if limit is None and not arguments.json:
        limit = LISTED + 1
    folder = reading.project_folder()
    found = reading.runs(folder, filter=arguments.filter, sort=arguments.sort, limit=limit)
    if arguments.json:
        print(json.dumps(found))
    elif not found:
        print("no such run" if arguments.filter else "no runs yet", file=sys.stderr)
        if not arguments.filter:
            print("hint: runner run .", file=sys.stderr)
    else:
        _list(found, arguments)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print one run: its record, or what it says in words."""
    from runner.api import reading

    record = reading.record(reading.project_folder(), arguments.run)
    if arguments.json:
        print(json.dumps(record))
    else:
        from runner.views import run_text

        out, color = sys.stdout, arguments.color
        print(run_text.text(record, out, color=color, program=program(arguments)))
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """Print what differs between two runs."""
    from runner.api import reading
    from runner.api.comparing import compare

    found = compare(reading.project_folder(), arguments.a, arguments.b, patch=arguments.patch)
    if arguments.json:
        code = {"patch": found.patch} if found.patch else {}
        print(json.dumps({**found.sections, "code": {**found.sections["code"], **code}}))
    else:
        from runner.views import diff_text

        sections, note, patch = found
        out, color = sys.stdout, arguments.color
        print(diff_text.text(sections, out, color=color, note=note, patch=patch))
    return 1 if arguments.exit_code and any(found.sections.values()) else 0


def metrics(arguments: argparse.Namespace) -> int:
    """Print a run's metrics, or every point of them."""
    from runner.api import reading

    folder = reading.project_folder()
    read = reading.history if arguments.history else reading.metrics
    found = read(folder, arguments.run)
    if arguments.json:
        print(json.dumps(found))
    elif found:
        from runner.views import tables

        print(tables.metrics(found))
    else:
        what = "logged points" if arguments.history else "metrics"
        print(f"the run has no {what}", file=sys.stderr)
    return 0


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=whole, metavar="N", help=f"at most N runs (default: {LISTED}; --json: all)"
    )
    parser.add_argument(
        "--filter",
        default="",
        metavar="TEXT",
        help='which runs, such as "status = failed"',
    )
    parser.add_argument(
        "--sort", default="", metavar="FIELD", help="in which order; -FIELD: the largest first"
    )


def _list(found: list[dict[str, object]], arguments: argparse.Namespace) -> None:
    from runner.views import tables

    shown = found if arguments.limit is not None else found[:LISTED]
    print(tables.runs(shown, sys.stdout, color=arguments.color))
    if len(shown) < len(found):
        print("there are more: runner runs --limit 1000", file=sys.stderr)
