"""`runner run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli.options import above_zero, add_json, add_request, request, warn

if TYPE_CHECKING:
    import argparse

    from runner.api.carrying import Watcher


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `run`."""
    add_request(parser)
    running = parser.add_argument_group("running")
    running.add_argument(
        "-j", "--jobs", type=above_zero, metavar="N", help="cores to use at once (default: all)"
    )
    running.add_argument(
        "-k", "--keep-going", action="store_true", default=None, help="run what a failure leaves"
    )
    running.add_argument(
        "--no-pull",
        dest="pull",
        action="store_false",
        default=None,
        help="fail when a DVC-tracked input is missing, instead of pulling it",
    )
    running.add_argument("-n", "--dry-run", action="store_true", help="only say what would run")
    running.add_argument(
        "--exit-code", action="store_true", help="with --dry-run: 1 when something is out of date"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "-v", "--verbose", action="store_true", help="the steps' output, and steps that need no run"
    )
    output.add_argument(
        "-q", "--quiet", action="store_true", help="nothing but failures and where the record is"
    )
    add_json(output, "the events as JSON Lines, and nothing else on the standard output")


def run(arguments: argparse.Namespace) -> int:
    """Run, and say how it went."""
    if arguments.dry_run:
        from runner.cli.planning import plan

        return plan(arguments)
    from runner.api import running

    wanted = request(arguments)
    watcher = _watcher(arguments)
    lines = _Lines()
    result = running.run(wanted, [watcher], on_line=lines if arguments.json else None)
    lines.close()
    if result.reused:
        warn(result.prepared.notes, arguments)
        if not arguments.json:
            print(f"everything is up to date; recorded as {result.run_id}")
    if result.interrupted_by:
        return 128 + result.interrupted_by
    return 0 if result.went_well else 1


class _Lines:
    """Prints JSON lines; that nobody reads them, or they cannot be written, ends no run."""

    def __init__(self) -> None:
        self._problem: OSError | None = None

    def __call__(self, line: bytes) -> None:
        if self._problem is not None:
            return
        try:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        except OSError as error:
            self._problem = error

    def close(self) -> None:
        """Tell afterwards what kept them from being written."""
        if self._problem is not None and not isinstance(self._problem, BrokenPipeError):
            raise self._problem


def _watcher(arguments: argparse.Namespace) -> Watcher:
    if arguments.json:
        from runner.views.progress import Warnings

        return Warnings(sys.stderr, color=arguments.color)
    from runner.views.watching import watch

    return watch(
        sys.stderr,
        sys.stdout,
        color=arguments.color,
        quiet=arguments.quiet,
        verbose=arguments.verbose,
    )
