"""`runner run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli.options import add_request, request

if TYPE_CHECKING:
    import argparse

    from runner.api.carrying import Watcher


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `run`."""
    add_request(parser)
    parser.add_argument(
        "-j", "--jobs", type=int, metavar="N", help="steps at once (default: the cores)"
    )
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what would run")
    parser.add_argument(
        "--exit-code", action="store_true", help="with --dry-run: 1 when something is out of date"
    )
    parser.add_argument(
        "-k", "--keep-going", action="store_true", default=None, help="run what a failure leaves"
    )
    parser.add_argument(
        "--no-pull",
        dest="pull",
        action="store_false",
        default=None,
        help="fail when a DVC-tracked input is missing, instead of pulling it",
    )
    parser.add_argument("--json", action="store_true", help="print the events as JSON Lines")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the result only")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show the steps' output as it comes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run, and say how it went."""
    if arguments.dry_run:
        from runner.cli.planning import plan

        return plan(arguments)
    from runner.api import running

    wanted = request(arguments)
    if arguments.json:
        result = running.run(wanted, on_line=_print_line)
    else:
        result = running.run(wanted, [_watcher(arguments)])
    if result.reused and not arguments.json:
        print(f"everything is up to date; recorded as {result.run_id}")
    if result.interrupted_by:
        return 128 + result.interrupted_by
    return 0 if result.went_well else 1


def _print_line(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _watcher(arguments: argparse.Namespace) -> Watcher:
    from runner.views.progress import watch

    return watch(
        sys.stderr,
        sys.stdout,
        color=arguments.color,
        quiet=arguments.quiet,
        verbose=arguments.verbose,
    )
