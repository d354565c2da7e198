"""Several `runner run` at once: in one folder, in clones that share a cache, on a first start."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.faults.caches import assert_sound
from tests.faults.gates import Gate, is_gone
from tests.faults.live_runs import LiveRun, run
from tests.projects import Answer, Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

RUN = ("run", ".", "--json")

DIAMOND = """\
    name: diamond
    entry_points:
      top:
        deps: [in.txt]
        outs: [top.txt]
        command: "echo top >> ../ledger; cat in.txt > top.txt"
      left:
        deps: [top.txt]
        outs: [left.txt]
        command: "echo left >> ../ledger; sed s/^/left-/ top.txt > left.txt"
      right:
        deps: [top.txt]
        outs: [right/a.txt, right/b.txt]
        command: "echo right >> ../ledger; cp top.txt right/a.txt; cp top.txt right/b.txt"
      bottom:
        deps: [left.txt, right/a.txt]
        outs: [bottom]
        command: "echo bottom >> ../ledger; mkdir bottom; cat left.txt right/a.txt > bottom/all"
"""
IGNORE = "*.txt\n!in.txt\nright/\nbottom/\n"


@pytest.fixture
def diamond(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write({"MLproject": DIAMOND, "in.txt": "data\n", ".gitignore": IGNORE})
    project.commit()
    return project


def at_once(project: Project, *commands: tuple[str, ...]) -> list[Answer]:
    with ExitStack() as stack:
        started = [stack.enter_context(LiveRun(project, *words)) for words in commands]
        return [one.answer() for one in started]


def test_two_runs_in_one_folder_run_each_command_once(diamond: Project) -> None:
    answers = at_once(diamond, RUN, RUN)

    assert [one.code for one in answers] == [0, 0], [one.err for one in answers]
    assert sorted(diamond.ledger()) == ["bottom", "left", "right", "top"]
    assert diamond.read("bottom/all") == "left-data\ndata\n"
    ran = [name for one in answers for name, how in statuses(one).items() if how == "succeeded"]
    assert sorted(ran) == ["bottom", "left", "right", "top"]
    recorded = {run["run_id"] for run in diamond.runner("runs", "--json").document}
    assert {one.lines[0]["run_id"] for one in answers if one.out} == recorded
    assert diamond.runner("doctor").code == 0


def test_three_runs_with_overlapping_targets_run_each_command_once(diamond: Project) -> None:
    answers = at_once(diamond, (*RUN, "left"), (*RUN, "right"), (*RUN, "bottom"))

    assert [one.code for one in answers] == [0, 0, 0], [one.err for one in answers]
    assert sorted(diamond.ledger()) == ["bottom", "left", "right", "top"]
    assert diamond.read("bottom/all") == "left-data\ndata\n"
    assert diamond.runner("doctor").code == 0


GATED = """\
    name: gated
    entry_points:
      slow:
        deps: [in.txt]
        outs: [slow.txt, folder]
        command: "echo slow >> ../ledger; cat in.txt > slow.txt; {gate}; \\
          mkdir folder; cp slow.txt folder/copy; cat in.txt >> slow.txt"
      after:
        deps: [slow.txt, folder]
        outs: [after.txt]
        command: "echo after >> ../ledger; cat slow.txt folder/copy > after.txt"
