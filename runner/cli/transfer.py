"""`runner records import|export`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `records`."""
    parser.add_argument("verb", choices=("import", "export"))
    parser.add_argument(
        "file", nargs="?", default="-", help="JSON Lines (default: -, the standard)"
    )


def records(arguments: argparse.Namespace) -> int:
    """Take records in, or write them out, one JSON document a line."""
    from runner import bootstrap
    from runner.api import reading

    folder = reading.project_folder()
    store = bootstrap.store(folder)
    if arguments.verb == "export":
        with _opened(arguments.file, "wb") as out:
            for record in store.export_records():
                out.write(record.rstrip(b"\n") + b"\n")
        return 0
    bootstrap.make_runner_folder(f"{folder}/.runner")
    with _opened(arguments.file, "rb") as lines:
        new, known = store.import_records(lines, arguments.file)
    print(f"{new} imported, {known} known already")
    return 0


def _opened(name: str, mode: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a file, or a context around one
    if name == "-":
        return nullcontext(sys.stdout.buffer if mode == "wb" else sys.stdin.buffer)
    try:
        return open(name, mode)  # the caller's `with` closes it
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}", hint="give another file, or -") from error
