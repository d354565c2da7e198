"""`runner gc`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `gc`."""
    parser.add_argument("--keep-runs", type=int, metavar="N", help="forget all but the newest N")
    parser.add_argument("--yes", action="store_true", help="remove it (default: only say)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def gc(arguments: argparse.Namespace) -> int:
    """Say what can go, and remove it when told to."""
    from runner.api import clearing, reading
    from runner.views.words import count_of, memory

    folder = reading.project_folder()
    found = clearing.find(folder, keep_runs=arguments.keep_runs)
    freed = clearing.remove(folder, found) if arguments.yes else 0
    if arguments.json:
        print(json.dumps(found._asdict() | {"removed": arguments.yes, "freed": freed}))
        return 0
    done = "removed" if arguments.yes else "would remove"
    print(f"{done} {count_of(len(found.oids), 'object')} ({memory(found.objects_size)})")
    print(f"{done} {count_of(len(found.runs), 'run')}")
    print(f"{done} what failed steps left behind in {count_of(len(found.partial), 'place')}")
    print(f"kept {count_of(found.kept_objects, 'object')} that .dvc files or records name")
    if not arguments.yes:
        print("nothing was removed; hint: runner gc --yes")
    return 0
