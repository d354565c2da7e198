"""The command line's words. Only the command that is asked for builds its options."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING, NoReturn

from runner import __version__
from runner.cli.commands import COMMANDS
from runner.cli.help import Formatter, epilog, overview, usage
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Parser = argparse.ArgumentParser
DASHED = frozenset({"--sort"})  # options whose value may begin with a dash
UNKNOWN = "unrecognized arguments: "


class _Parser(argparse.ArgumentParser):
    """An argparse that reports mistakes as we report everything else."""

    def error(self, message: str) -> NoReturn:
        text = f"{self.prog}: {message}"
        if message.startswith(UNKNOWN):
            words = message.removeprefix(UNKNOWN).split(" ")
            text = f"{self.prog} does not know `{words[0]}`"
            meant = self._nearest_option(words[0])
            if meant:
                raise UsageError(text, hint=f"did you mean `{meant}`?")
        raise UsageError(text, hint=f"{self.prog} --help")

    def _nearest_option(self, word: str) -> str:
        from runner.core.spelling import nearest

        known = [option for option in self._option_string_actions if option.startswith("--")]
        return nearest(word.partition("=")[0], known) if word.startswith("-") else ""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the words; `carry_out` of the result is the command's function.

    Raises:
        UsageError: they make no sense, and what would.
    """
    top = top_parser()
    name, rest = _split(words)
    if name is None:
        return _only_top(top, words)
    if name not in COMMANDS:
        raise UsageError(f"no command `{name}`", hint=_closest(name))
    before = words[: len(words) - len(rest) - 1]
    parser, carry_out = _build(name)
    arguments = parser.parse_intermixed_args(_joined(rest), top.parse_args(list(before)))
    arguments.carry_out = carry_out
    arguments.command = name
    _defaults(arguments)
    return arguments


def parser_of(name: str) -> Parser:
    """Build one command's parser, for completion and for the documentation's tests."""
    return _build(name)[0]


def top_parser() -> Parser:
    """Build the parser of what stands before a command."""
    parser = _Parser(
        prog="runner",
        usage="runner [-C FOLDER] COMMAND ...",
        description="Run MLproject pipelines, tied to their commit, data and environment.",
        epilog=overview(),
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"runner {__version__}",
        help="print the version and exit",
    )
    _shared(parser)
    return parser


def _build(name: str) -> tuple[Parser, Callable[[argparse.Namespace], int]]:
    command = COMMANDS[name]
    parser = _Parser(
        prog=f"runner {name}",
        description=f"{command.purpose[0].upper()}{command.purpose[1:]}.",
        epilog=epilog(name),
        formatter_class=Formatter,
        allow_abbrev=False,
        add_help=False,
    )
    module = importlib.import_module(f"runner.cli.{command.module}")
    module.add_options(parser, name)
    general = parser.add_argument_group("general")
    general.add_argument("-h", "--help", action="help", help="show this help and exit")
    _shared(general)
    parser.usage = usage(parser)
    carry_out: Callable[[argparse.Namespace], int] = getattr(module, name)
    return parser, carry_out


def _shared(parser: Parser | argparse._ArgumentGroup) -> None:
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
        metavar="WHEN",
        default=argparse.SUPPRESS,
        help="auto, always or never; auto colours terminals unless NO_COLOR is set",
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


def _joined(words: Sequence[str]) -> list[str]:
    """Join `--sort -seconds` by `=`: argparse takes a value with a dash for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in DASHED and word.startswith("-") and len(word) > 1:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


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
    from runner.core.spelling import nearest

    close = nearest(name, COMMANDS)
    return f"did you mean `runner {close}`?" if close else "`runner help` lists the commands"
