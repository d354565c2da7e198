"""First runs of many tiny steps: beside a bare loop, and how the cost grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import projects
from tests.benchmarks.measuring import BARE, Case, Results
from tests.benchmarks.row import RUNNER, Bar, Row, Tools, absolute, at_most, forgotten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

XARGS = "xargs -P2"
SIZES = (100, 1000, 10_000)


def beside_a_loop(folder: Path, tools: Tools) -> Row:
    """Prepare 1,000 steps and the same 1,000 command lines for `xargs`."""
    projects.independent(folder, 1000)
    lines = ("xargs", "-a", "commands.txt", "-d", "\n", "-n", "1", "-P", "2", "sh", "-c")
    loop = Case(XARGS, lines, folder, tools.variables)
    cases = [
        case._replace(before=emptied(folder), after=projects.counted(folder / "out", 1000))
        for case in (tools.runner_case(folder, "run", ".", "-j", "2"), loop)
        if tools.wanted(case.name)
    ]
    bars = (at_most(2.5, RUNNER, XARGS, "cpu"), absolute(60, RUNNER, "peak", "MB", 1e6))
    return Row("first run, 1,000 independent steps, -j 2", tuple(cases), bars)


def emptied(folder: Path) -> Callable[[], None]:
    """Give an action that makes the next run a first one, with a folder for the outs."""
    forget = forgotten(folder, ".runner", "out")

    def empty() -> None:
        forget()
        (folder / "out").mkdir()

    return empty


def growing(folder: Path, tools: Tools) -> Row:
    """Prepare first runs of 100, 1,000 and 10,000 steps."""
    cases = []
    for steps in SIZES:
        project = folder / str(steps)
        projects.independent(project, steps)
        case = tools.runner_case(project, "run", ".", "-j", "2", name=sized(steps))
        checked = projects.counted(project / "out", steps)
        cases.append(case._replace(before=emptied(project), after=checked))
    return Row("first run, from 100 to 10,000 independent steps", tuple(cases), (LINEAR, LIGHT))


def sized(steps: int) -> str:
    return f"runner, {steps:,} steps"


def growth(results: Results) -> float:
    """CPU of one step more between 1,000 and 10,000, over that between 100 and 1,000."""
    small, middle, large = (results.median(sized(steps), "cpu") for steps in SIZES)
    return ((large - middle) / (SIZES[2] - SIZES[1])) / ((middle - small) / (SIZES[1] - SIZES[0]))


LINEAR = Bar(
    "CPU of a further step, at 10,000 / at 1,000: at most 1.3x",
    tuple(sized(steps) for steps in SIZES),
    growth,
    lambda ratio: ratio <= 1.3,
)
LIGHT = absolute(150, sized(10_000), "peak", "MB", 1e6)


def deep(folder: Path, tools: Tools) -> Row:
    """Prepare a chain: 10,000 steps, each waiting for the one before."""
    projects.chain(folder, 10_000)
    case = tools.runner_case(folder, "run", ".", "-j", "2")
    checked = projects.counted(folder / "out", 10_000)
    case = case._replace(before=emptied(folder), after=checked)
    bar = at_most(20_000, RUNNER, BARE, "cpu")
    return Row("first run, a chain of 10,000 steps", (case,), (bar,))


ROWS = {"first-1000": beside_a_loop}
SLOW_ROWS = {"linear": growing, "chain": deep}
