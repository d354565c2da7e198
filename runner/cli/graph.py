"""`runner dag`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli.options import add_request, request, warn

if TYPE_CHECKING:
    import argparse

FORMATS = ("text", "mermaid", "dot", "json", "svg")


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `dag`."""
    add_request(parser, default="the whole project")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        choices=FORMATS,
        default="text",
        help=f"{', '.join(FORMATS)} (default: text)",
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="same as --format json"
    )
    parser.add_argument(
        "--no-status", action="store_true", help="draw the steps alone, without looking at files"
    )


def dag(arguments: argparse.Namespace) -> int:
    """Print the graph of what is asked for (without a target: of the whole project)."""
    from runner.api.drawing import drawn
    from runner.views import graph

    steps, statuses, notes = drawn(request(arguments), looked_at=not arguments.no_status)
    warn(notes, arguments)
    sys.stdout.write(graph.render(steps, statuses, arguments.format).rstrip("\n") + "\n")
    return 0
