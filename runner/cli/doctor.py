"""`runner doctor`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.options import FOLDER

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `doctor`."""
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help=FOLDER)
    parser.add_argument(
        "--rebuild-index", action="store_true", help="make the index of runs anew first"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")


def doctor(arguments: argparse.Namespace) -> int:
    """Print what was checked; 1 when there is a problem."""
    from runner.api import checking
    from runner.views.words import Painter, count_of

    if arguments.rebuild_index:
        count = checking.rebuild_index(arguments.folder)
        print(f"indexed {count_of(count, 'run')}", file=sys.stderr)
    found = checking.check(arguments.folder)
    if arguments.json:
        print(json.dumps({"checks": [check._asdict() for check in found]}))
    else:
        paint = Painter.choose(sys.stdout, arguments.color)
        colours = {"ok": "green", "note": "yellow", "problem": "red"}
        for check in found:
            level = paint(f"{check.level:<8}", colours[check.level])
            text = check.text.replace("\n", f"\n{'':<20} ")
            print(f"{level} {check.name:<11} {text}")
            if check.hint:
                print(f"{'':<20} hint: {check.hint}")
    return 1 if any(check.level == "problem" for check in found) else 0
