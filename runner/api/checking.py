"""`doctor`: check this machine and this project; each check says what it saw."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from runner import __version__, bootstrap, process, project_files
from runner.api import planning
from runner.errors import RunnerError, UsageError
from runner.views.words import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_GIT = (2, 20)
LOW_DISK = 1 << 30


class Check(NamedTuple):
    """One thing that was looked at. `level` is ok, note or problem."""

    name: str
    level: str
    text: str
    hint: str = ""


def check(folder: str) -> list[Check]:
    """Check everything that runs here rely on.

    Raises:
        UsageError: there is no such folder.
    """
    full = os.path.abspath(folder)
    if not os.path.isdir(full):
        raise UsageError(f"no such folder: {folder}", hint="runner doctor, in the project's folder")
    found: list[Check] = []
    for look in (_runner, _git, _uv, _dvc, _disk, _records, _project):
        name = look.__name__.strip("_")
        try:
            found.extend(look(full))
        except RunnerError as error:
            _add(found, Check(name, "problem", error.message, error.hint))
        except OSError as error:
            hint = f"move {error.filename} away" if error.filename else ""
            _add(found, Check(name, "problem", f"{error.filename}: {error.strerror}", hint))
    return found


def _add(found: list[Check], check: Check) -> None:
    """Add what keeps several looks from answering once."""
    if check.text not in {each.text for each in found}:
        found.append(check)


def rebuild_index(folder: str) -> int:
    """Make the index of runs anew from the records, and count them."""
    return bootstrap.store(folder).rebuild()


def _runner(_: str) -> Iterator[Check]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("runner", "ok", f"{__version__} on Python {python}, {sys.platform}")
    if not sys.platform.startswith("linux"):
        yield Check("system", "note", "only Linux ends a step's every process for sure")


def _git(folder: str) -> Iterator[Check]:
    answer = process.capture(["git", "--version"])
    text = answer.stdout.decode(errors="replace").split()
    version = tuple(int(part) for part in text[2].split(".")[:2]) if len(text) > 2 else ()
    if version < LEAST_GIT:
        yield Check("git", "problem", "older than 2.20", "install a newer git")
    else:
        yield Check("git", "ok", text[2])
    inside = process.capture(["git", "-C", folder, "rev-parse", "--is-inside-work-tree"])
    if inside.code:
        yield Check(
            "repository", "note", "not in git: runs are tied to no commit", "git init && git add -A"
        )


def _uv(_: str) -> Iterator[Check]:
    from runner.environments import virtualenv_uv

    yield Check("uv", "ok", virtualenv_uv.binary())


def _dvc(folder: str) -> Iterator[Check]:
    from runner.versioning.dvc import DvcData

    try:
        yield Check("dvc", "ok", metadata.version("dvc"))
    except metadata.PackageNotFoundError:
        yield Check("dvc", "problem", "not installed: no pull, no push", "pip install dvc")
    data = DvcData(folder)
    yield Check("cache", "ok", data.cache_dir)
    for problem in data.problems():
        yield Check("dvc", "note", problem.message, problem.hint)


def _disk(folder: str) -> Iterator[Check]:
    free = shutil.disk_usage(folder).free
    level = "note" if free < LOW_DISK else "ok"
    yield Check("disk", level, f"{free / (1 << 30):.1f} GiB free")
    if not os.access(folder, os.W_OK):
        yield Check("folder", "problem", f"{folder} cannot be written", "change its permissions")


def _project(folder: str) -> Iterator[Check]:
    if not any(name.lower() == project_files.NAME for name in os.listdir(folder)):
        yield Check("project", "note", "no project file here", "runner init")
        return
    graph = planning.graph(planning.Request(folder))
    yield Check("project", "ok", count_of(len(graph.project.entry_points), "entry point"))
    for problem in graph.problems:
        yield Check("project", "note", problem.message)
    for spec in graph.project.environments.values():
        bootstrap.environment(spec)


def _records(folder: str) -> Iterator[Check]:
    kept = os.path.join(folder, ".runner")
    if os.path.lexists(kept) and not os.path.isdir(kept):
        yield Check("records", "problem", f"{kept} is not a folder", f"move {kept} away")
        return
    store = bootstrap.store(folder)
    problems = store.problems()
    for problem in problems:
        run_id = problem.where.partition(" ")[0]
        text = f"{problem.where}: {problem.message}" if problem.where else problem.message
        away = f"move .runner/runs/{run_id} away, then: runner doctor --rebuild-index"
        yield Check("records", "problem", text, away if "damaged" in text else problem.hint)
    if not problems:
        yield Check("records", "ok", count_of(len(store.find()), "run"))
    for run_id in store.live():
        yield Check("records", "ok", f"run {run_id} is under way")
