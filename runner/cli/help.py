"""Help texts: short usage lines, options in groups, examples."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from runner.cli.commands import COMMANDS, GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDEST = 100
COLUMN = 28


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Writes `-e, --entry-point NAME`, at most 100 columns wide."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=COLUMN)
        self._width = min(self._width, WIDEST)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


def usage(parser: argparse.ArgumentParser) -> str:
    """Give the usage line of a command: its positional words, then `[options]`."""
    words = [parser.prog]
    for action in parser._actions:  # noqa: SLF001  # argparse has no other list
        if not action.option_strings:
            word = str(action.metavar or action.dest.upper())
            words.append({"?": f"[{word}]", "*": f"[{word} ...]"}.get(str(action.nargs), word))
    return " ".join([*words, "[options]"])


def epilog(name: str) -> str:
    """Give the examples of a command."""
    examples = [(f"runner {words}", does) for words, does in COMMANDS[name].examples]
    return "examples:\n" + _two_columns(examples) if examples else ""


def overview() -> str:
    """List all commands by what they are for."""
    parts = [
        f"{title}:\n" + _two_columns([(name, COMMANDS[name].purpose) for name in names])
        for title, names in GROUPS.items()
    ]
    return "\n\n".join([*parts, "`runner help COMMAND` tells more."])


def _two_columns(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)
