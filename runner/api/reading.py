"""What commands about recorded runs ask: which project, which run, what it says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from runner import bootstrap
from runner.api.recovery import recover
from runner.errors import StoreError, UsageError

if TYPE_CHECKING:
    from runner.stores.sql import RunStore


def project_folder(start: str = ".") -> str:
    """Find the project around a folder: the nearest one upward with records or a project file.

    Raises:
        UsageError: there is none.
    """
    folder = os.path.abspath(start)
    while True:
        if os.path.isdir(os.path.join(folder, ".runner")) or _has_project_file(folder):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            raise UsageError(
                "no project here or in a folder above", hint="runner init, or runner -C FOLDER …"
            )
        folder = above


def runs(
    folder: str,
    *,
    filter: str = "",  # noqa: A002  # the command line's word
    sort: str = "",
    limit: int | None = None,  # the option's word
) -> list[dict[str, Any]]:
    """List summaries of runs, newest first unless sorted otherwise; those under way too."""
    recover(folder)
    store = bootstrap.store(folder)
    under_way = _under_way(store)
    rows = store.find(filter=filter, sort=sort, limit=limit)
    if not under_way:
        return rows
    from runner.core.record_filter import facts, matches, ordered
    from runner.core.record_filter_parser import parse_filter, parse_sort

    recorded = {row["run_id"] for row in rows}
    tree, keys = parse_filter(filter), parse_sort(sort)
    rows += [
        row for row in under_way if row["run_id"] not in recorded and matches(tree, facts(row))
    ]
    return [dict(row) for row in ordered(rows, keys)[:limit]]


def _under_way(store: RunStore) -> list[dict[str, Any]]:
    """Summarize the runs that live; what ends meanwhile is in the index by then."""
    from runner.core.record import summary

    found = []
    for run_id in store.live():
        try:
            found.append(dict(summary(store.load(run_id))))
        except StoreError:
            continue  # it has not begun yet, or just ended
    return found


def record(folder: str, run: str) -> dict[str, Any]:
    """Give the record of a run named by id, prefix, `latest` or `latest~N`."""
    recover(folder)
    store = bootstrap.store(folder)
    return store.load(store.resolve(run))


def metrics(folder: str, run: str) -> dict[str, Any]:
    """Give a run's metrics: name -> value."""
    from runner.core.record import summary

    return dict(summary(record(folder, run))["metrics"])


def history(folder: str, run: str) -> dict[str, Any]:
    """Give every logged point of a run's metrics: name -> [number, time, value]."""
    store = bootstrap.store(folder)
    return dict(store.metrics_history(store.resolve(run)))


def _has_project_file(folder: str) -> bool:
    try:
        return any(name.lower() == "mlproject" for name in os.listdir(folder))
    except OSError:
        return False
