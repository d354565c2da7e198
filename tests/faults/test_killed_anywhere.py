"""A runner that is killed with -9 at random moments, fifty of them: nothing is torn or lost.

A moment is a number of events heard, or an amount of CPU time that the runner has used: both
are the runner's own progress, so that a busy machine changes nothing.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.live_runs import run
from tests.projects import Project, environment

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: killed
    entry_points:
      first:
        deps: [in.txt, step.sh]
        outs: [first.txt, folder, {path: plain.txt, cache: false}]
        command: "sh step.sh > first.txt; sh step.sh > plain.txt; mkdir folder; \\
          for name in a b c; do sh step.sh > folder/$name; done"
      second:
        deps: [first.txt, folder]
        outs: [second.txt]
        metrics: [{path: metric.json, cache: false}]
        command: "cat first.txt folder/* > second.txt; head -1 first.txt > metric.json"
      kept:
        deps: [in.txt, step.sh]
        outs: [{path: kept.txt, persist: true}]
        command: "sh step.sh | tee kept.txt"
"""
LINES = 20
STEP = f"for line in $(seq {LINES}); do cat in.txt; done\n"
IGNORED = "first.txt\nplain.txt\nfolder/\nsecond.txt\nkept.txt\nmetric.json\n"
# Its own end by a signal nobody catches, at an amount of CPU time (`man setitimer`): this outlives
# the exec. What it cannot do is tell more: nothing of the runner is asked.
BY_CPU_TIME = """
import os, signal, sys
signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-m", "runner", "run", ".", "--json"])
"""
MOST_EVENTS = 11
MOST_CPU_SECONDS = 0.16
WHOLE = {
    "first.txt": LINES,
    "plain.txt": LINES,
    "kept.txt": LINES,
    "folder/a": LINES,
    "folder/b": LINES,
    "folder/c": LINES,
    "second.txt": 4 * LINES,
    "metric.json": 1,
}


@pytest.mark.parametrize("seed", range(5))
def test_ten_deaths_lose_and_tear_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "step.sh": STEP, "in.txt": "0\n", ".gitignore": IGNORED})
    project.commit()
    project.run()
    deaths = 0
    for number in range(1, 11):
        project.write({"in.txt": f"{number}\n"})
        deaths += _die_somewhere(project, chance)
        if chance.random() < 0.5:
            _look(project, number)
        if chance.random() < 0.6:
            answer = project.runner("run", ".")
            assert answer.code == 0, answer.err
            assert set(_versions(project).values()) == {number}
    project.run()

    assert deaths >= 3, "these moments are no moments of a run"
    assert set(_versions(project).values()) == {10}
    assert set(_versions(project)) == set(WHOLE)
    answer = project.runner("doctor")
    assert answer.code == 0, answer.out
    assert set(project.run().values()) <= {"up-to-date"}
    runs = project.runner("runs", "--json").document
    assert {found["status"] for found in runs} <= {"succeeded", "interrupted"}
    on_disk = {path.name for path in (project.folder / ".runner" / "runs").iterdir()}
    assert on_disk == {found["run_id"] for found in runs}
    for name in ("active", "aside"):
        assert not list((project.folder / ".runner" / name).iterdir())


def _die_somewhere(project: Project, chance: random.Random) -> bool:
    """Start a run and have it killed; tell whether that came in time."""
    if chance.random() < 0.5:
        with run(project) as live:
            live.events(chance.randrange(MOST_EVENTS))
            live.kill()
            return live.answer().code == -signal.SIGKILL
    seconds = chance.uniform(0.02, MOST_CPU_SECONDS)
    done = subprocess.run(
        [sys.executable, "-c", BY_CPU_TIME, str(seconds)],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment({}),
        check=False,
    )
    assert done.returncode in {0, -signal.SIGPROF}, done.stderr
    return done.returncode != 0


def _look(project: Project, number: int) -> None:
    """Use any command that looks at runs: from then on, what is there is whole."""
    listed = project.runner("runs", "--json")
    assert listed.code == 0, listed.err
    assert {found["status"] for found in listed.document} <= {"succeeded", "interrupted"}
    found = _versions(project)
    assert all(0 <= version <= number for version in found.values())
    assert len({found.get(f"folder/{name}") for name in "abc"}) == 1, "a torn folder"


def _versions(project: Project) -> dict[str, int]:
    """Tell for each output of which input it is made, and that it is made of it wholly."""
    found = {}
    for name, lines in WHOLE.items():
        if (project.folder / name).exists():
            words = project.read(name).split()
            assert len(words) == lines, f"{name} is torn"
            assert len(set(words)) == 1, f"{name} is mixed"
            found[name] = int(words[0])
    return found
