"""What must stay: everything that a `.dvc` file, a dvc.lock or a record names."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from runner import bootstrap
from runner.errors import RunnerError, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

DVC_FILES = ("dvc.lock", ".dvc")
OID = re.compile(rb"[0-9a-f]{32}(?:\.dir)?")
NO_PROJECTS = frozenset({".git", ".dvc", ".runner", "__pycache__", "node_modules"})


class Named(NamedTuple):
    """The objects, snapshots and runs that records and files name."""

    oids: set[str]
    snapshots: set[str]
    run_ids: set[str]


def named(ports: bootstrap.Connections, folders: Iterable[str], doomed: Collection[str]) -> Named:
    """Gather what must stay; `doomed` runs of this project no longer count.

    `folders` are the projects that may share this one's cache or repository.

    Raises:
        RunnerError: something that may name data cannot be read, so that nothing is safe.
    """
    oids = set(_by_dvc(ports))
    snapshots: set[str] = set()
    run_ids: set[str] = set()
    for folder in folders:
        for record in _records(folder):
            if folder == ports.folder and record["run_id"] in doomed:
                continue
            run_ids.add(record["run_id"])
            snapshots.update(_commits(record))
            for step in record["steps"]:
                oids.update(version["md5"] for version in (*step["inputs"], *step["outputs"]))
    oids |= set(_members(ports, oids))
    return Named(oids, snapshots, run_ids)


def projects_around(ports: bootstrap.Connections) -> list[str]:
    """Find the folders with records that share this project's cache or repository."""
    from runner.versioning.git_snapshots import work_trees

    roots = {ports.folder, *work_trees(ports.folder)}
    if ports.data.config.root:
        roots.add(ports.data.config.root)
    found = {folder for root in roots for folder in _with_records(root)}
    return sorted(found | {ports.folder})


def _with_records(root: str) -> Iterator[str]:
    for folder, below, _ in os.walk(root):
        if ".runner" in below:
            yield os.path.abspath(folder)
        below[:] = [name for name in below if name not in NO_PROJECTS]


def _by_dvc(ports: bootstrap.Connections) -> Iterator[str]:
    from runner.versioning.git_history import blobs_on_all_branches

    for promise in ports.data.promises():
        yield promise.md5
    # Every hash in the text counts, so that a file nobody can parse keeps its data all the same.
    for _, content in blobs_on_all_branches(ports.folder, DVC_FILES):
        yield from (oid.decode() for oid in OID.findall(content))


def _records(folder: str) -> Iterator[dict[str, Any]]:
    for line in bootstrap.store(folder).export_records():
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise StoreError(
                f"a record in {folder} is damaged, and what it names is not known",
                hint=f"runner doctor {folder}",
            ) from error
        yield record


def _commits(record: dict[str, Any]) -> Iterator[str]:
    code = record.get("code") or {}
    yield from filter(None, (code.get("commit"), code.get("snapshot")))


def _members(ports: bootstrap.Connections, oids: Iterable[str]) -> Iterator[str]:
    for oid in oids:
        if oid.endswith(".dir"):
            try:
                yield from (member for member, _ in ports.data.manifest(oid))
            except RunnerError:
                continue
