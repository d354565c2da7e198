"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import argparse
import os
import sys
from shlex import quote
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.api.planning import Request

MANAGERS = ("local", "system", "virtualenv", "conda", "docker")
LARGEST = 2**31
FOLDER = "the project's folder (default: .)"
RUN = "a run: its id, the beginning of one, latest or latest~N"


def add_request(parser: argparse.ArgumentParser, default: str = "main") -> None:
    """Add what says which steps are meant, with which parameters."""
    which = parser.add_argument_group("which steps")
    which.add_argument("folder", metavar="FOLDER", nargs="?", default=".", help=FOLDER)
    which.add_argument(
        "targets", metavar="TARGET", nargs="*", help=f"entry points or steps (default: {default})"
    )
    which.add_argument("-e", "--entry-point", metavar="NAME", help="a target, as MLflow names it")
    which.add_argument("--only", action="store_true", help="just the targets, not their upstream")
    which.add_argument(
        "--downstream", action="store_true", help="the targets and what depends on them"
    )
    add_circumstances(parser)


def add_circumstances(parser: argparse.ArgumentParser) -> None:
    """Add what says with which parameters, and how."""
    how = parser.add_argument_group("how")
    how.add_argument(
        "-P",
        "--param-list",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's value; STEP.NAME=VALUE for one step only",
    )
    how.add_argument("-f", "--force", action="store_true", help="run even what is up to date")
    how.add_argument(
        "--env-manager",
        choices=MANAGERS,
        metavar="KIND",
        help="local: run every step on this machine as it is; other kinds must be the file's own",
    )
    how.add_argument(
        "--strict",
        action="store_true",
        default=None,
        help="refuse changes that are not committed, and unknown keys in the project file",
    )


def add_json(parser: argparse.ArgumentParser | argparse._ArgumentGroup, what: str) -> None:
    """Add `--json`; `what` says what it prints."""
    parser.add_argument("--json", action="store_true", help=what)


def above_zero(text: str) -> int:
    """Read a whole number from 1 on."""
    return _at_least(1, text)


def whole(text: str) -> int:
    """Read a whole number from 0 on."""
    return _at_least(0, text)


def request(arguments: argparse.Namespace) -> Request:
    """Turn the words into a planning request.

    Raises:
        UsageError: a parameter without `=`, or a target where the folder belongs.
    """
    from runner.api.planning import Request as PlanningRequest

    targets = list(arguments.targets)
    if arguments.entry_point:
        targets.insert(0, arguments.entry_point)
    _refuse_no_folder(arguments.folder, arguments.command)
    flags = {
        name: getattr(arguments, name, None) for name in ("jobs", "keep_going", "strict", "pull")
    }
    return PlanningRequest(
        arguments.folder,
        tuple(dict.fromkeys(targets)),
        tuple(map(_pair, arguments.parameters)),
        force=arguments.force,
        only=arguments.only,
        downstream=arguments.downstream,
        environment=arguments.env_manager,
        flags=flags,
        moved_to=arguments.folder_of_work or "",
    )


def program(arguments: argparse.Namespace) -> str:
    """Give what a command to repeat begins with: `runner`, or `runner -C FOLDER`."""
    folder = arguments.folder_of_work
    return f"runner -C {quote(folder)}" if folder else "runner"


def warn(notes: Iterable[str], arguments: argparse.Namespace) -> None:
    """Write what the user should know, but that keeps nothing from being done."""
    from runner.views.words import Painter, visible_lines

    paint = Painter.choose(sys.stderr, arguments.color)
    for note in notes:
        print(paint(f"warning: {visible_lines(note)}", "yellow"), file=sys.stderr)


def _refuse_no_folder(folder: str, command: str) -> None:
    if os.path.isdir(folder):
        return
    if "://" in folder or folder.startswith("git@"):
        raise UsageError(
            f"{folder}: projects are run from folders on this machine",
            hint=f"git clone {quote(folder.partition('#')[0])}",
        )
    if os.path.exists(folder):
        above = os.path.dirname(folder) or "."
        raise UsageError(f"{folder} is not a folder", hint=f"runner {command} {quote(above)}")
    hint = "give the project's folder first, then the targets"
    if "/" not in folder and command != "why":
        hint = f"if `{folder}` is a target: runner {command} . {quote(folder)}"
    raise UsageError(f"no such folder: {folder}", hint=hint)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"-P {text}: not of the form NAME=VALUE", hint="-P alpha=0.5")
    return name, value


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from {least} on")
    return min(number, LARGEST)
