"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    import argparse

if TYPE_CHECKING:
    from runner.api.planning import Request


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add what says which steps are meant, with which parameters."""
    parser.add_argument("folder", nargs="?", default=".", help="the project's folder (default: .)")
    parser.add_argument("targets", nargs="*", help="entry points or steps (default: main)")
    parser.add_argument("-e", "--entry-point", metavar="NAME", help="the entry point to run")
    add_circumstances(parser)


def add_circumstances(parser: argparse.ArgumentParser) -> None:
    """Add what says with which parameters, and how."""
    parser.add_argument(
        "-P",
        "--param-list",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's value; STEP.NAME=VALUE for one step only",
    )
    parser.add_argument("-f", "--force", action="store_true", help="run even what is up to date")
    parser.add_argument("--only", action="store_true", help="just the targets, not their upstream")
    parser.add_argument(
        "--downstream", action="store_true", help="the targets and what depends on them"
    )
    parser.add_argument(
        "--env-manager",
        metavar="KIND",
        help="`local`: run every step on this machine as it is",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        default=None,
        help="refuse a dirty work tree and unknown keys",
    )


def request(arguments: argparse.Namespace) -> Request:
    """Turn the words into a planning request.

    Raises:
        UsageError: a parameter without `=`, or a target where the folder belongs.
    """
    from runner.api.planning import Request as PlanningRequest

    folder, targets = arguments.folder, list(arguments.targets)
    if arguments.entry_point:
        targets.insert(0, arguments.entry_point)
    if not os.path.isdir(folder) and not targets and "/" not in folder:
        raise UsageError(
            f"no such folder: {folder}", hint=f"if `{folder}` is a step: runner run . {folder}"
        )
    flags = {
        name: getattr(arguments, name, None) for name in ("jobs", "keep_going", "strict", "pull")
    }
    return PlanningRequest(
        folder,
        tuple(dict.fromkeys(targets)),
        tuple(map(_pair, arguments.parameters)),
        force=arguments.force,
        only=arguments.only,
        downstream=arguments.downstream,
        environment=arguments.env_manager,
        flags=flags,
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"-P {text}: not of the form NAME=VALUE", hint="-P alpha=0.5")
    return name, value
