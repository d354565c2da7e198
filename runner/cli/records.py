"""`runner runs`, `runner show`, `runner diff`, `runner metrics`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one of these commands."""
    if name == "runs":
        parser.add_argument("--limit", type=int, metavar="N", help="at most N runs (default: 50)")
        parser.add_argument(
            "--filter", default="", metavar="TEXT", help='such as "metrics.rmse < 0.8"'
        )
        parser.add_argument(
            "--sort", default="", metavar="FIELD", help="such as -metrics.rmse (default: newest)"
        )
    elif name == "diff":
        parser.add_argument("a", help="a run: id, prefix, latest or latest~N")
        parser.add_argument("b", help="the other run")
        parser.add_argument("--exit-code", action="store_true", help="1 when something differs")
    else:
        parser.add_argument("run", nargs="?", default="latest", help="id, prefix, latest, latest~N")
    if name == "metrics":
        parser.add_argument("--history", action="store_true", help="every logged point")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def runs(arguments: argparse.Namespace) -> int:
    """Print a line for each run."""
    from runner.api import reading

    limit = arguments.limit
    if limit is None and not arguments.json:
        limit = 50
    found = reading.runs(
        reading.project_folder(), filter=arguments.filter, sort=arguments.sort, limit=limit
    )
    if arguments.json:
        print(json.dumps(found))
    else:
        from runner.views import tables

        print(tables.runs(found, sys.stdout, color=arguments.color))
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print one run: its record, or what it says in words."""
    from runner.api import reading

    record = reading.record(reading.project_folder(), arguments.run)
    if arguments.json:
        print(json.dumps(record))
    else:
        from runner.views import run_text

        print(run_text.text(record, sys.stdout, color=arguments.color))
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """Print what differs between two runs."""
    from runner.api import reading

    found = reading.difference(reading.project_folder(), arguments.a, arguments.b)
    if arguments.json:
        print(json.dumps(found))
    else:
        from runner.views import run_text

        print(run_text.difference(found, sys.stdout, color=arguments.color))
    return 1 if arguments.exit_code and any(found.values()) else 0


def metrics(arguments: argparse.Namespace) -> int:
    """Print a run's metrics, or every point of them."""
    from runner.api import reading

    folder = reading.project_folder()
    read = reading.history if arguments.history else reading.metrics
    found = read(folder, arguments.run)
    if arguments.json:
        print(json.dumps(found))
        return 0
    from runner.views import tables

    print(tables.metrics(found))
    return 0
