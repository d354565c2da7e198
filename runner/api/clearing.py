"""`gc`: find what no `.dvc` file, dvc.lock or kept record names, and remove it when told to."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from runner import bootstrap
from runner.api.recovery import recover
from runner.errors import RunnerError, UsageError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DVC_FILES = ("dvc.lock", ".dvc")
HOUR = 3600.0
OID = re.compile(rb"[0-9a-f]{32}(?:\.dir)?")


class Rubbish(NamedTuple):
    """What can go: objects of the cache, whole runs, and left-over files; sizes in bytes."""

    oids: tuple[str, ...]
    objects_size: int
    runs: tuple[str, ...]
    partial: tuple[str, ...]
    kept_objects: int


def find(folder: str, *, keep_runs: int | None = None) -> Rubbish:
    """Find what can go; with `keep_runs` all but the newest so many runs can.

    Raises:
        RunnerError: something that may name data cannot be read, so that nothing is safe to
            remove.
    """
    full = bootstrap.existing_folder(folder)
    recover(full)
    ports = bootstrap.connect(full)
    _refuse_shared(ports)
    rows = ports.store.find()
    doomed = [row["run_id"] for row in rows[keep_runs:]] if keep_runs is not None else []
    named = set(_named_by_dvc(ports)) | set(_named_by_records(ports, set(doomed)))
    named |= set(_members(ports, named))
    stored = list(ports.data.objects())
    loose = [entry for entry in stored if entry.oid not in named]
    return Rubbish(
        tuple(entry.oid for entry in loose),
        sum(entry.size for entry in loose),
        tuple(doomed),
        tuple(_partial(ports.runner_folder, set(doomed))),
        len(stored) - len(loose),
    )


def remove(folder: str, rubbish: Rubbish) -> int:
    """Remove what was found, and give the bytes that became free.

    Raises:
        WorkspaceError: a run is under way; it may need what no record names yet.
    """
    from runner.agent.aside import remove as remove_tree

    full = bootstrap.existing_folder(folder)
    ports = bootstrap.connect(full)
    if ports.store.live():
        raise WorkspaceError("a run is under way in this project", hint="try again when it ended")
    for run_id in rubbish.runs:
        ports.store.forget(run_id)
    for path in rubbish.partial:
        remove_tree(path)
    freed = ports.data.remove(rubbish.oids)
    return freed + ports.data.remove_drafts(time.time() - HOUR)


def _refuse_shared(ports: bootstrap.Connections) -> None:
    cache = os.path.realpath(ports.data.cache_dir)
    root = os.path.realpath(ports.data.config.root or ports.folder)
    if not cache.startswith(root + os.sep):
        raise UsageError(
            f"the cache {cache} lies outside of this project: others may use it",
            hint="gc works on a project's own cache only; dvc gc --projects serves shared ones",
        )


def _named_by_dvc(ports: bootstrap.Connections) -> Iterator[str]:
    from runner.versioning.git_history import blobs_on_all_branches

    for promise in ports.data.promises():
        yield promise.md5
    # Every hash in the text counts, so that a file nobody can parse keeps its data all the same.
    for _, content in blobs_on_all_branches(ports.folder, DVC_FILES):
        yield from (oid.decode() for oid in OID.findall(content))


def _named_by_records(ports: bootstrap.Connections, doomed: set[str]) -> Iterator[str]:
    for line in ports.store.export_records():
        record: dict[str, Any] = json.loads(line)
        if record["run_id"] in doomed:
            continue
        for step in record["steps"]:
            for version in (*step["inputs"], *step["outputs"]):
                yield version["md5"]


def _members(ports: bootstrap.Connections, named: Iterable[str]) -> Iterator[str]:
    for oid in named:
        if oid.endswith(".dir"):
            try:
                yield from (member for member, _ in ports.data.manifest(oid))
            except RunnerError:
                continue


def _partial(runner_folder: str, doomed: set[str]) -> Iterator[str]:
    """Name what failed steps of kept runs left behind."""
    runs = os.path.join(runner_folder, "runs")
    try:
        names = sorted(os.listdir(runs))
    except FileNotFoundError:
        return
    for run_id in names:
        path = os.path.join(runs, run_id, "partial")
        if run_id not in doomed and os.path.isdir(path):
            yield path
