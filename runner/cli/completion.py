"""`runner completion bash|zsh|fish`: scripts made from the parsers themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

SHELLS = ("bash", "zsh", "fish")


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `completion`."""
    import argparse

    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")
    # What the scripts ask when a key is pressed: --names KIND FOLDER.
    parser.add_argument("--names", nargs=2, help=argparse.SUPPRESS)


def completion(arguments: argparse.Namespace) -> int:
    """Print the script to load in the shell's start-up file."""
    if arguments.names is not None:
        from runner.api.naming import names

        kind, folder = arguments.names
        for name in names(kind, folder):
            print(name)
        return 0
    from runner.cli.completion_scripts import script

    print(script(arguments.shell))
    return 0
