"""`runner init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `init`."""
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", default=".", help="made if need be (default: .)"
    )
    parser.add_argument("--no-dvc", action="store_true", help="do not set DVC up")


def init(arguments: argparse.Namespace) -> int:
    """Begin a project, and say what was made."""
    from runner.api.beginning import begin

    for line in begin(arguments.folder, dvc=not arguments.no_dvc):
        print(line)
    return 0
