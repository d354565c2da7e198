"""`gc`: find what nothing needs any more, and remove it when told to."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from runner import bootstrap
from runner.api.needed import named, projects_around
from runner.api.recovery import recover
from runner.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runner.api.needed import Named

    IsLost = Callable[[Mapping[str, Any]], bool]

HOUR = 3600.0


class Rubbish(NamedTuple):
    """What can go; sizes in bytes.

    `oids` are objects of the cache, `runs` whole runs, `partial` what failed steps left behind,
    `snapshots` hidden commits; `results` counts the remembered results whose outputs go or went.
    """

    oids: tuple[str, ...]
    objects_size: int
    runs: tuple[str, ...]
    partial: tuple[str, ...]
    snapshots: tuple[str, ...]
    results: int
    kept_objects: int
    live: tuple[str, ...]


def find(folder: str, *, keep_runs: int | None = None) -> Rubbish:
    """Find what can go; with `keep_runs` all but the newest so many runs can.

    Raises:
        RunnerError: something that may name data cannot be read, so that nothing is safe to
            remove.
    """
    full = bootstrap.existing_folder(folder)
    recover(full)
    ports = bootstrap.connect(full)
    return _find(ports, projects_around(ports), keep_runs)[0]


def clear(folder: str, *, keep_runs: int | None = None) -> tuple[Rubbish, int]:
    """Find and remove what can go, while no run begins; give it with the bytes that became free.

    Raises:
        WorkspaceError: a run is under way; it may need what no record names yet.
        RunnerError: as `find`.
    """
    from runner.workspace.registration import registration

    full = bootstrap.existing_folder(folder)
    recover(full)
    ports = bootstrap.connect(full)
    folders = projects_around(ports)
    with ExitStack() as stack:
        for each in folders:
            if os.path.isdir(f"{each}/.runner"):
                stack.enter_context(registration(f"{each}/.runner"))
        rubbish, is_lost = _find(ports, folders, keep_runs)
        if rubbish.live:
            raise WorkspaceError(
                f"a run is under way: {rubbish.live[0]}",
                hint=f"wait for it (runner logs -f {rubbish.live[0]}), then runner gc --yes",
            )
        return rubbish, _remove(ports, rubbish, is_lost)


def _find(
    ports: bootstrap.Connections, folders: Sequence[str], keep_runs: int | None
) -> tuple[Rubbish, IsLost]:
    from runner.versioning.git_snapshots import kept_snapshots

    _refuse_shared(ports)
    rows = ports.store.find()
    doomed = [row["run_id"] for row in rows[keep_runs:]] if keep_runs is not None else []
    needed = named(ports, folders, set(doomed))
    stored = list(ports.data.objects())
    loose = [entry for entry in stored if entry.oid not in needed.oids]
    is_lost = _lost(
        needed,
        frozenset(entry.oid for entry in loose),
        frozenset(entry.oid for entry in stored),
    )
    rubbish = Rubbish(
        tuple(entry.oid for entry in loose),
        sum(entry.size for entry in loose),
        tuple(doomed),
        tuple(_partial(ports.runner_folder, set(doomed))),
        tuple(each for each in kept_snapshots(ports.folder) if each not in needed.snapshots),
        sum(map(is_lost, ports.data.results())),
        len(stored) - len(loose),
        tuple(run_id for folder in folders for run_id in bootstrap.store(folder).live()),
    )
    return rubbish, is_lost


def _remove(ports: bootstrap.Connections, rubbish: Rubbish, is_lost: IsLost) -> int:
    """Remove it, in an order in which nothing that stays ever names what is gone."""
    from runner.agent.aside import remove as remove_tree
    from runner.versioning.git_snapshots import drop_snapshots

    for run_id in rubbish.runs:
        ports.store.forget(run_id)
    for path in rubbish.partial:
        remove_tree(path)
    if rubbish.results:
        ports.data.drop_results(is_lost)
    drop_snapshots(ports.folder, rubbish.snapshots)
    freed = ports.data.remove(rubbish.oids)
    return freed + ports.data.remove_drafts(time.time() - HOUR)


def _lost(needed: Named, loose: frozenset[str], stored: frozenset[str]) -> IsLost:
    """Tell of a remembered result whether it can bring nothing back any more."""

    def is_lost(result: Mapping[str, Any]) -> bool:
        oids = {str(out.get("md5")) for out in result.get("outputs") or ()}
        if not oids.isdisjoint(loose):
            return True
        return result.get("run_id") not in needed.run_ids and not oids <= stored

    return is_lost


def _refuse_shared(ports: bootstrap.Connections) -> None:
    cache = os.path.realpath(ports.data.cache_dir)
    root = os.path.realpath(ports.data.config.root or ports.folder)
    if not cache.startswith(root + os.sep):
        raise UsageError(
            f"the cache {cache} lies outside of this project: others may use it",
            hint="gc works on a project's own cache only; dvc gc --projects serves shared ones",
        )


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
