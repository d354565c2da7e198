"""`runner logs`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `logs`."""
    parser.add_argument("run", nargs="?", default="latest", help="run id, prefix or latest~N")
    parser.add_argument("step", nargs="?", help="one step (default: all that wrote something)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on while the run lives")
    parser.add_argument("--json", action="store_true", help="print JSON Lines")


def logs(arguments: argparse.Namespace) -> int:
    """Print what the steps of a run wrote, each line with its step's name."""
    from runner.api import reading

    folder = reading.project_folder()
    for step, text in reading.output(
        folder, arguments.run, arguments.step, follow=arguments.follow
    ):
        if arguments.json:
            print(json.dumps({"step": step, "text": text}), flush=True)
        elif arguments.step:
            sys.stdout.write(text)
        else:
            sys.stdout.writelines(f"{step} | {line}" for line in _whole_lines(text))
        sys.stdout.flush()
    return 0


def _whole_lines(text: str) -> list[str]:
    return [line if line.endswith("\n") else line + "\n" for line in text.splitlines(keepends=True)]
