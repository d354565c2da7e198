"""Nothing to do: steps with one file in and one file out, all of them up to date."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks import projects
from tests.benchmarks.measuring import BARE, Case, prepare
from tests.benchmarks.peers import peer
from tests.benchmarks.row import RUNNER, Bar, Row, Tools, at_least, at_most

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DVC, DOIT = "dvc repro", "doit"
BARS: dict[int, tuple[Bar, ...]] = {
    100: (at_most(10, RUNNER, BARE, "wall"), at_least(8, DVC, RUNNER, "wall")),
    1000: (
        at_most(18, RUNNER, BARE, "wall"),
        at_least(30, DVC, RUNNER, "wall"),
        at_most(1.5, RUNNER, DOIT, "wall"),
    ),
}


def row(folder: Path, tools: Tools, *, steps: int) -> Row:
    """Prepare the same steps for all three, each already run once."""
    cases = []
    if tools.wanted(RUNNER):
        case = tools.runner_case(folder / "runner", "run", ".")
        cases.append(ready(case, projects.copying, steps))
    if tools.wanted(DVC):
        case = Case(DVC, (peer("dvc"), "repro"), folder / "dvc", tools.variables)
        cases.append(ready(case, projects.copying_in_dvc, steps))
    if tools.wanted(DOIT):
        case = Case(DOIT, (peer("doit"),), folder / "doit", tools.variables)
        cases.append(ready(case, projects.copying_in_doit, steps))
    return Row(f"nothing to do, {steps:,} steps", tuple(cases), BARS[steps])


def ready(case: Case, generate: Callable[[Path, int], None], steps: int) -> Case:
    """Run the case once for real, and hold that it does nothing from then on."""
    generate(case.folder, steps)
    prepare(case)
    projects.counted(case.folder / "out", steps)()
    outs = projects.Untouched(case.folder / "out")
    return case._replace(before=outs.look, after=outs.check)


ROWS = {"noop-100": partial(row, steps=100), "noop-1000": partial(row, steps=1000)}
