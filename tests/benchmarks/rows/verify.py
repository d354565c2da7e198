"""Verify 1 GiB and 10,000 files: a run with nothing to do on a step that reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.benchmarks import projects
from tests.benchmarks.measuring import BARE, Case, Results, prepare
from tests.benchmarks.row import Bar, Row, Tools, absolute, at_most, forgotten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WARM, COLD, OPENSSL = "runner, warm", "runner, cold", "openssl md5 on all cores"
CORES = len(os.sched_getaffinity(0))
# One openssl per big file, one per core for the small ones: what a shell makes of all cores.
COMMAND = (
    f"ls -d data/big/* | xargs -P{CORES} -n1 openssl dgst -md5 && "
    f"ls -d data/small/* | xargs -P{CORES} -n{10_000 // CORES + 1} openssl dgst -md5"
)


def row(folder: Path, tools: Tools) -> Row:
    """Prepare the data (page cache hot in all cases) and run the step once."""
    projects.verifying(folder, big=8, big_size=128 * 2**20, small=10_000)
    cases = []
    if tools.wanted(WARM):
        run = tools.runner_case(folder, "run", ".", name=WARM)
        prepare(run)
        outs = projects.Untouched(folder / "out")
        warm = run._replace(before=outs.look, after=outs.check)
        stat_cache = ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm")
        forget = forgotten(folder / ".runner", *stat_cache)
        cases = [warm, warm._replace(name=COLD, before=both(outs.look, forget))]
    if tools.wanted(OPENSSL):
        cases.append(Case(OPENSSL, ("sh", "-c", COMMAND), folder, tools.variables))
    bars = (
        absolute(0.2, WARM, "wall", "s"),
        HASHING,
        at_most(40, WARM, BARE, "wall"),
    )
    return Row("verify 8 x 128 MiB and 10,000 files, nothing to do", tuple(cases), bars)


def both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def act() -> None:
        first()
        second()

    return act


def speed(results: Results) -> float:
    """Hash rate of a cold run (less what a warm one takes) over OpenSSL's on as many cores."""
    hashing = results.median(COLD, "wall") - results.median(WARM, "wall")
    return results.median(OPENSSL, "wall") / hashing


HASHING = Bar(
    "hash rate, cold less warm / openssl: at least 0.9x",
    (WARM, COLD, OPENSSL),
    speed,
    lambda ratio: ratio >= 0.9,
)
ROWS = {"verify": row}
