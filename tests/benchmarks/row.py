"""What a row of the table is: commands to alternate, and the bars they are held to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.measuring import Case, Results

RUNNER = "runner"
MIB = 2**20


class Bar(NamedTuple):
    """One promise. `needs` are the cases it is computed from; `measure` gives the figure."""

    text: str
    needs: tuple[str, ...]
    measure: Callable[[Results], float]
    met: Callable[[float], bool]


class Row(NamedTuple):
    """Commands that are run in turn, and what is promised of them."""

    title: str
    cases: tuple[Case, ...]
    bars: tuple[Bar, ...]


class Tools(NamedTuple):
    """What rows need to make their cases.

    `wanted` tells whether a case was asked for: a row prepares nothing for the others.
    """

    runner: tuple[str, ...]
    variables: Mapping[str, str]
    wanted: Callable[[str], bool]

    def runner_case(self, folder: Path, *words: str, name: str = RUNNER) -> Case:
        """Give a case that runs runner with these words in the folder."""
        return Case(name, (*self.runner, *words), folder, self.variables)


Rows = Mapping[str, Callable[[Path, Tools], Row]]


def at_most(limit: float, case: str, other: str, quantity: str) -> Bar:
    """Promise that a case takes at most `limit` times what the other takes."""
    return Bar(
        f"{case} / {other}, {quantity}: at most {limit:g}x",
        (case, other),
        lambda results: results.ratio(case, other, quantity),
        lambda ratio: ratio <= limit,
    )


def at_least(limit: float, case: str, other: str, quantity: str) -> Bar:
    """Promise that a case takes at least `limit` times what the other takes."""
    return Bar(
        f"{case} / {other}, {quantity}: at least {limit:g}x",
        (case, other),
        lambda results: results.ratio(case, other, quantity),
        lambda ratio: ratio >= limit,
    )


def absolute(limit: float, case: str, quantity: str, unit: str, scale: float = 1.0) -> Bar:
    """Promise that a case takes at most `limit` units of something."""
    return Bar(
        f"{case}, {quantity}: at most {limit:g} {unit}",
        (case,),
        lambda results: results.median(case, quantity) / scale,
        lambda figure: figure <= limit,
    )


def forgotten(folder: Path, *names: str) -> Callable[[], None]:
    """Give an action that removes these files and folders, so that the next run is a first."""

    def forget() -> None:
        for name in names:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    return forget


def settings(home: Path) -> dict[str, str]:
    """Give the variables of every measured command: a home of its own, nothing that phones."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "RUNNER_HOME": str(home / ".cache/runner"),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / ".cache/dvc-site"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "NO_COLOR": "1",
    }