"""


@pytest.fixture
def gated(tmp_path: Path, gate: Gate) -> Project:
    project = Project(tmp_path / "project")
    ignore = "slow.txt\nafter.txt\nfolder/\n"
    project.write({"MLproject": GATED.replace("{gate}", gate.passing), ".gitignore": ignore})
    project.write({"in.txt": "data\n"})
    project.commit()
    return project


def test_a_second_run_waits_for_the_step_and_finds_it_done(gated: Project, gate: Gate) -> None:
    with run(gated) as first, run(gated) as second:
        gate.wait()
        first.until("run_started")
        second.until("run_started")
        gate.open()
        one, other = first.answer(), second.answer()

    assert (one.code, other.code) == (0, 0), one.err + other.err
    assert gated.ledger() == ["slow", "after"]
    assert sorted([statuses(one)["slow"], statuses(other)["slow"]]) == ["succeeded", "up-to-date"]
    runs = gated.runner("runs", "--json").document
    assert [found["status"] for found in runs] == ["succeeded", "succeeded"]
    assert len({found["result_id"] for found in runs}) == 1


@pytest.mark.parametrize("survivor_is_older", [False, True])
@pytest.mark.parametrize("ran_before", [False, True])
def test_when_one_is_killed_in_mid_step_the_other_goes_on_and_is_right(
    gated: Project, gate: Gate, survivor_is_older: bool, ran_before: bool
) -> None:
    if ran_before:
        gate.open()
        gated.run()
        gate.wait()
        gated.write({"in.txt": "new data\n"})
        (gated.folder.parent / "ledger").unlink()
    text = gated.read("in.txt")
    with ExitStack() as stack:
        if survivor_is_older:
            survivor = stack.enter_context(run(gated))
            survivor.send(signal.SIGSTOP)
            killed = stack.enter_context(run(gated))
        else:
            killed = stack.enter_context(run(gated))
        step = gate.wait()
        if survivor_is_older:
            survivor.send(signal.SIGCONT)
        else:
            survivor = stack.enter_context(run(gated))
        survivor.until("run_started")
        killed.kill()
        assert gate.wait() != step, "the survivor runs what the killed one had begun"
        assert is_gone(step)
        gate.open()
        one = survivor.answer()

    assert one.code == 0, one.err
    assert gated.ledger() == ["slow", "slow", "after"]
    assert gated.read("after.txt") == text * 3
    assert gated.read("folder/copy") == text
    runs = gated.runner("runs", "--json").document
    assert sorted(found["status"] for found in runs)[:2] == ["interrupted", "succeeded"]
    assert gated.read("slow.txt") == text * 2
    assert set(gated.run().values()) <= {"up-to-date"}
    assert gated.runner("doctor").code == 0
    assert not list((gated.folder / ".runner" / "aside").iterdir())


@pytest.mark.parametrize("hardlinks", [False, True])
def test_clones_that_share_a_cache_run_at_once(tmp_path: Path, hardlinks: bool) -> None:
    origin = Project(tmp_path / "origin")
    origin.write({"MLproject": DIAMOND, "in.txt": "data\n" * 50_000, ".gitignore": IGNORE})
    cache = tmp_path / "cache"
    kind = "type = hardlink\n" if hardlinks else ""
    origin.write({".dvc/config": f"[cache]\n    dir = {cache}\n    {kind}"})
    origin.commit()
    clones = []
    for name in ("one", "two", "three"):
        origin.git("clone", "-q", str(origin.folder), str(tmp_path / name / "clone"))
        clones.append(Project(tmp_path / name / "clone", git=False))

    with ExitStack() as stack:
        started = [stack.enter_context(run(clone)) for clone in clones]
        answers = [one.answer() for one in started]

    assert [one.code for one in answers] == [0, 0, 0], [one.err for one in answers]
    for clone in clones:
        assert clone.read("left.txt") == "left-data\n" * 50_000
        assert clone.read("bottom/all") == "left-data\n" * 50_000 + "data\n" * 50_000
        assert clone.runner("doctor").code == 0
        assert set(clone.run().values()) <= {"up-to-date"}
    assert_sound(cache, least=4)


def test_sixteen_first_starts_at_once_all_go_well(diamond: Project) -> None:
    some = (RUN, ("runs", "--json"), ("plan", "--json"), ("dag", "--format", "json"))

    answers = at_once(diamond, *some * 4)

    assert [one.code for one in answers] == [0] * 16, [one.err for one in answers]
    assert [one.err for one in answers] == [""] * 16
    assert sorted(diamond.ledger()) == ["bottom", "left", "right", "top"]
    assert diamond.runner("doctor").code == 0
    assert diamond.read(".runner/.gitignore") == "*\n"
