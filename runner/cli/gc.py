"""`runner gc`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.cli.options import whole

if TYPE_CHECKING:
    import argparse

    from runner.api.clearing import Rubbish


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `gc`."""
    parser.add_argument(
        "--keep-runs",
        type=whole,
        metavar="N",
        help="forget all but the newest N (default: forget none)",
    )
    parser.add_argument("--yes", action="store_true", help="remove it (default: only say what)")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def gc(arguments: argparse.Namespace) -> int:
    """Say what can go, and remove it when told to."""
    from runner.api import clearing, reading

    folder = reading.project_folder()
    freed = 0
    if arguments.yes:
        found, freed = clearing.clear(folder, keep_runs=arguments.keep_runs)
    else:
        found = clearing.find(folder, keep_runs=arguments.keep_runs)
    if arguments.json:
        print(json.dumps({**found._asdict(), "removed": arguments.yes, "freed": freed}))
    else:
        _print(found, arguments)
    return 0


def _print(found: Rubbish, arguments: argparse.Namespace) -> None:
    from runner.views.words import count_of, memory

    size = memory(found.objects_size)
    parts = [
        f"{count_of(len(found.oids), 'object')} ({size}) that no record, .dvc or dvc.lock names",
        f"{count_of(len(found.runs), 'run')} with records, logs and artifacts",
        f"what failed steps left in {count_of(len(found.partial), 'run')}",
        f"{count_of(len(found.snapshots), 'snapshot')} of changed code that no record names",
        f"{count_of(found.results, 'remembered result')} whose outputs are gone",
    ]
    numbers = (found.oids, found.runs, found.partial, found.snapshots, found.results)
    some = [part for part, number in zip(parts, numbers, strict=True) if number]
    kept = f"{count_of(found.kept_objects, 'object')} stay{'s' if found.kept_objects == 1 else ''}"
    if not some:
        print(f"nothing to remove; {kept}")
        return
    for part in some:
        print(f"{'removed' if arguments.yes else 'would remove'} {part}")
    print(kept)
    if not arguments.yes:
        keep = "" if arguments.keep_runs is None else f" --keep-runs {arguments.keep_runs}"
        print(f"nothing was removed; to do it: runner gc{keep} --yes")
