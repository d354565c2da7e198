"""Names that the shell completes: targets of a project, and its newest runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner import bootstrap, project_files
from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RUNS = 50


def names(kind: str, folder: str) -> Iterable[str]:
    """Give the `targets` or `runs` of a folder; nothing where there is none, and never an error."""
    try:
        return _targets(folder) if kind == "targets" else _runs(folder)
    except RunnerError:
        return ()


def _targets(folder: str) -> list[str]:
    from runner.core import binding

    full = bootstrap.existing_folder(folder)
    project, _ = project_files.load(full)
    try:
        steps = binding.bind(project, binding.Request((), (), os.getcwd(), full)).steps
    except RunnerError:
        steps = {}
    return list(dict.fromkeys((*project.entry_points, *steps)))


def _runs(folder: str) -> list[str]:
    from runner.api.reading import project_folder

    found = bootstrap.store(project_folder(folder)).find(limit=MOST_RUNS)
    return ["latest", *(row["run_id"] for row in found)]
