"""`runner help` and `runner version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner import __version__
from runner.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the words of one of these commands."""
    if name == "help":
        parser.add_argument("topic", metavar="COMMAND", nargs="?", help="a command (default: all)")


def help(arguments: argparse.Namespace) -> int:  # noqa: A001  # the command's name
    """Print the help of a command, or of them all."""
    from runner.cli.commands import COMMANDS
    from runner.cli.parser import parser_of, top_parser

    topic = arguments.topic
    if topic is None:
        top_parser().print_help()
    elif topic in COMMANDS:
        parser_of(topic).print_help()
    else:
        from runner.core.spelling import nearest

        close = nearest(topic, COMMANDS)
        hint = f"runner help {close}" if close else "runner help"
        raise UsageError(f"no command `{topic}`", hint=hint)
    return 0


def version(_: argparse.Namespace) -> int:
    """Print the version."""
    print(f"runner {__version__}")
    return 0
