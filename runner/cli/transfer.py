"""`runner records import|export`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

STANDARD = "-"


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `records`."""
    parser.add_argument(
        "verb", metavar="VERB", choices=("import", "export"), help="import or export"
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default=STANDARD,
        help="JSON Lines, one record each (default: -, the standard input or output)",
    )


def records(arguments: argparse.Namespace) -> int:
    """Take records in, or write them out, one JSON document a line."""
    return _export(arguments.file) if arguments.verb == "export" else _import(arguments.file)


def _export(name: str) -> int:
    from runner import bootstrap
    from runner.api import reading
    from runner.views.words import count_of

    store = bootstrap.store(reading.project_folder())
    number = 0
    with _opened(name, "wb", sys.stdout) as out:
        for record in store.export_records():
            out.write(record.rstrip(b"\n") + b"\n")
            number += 1
    print(f"exported {count_of(number, 'record')}", file=sys.stderr)
    return 0


def _import(name: str) -> int:
    from runner import bootstrap
    from runner.api import reading

    folder = reading.project_folder()
    store = bootstrap.store(folder)
    with _opened(name, "rb", sys.stdin) as lines:
        bootstrap.make_runner_folder(f"{folder}/.runner")
        new, known = store.import_records(lines, "the input" if name == STANDARD else name)
    print(f"{new} imported, {known} known already")
    return 0


@contextmanager
def _opened(name: str, mode: str, standard: IO[str]) -> Iterator[IO[bytes]]:
    if name == STANDARD:
        yield standard.buffer  # type: ignore[attr-defined]  # every standard stream has one
        return
    try:
        file = open(name, mode)  # noqa: SIM115  # closed below
    except OSError as error:
        raise UsageError(
            f"{name}: {error.strerror}", hint=f"give another file, or {STANDARD}"
        ) from error
    with file:
        yield file
