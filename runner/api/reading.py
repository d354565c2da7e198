"""What commands about recorded runs ask: which project, which run, what it says."""

from __future__ import annotations

import os
from typing import Any

from runner import bootstrap
from runner.api.recovery import recover
from runner.errors import UsageError


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
    """List summaries of runs, newest first unless sorted otherwise."""
    recover(folder)
    return bootstrap.store(folder).find(filter=filter, sort=sort, limit=limit)


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
