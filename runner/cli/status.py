"""`runner status`: how things stand."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from runner.cli.options import add_request
from runner.cli.planning import add_output, answer, document, look, with_commands

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `status`."""
    add_request(parser)
    add_output(parser)


def status(arguments: argparse.Namespace) -> int:
    """Print each step's state with its last run."""
    prepared = look(arguments)
    decisions = list(prepared.decisions.values())
    if arguments.json:
        print(document(decisions))
    else:
        from runner.api.standing import standing
        from runner.views.status_text import text

        found = standing(prepared, with_commands(prepared))
        print(text(found, sys.stdout, color=arguments.color, now=time.time()))
    return answer(decisions, arguments)
