"""Run the commands of a row in turn, round after round, and compare them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PROBE = Path(__file__).with_name("probe.py")
BARE = "python -c pass"


def nothing() -> None:
    """Do nothing: most cases need no preparation between rounds."""


class Case(NamedTuple):
    """One command of a row. `before` and `after` run around it, outside the measured time."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    before: Callable[[], None] = nothing
    after: Callable[[], None] = nothing


class Measured(NamedTuple):
    """What one whole process took: seconds and bytes. `tree` is 0 unless it was asked for."""

    wall: float
    cpu: float
    peak: int
    tree: int = 0


class CommandError(Exception):
    """A measured command did not end with 0, so its figures mean nothing."""


class Results:
    """The rounds of a row, by case. Ratios are medians of the ratios within each round."""

    def __init__(self, rounds: Mapping[str, Sequence[Measured]], trees: Mapping[str, int]) -> None:
        self._rounds = rounds
        self.trees = trees

    def __contains__(self, case: str) -> bool:
        return case in self._rounds

    def names(self) -> list[str]:
        return list(self._rounds)

    def median(self, case: str, quantity: str) -> float:
        return median(self._figures(case, quantity))

    def ratio(self, case: str, other: str, quantity: str) -> float:
        pairs = zip(self._figures(case, quantity), self._figures(other, quantity), strict=True)
        return median(its / others for its, others in pairs)

    def _figures(self, case: str, quantity: str) -> list[float]:
        return [float(getattr(measured, quantity)) for measured in self._rounds[case]]


def measure(case: Case, scratch: Path, *, tree: bool = False) -> Measured:
    """Run the case once, from a parent too small to show in its memory."""
    output = scratch / "output.txt"
    case.before()
    mode = "tree" if tree else "plain"
    probe = [sys.executable, "-I", "-S", str(PROBE), mode, str(output), str(case.folder)]
    answer = subprocess.run(
        [*probe, *case.argv], env=dict(case.variables), stdout=subprocess.PIPE, check=True
    )
    wall, cpu, peak, tree_peak, code = answer.stdout.split()
    if int(code) != 0:
        tail = output.read_text(errors="replace")[-2000:]
        raise CommandError(f"{case.name} ended with {int(code)} in {case.folder}\n{tail}")
    case.after()
    return Measured(float(wall), float(cpu), int(peak), int(tree_peak))


def prepare(case: Case) -> None:
    """Run the case once, unmeasured, because what is measured starts from its result."""
    answer = subprocess.run(
        case.argv, cwd=case.folder, env=dict(case.variables), capture_output=True, check=False
    )
    if answer.returncode != 0:
        tail = (answer.stdout + answer.stderr).decode(errors="replace")[-2000:]
        raise CommandError(f"{case.name} ended with {answer.returncode} in {case.folder}\n{tail}")


def compare(cases: Sequence[Case], repeat: int, scratch: Path) -> Results:
    """Warm each case up once (sampling its tree), then measure all of them in turn.

    What they print goes into `scratch`, which must lie outside their folders: a new file there
    would be a change of the project's code.
    """
    bare = Case(BARE, (sys.executable, "-c", "pass"), scratch, cases[0].variables)
    everyone = [bare, *cases]
    trees = {case.name: measure(case, scratch, tree=True).tree for case in everyone}
    rounds: dict[str, list[Measured]] = {case.name: [] for case in everyone}
    for _ in range(repeat):
        for case in everyone:
            rounds[case.name].append(measure(case, scratch))
    return Results(rounds, trees)
