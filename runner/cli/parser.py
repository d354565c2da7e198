"""The command line's words. Only the command that is asked for builds its options."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING, NoReturn

from runner import __version__
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "run": ("running", "run the project's steps that are out of date, and record it"),
    "plan": ("planning", "say what a run would do, and why"),
    "why": ("planning", "say why one step would run"),
    "status": ("planning", "say which steps are up to date"),
    "dag": ("graph", "draw the graph of steps"),
    "runs": ("records", "list recorded runs"),
    "show": ("records", "show one run"),
    "diff": ("records", "show what differs between two runs"),
    "logs": ("logs", "print what a run's steps wrote"),
    "metrics": ("records", "print a run's metrics"),
    "init": ("init", "begin a project in this folder"),
    "doctor": ("doctor", "check this machine and this project"),
    "gc": ("gc", "find, and remove, what no record needs"),
    "records": ("transfer", "import or export records as JSON Lines"),
    "completion": ("completion", "print the completion script for a shell"),
}

Parser = argparse.ArgumentParser


class _Parser(argparse.ArgumentParser):
    """An argparse that reports mistakes as we report everything else."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"{self.prog} --help")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the words; `carry_out` of the result is the command's function.

    Raises:
        UsageError: they make no sense, and what would.
    """
    top = _top()
    name, rest = _split(words)
    if name is None:
        return _only_top(top, words)
    if name not in COMMANDS:
        raise UsageError(f"no command `{name}`", hint=_closest(name))
    before = words[: len(words) - len(rest) - 1]
    parser = _Parser(prog=f"runner {name}", description=COMMANDS[name][1], allow_abbrev=False)
    _shared(parser)
    carry_out = _build(name, parser)
    arguments = parser.parse_intermixed_args(list(rest), top.parse_args(list(before)))
    arguments.carry_out = carry_out
    _defaults(arguments)
    return arguments


def parser_of(name: str) -> Parser:
    """Build one command's parser, for completion and for the documentation's tests."""
    parser = _Parser(prog=f"runner {name}", description=COMMANDS[name][1], allow_abbrev=False)
    _shared(parser)
    _build(name, parser)
    return parser


def _build(name: str, parser: Parser) -> Callable[[argparse.Namespace], int]:
    module = importlib.import_module(f"runner.cli.{COMMANDS[name][0]}")
    module.add_options(parser, name)
    carry_out: Callable[[argparse.Namespace], int] = getattr(module, name)
    return carry_out


def _top() -> Parser:
    lines = "\n".join(f"  {name:<12}{purpose}" for name, (_, purpose) in COMMANDS.items())
    parser = _Parser(
        prog="runner",
        usage="runner [-C FOLDER] COMMAND ...",
        description="Run MLproject pipelines reproducibly.",
        epilog=f"commands:\n{lines}\n\nrunner COMMAND --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"runner {__version__}")
    _shared(parser)
    return parser


def _shared(parser: Parser) -> None:
    parser.add_argument(
        "-C",
        dest="folder_of_work",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="work as if started in FOLDER",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=argparse.SUPPRESS,
        help="colour the output (default: auto; NO_COLOR is respected)",
    )


def _split(words: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    takes_value = {"-C", "--color"}
    position = 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            return word, words[position + 1 :]
        position += 2 if word in takes_value else 1
    return None, ()


def _only_top(top: Parser, words: Sequence[str]) -> argparse.Namespace:
    arguments = top.parse_args(list(words))
    top.print_help()
    arguments.carry_out = _nothing_more
    _defaults(arguments)
    return arguments


def _nothing_more(_: argparse.Namespace) -> int:
    return 0


def _defaults(arguments: argparse.Namespace) -> None:
    arguments.folder_of_work = getattr(arguments, "folder_of_work", None)
    arguments.color = getattr(arguments, "color", "auto")


def _closest(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    return f"did you mean `runner {close[0]}`?" if close else "runner --help lists the commands"
