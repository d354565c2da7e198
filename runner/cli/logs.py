"""`runner logs`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.options import RUN

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from runner.api.output import Output


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `logs`."""
    parser.add_argument("run", metavar="RUN", nargs="?", default="latest", help=RUN)
    parser.add_argument(
        "step", metavar="STEP", nargs="?", help="one step or entry point (default: all)"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on while the run lives")
    parser.add_argument(
        "--json", action="store_true", help="one JSON document; with -f JSON Lines as they come"
    )


def logs(arguments: argparse.Namespace) -> int:
    """Print what the steps of a run wrote, each line with its step's name."""
    from runner.api.output import output
    from runner.api.reading import project_folder

    found = output(project_folder(), arguments.run, arguments.step, follow=arguments.follow)
    if arguments.json and arguments.follow:
        for step, text in found.pieces:
            print(_event(found.run_id, step, text), flush=True)
    elif arguments.json:
        print(json.dumps({"run_id": found.run_id, "steps": dict(found.pieces)}))
    elif not _print(found.pieces, prefixed=len(found.statuses) > 1):
        print(_nothing(found), file=sys.stderr)
    return 0


def _event(run_id: str, step: str, text: str) -> str:
    head = {"schema": 1, "event": "step_output", "run_id": run_id}
    return json.dumps({**head, "step": step, "text": text})


def _print(pieces: Iterable[tuple[str, str]], *, prefixed: bool) -> bool:
    """Print whole lines with their step's name, or one step's output as it is."""
    unended: dict[str, str] = {}
    printed = False
    for step, text in pieces:
        printed = True
        if not prefixed:
            sys.stdout.write(text)
        else:
            *lines, rest = (unended.pop(step, "") + text).split("\n")
            sys.stdout.writelines(f"{step} | {line}\n" for line in lines)
            if rest:
                unended[step] = rest
        sys.stdout.flush()
    sys.stdout.writelines(f"{step} | {line}\n" for step, line in unended.items())
    return printed


def _nothing(found: Output) -> str:
    statuses = {status.replace("-", " ") for status in found.statuses.values()}
    if len(found.statuses) == 1:
        return f"{next(iter(found.statuses))} wrote nothing in run {found.run_id}: {statuses.pop()}"
    return f"no step wrote anything in run {found.run_id}"
