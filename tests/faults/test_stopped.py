"""Ctrl-C, SIGTERM and timeouts: what ran is gone, what was there is back, and it is recorded."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.gates import is_gone, is_there
from tests.faults.live_runs import run
from tests.projects import Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.gates import Gate

GRACE = 5.0
# Its processes tell their ids in `pids`, then sleep: plain, in a session of their own, and
# forked twice. With `$1` they ignore what asks them to end.
TREE = """\
    trap "$1" TERM INT HUP
    echo half > out.txt
    mkdir -p folder
    echo half > folder/new
    sleep 1000 &
    echo $! >> ../pids
    setsid sleep 1000 &
    echo $! >> ../pids
    (setsid sh -c 'sleep 1000 & echo $! >> ../pids; wait' &)
    echo $$ >> ../pids
    until [ "$(wc -l < ../pids)" -ge 4 ]; do sleep 0.01; done
    {gate}
    wait
    wait
    sleep 1000
"""
FILE = """\
    name: stopped
    entry_points:
      before:
        deps: [in.txt]
        outs: [before.txt]
        command: "cat in.txt > before.txt"
      long:
        deps: [before.txt, tree.sh, quick]
        outs: [out.txt, folder]
        {limits}
        command: "test -e quick/yes && echo done > out.txt && mkdir folder || sh tree.sh {ignored}"
      after:
        deps: [out.txt]
        outs: [after.txt]
        command: "cat out.txt > after.txt"
"""


def make(tmp_path: Path, gate: Gate, *, ignored: str = "-", limits: str = "") -> Project:
    """Make a project that ran once, and whose step `long` now takes for ever."""
    project = Project(tmp_path / "project")
    file = FILE.replace("{ignored}", f"'{ignored}'").replace("{limits}", limits)
    project.write({"MLproject": file, "tree.sh": TREE.replace("{gate}", gate.passing)})
    project.write({"in.txt": "data\n", "quick/yes": "", "quick/file": ""})
    project.write({".gitignore": "before.txt\nout.txt\nafter.txt\nfolder/\n"})
    project.commit()
    project.run()
    (project.folder / "quick/yes").unlink()
    project.write({"in.txt": "new data\n"})
    return project


def assert_all_gone_and_old_back(project: Project) -> None:
    pids = (project.folder.parent / "pids").read_text().split()
    assert len(pids) >= 4
    assert all(is_gone(int(pid)) for pid in pids)
    assert project.read("out.txt") == "done\n"
    assert not list((project.folder / "folder").iterdir())
    partial = next(iter((project.folder / ".runner" / "runs").glob("*/partial/long")))
    assert (partial / "out.txt").read_text() == "half\n"
    assert (partial / "folder" / "new").read_text() == "half\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_every_process_and_puts_the_outputs_back(
    tmp_path: Path, gate: Gate, number: int, code: int
) -> None:
    project = make(tmp_path, gate)
    with run(project) as live:
        gate.wait()
        live.send(number)
        answer = live.answer()

    assert answer.code == code, answer.err
    assert statuses(answer) == {"before": "succeeded", "long": "cancelled", "after": "cancelled"}
    assert_all_gone_and_old_back(project)
    record = project.record()
    assert record["status"] == "interrupted"
    assert [step["status"] for step in record["steps"]] == ["succeeded", "cancelled", "cancelled"]
    assert project.read("before.txt") == "new data\n"
    project.write({"quick/yes": ""})
    assert project.run() == {"before": "up-to-date", "long": "succeeded", "after": "succeeded"}
    assert project.runner("doctor").code == 0


def test_who_ignores_the_request_is_killed_after_a_while(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate, ignored="")
    with run(project) as live:
        gate.wait()
        live.send(signal.SIGINT)
        answer = live.answer()

    assert answer.code == 130
    assert_all_gone_and_old_back(project)
    assert project.record()["status"] == "interrupted"


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate, ignored="")
    with run(project) as live:
        gate.wait()
        live.send(signal.SIGINT)
        live.until("step_finished", "after")
        live.send(signal.SIGINT)
        answer = live.answer()

    assert answer.code == 130
    assert_all_gone_and_old_back(project)
    assert project.record()["steps"][1]["seconds"] < GRACE


def test_a_timeout_ends_every_process_and_fails_the_step(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate, limits="timeout: 1s")
    answer = project.runner("run", ".", "--json")

    assert answer.code == 1
    assert statuses(answer) == {"before": "succeeded", "long": "failed", "after": "blocked"}
    assert_all_gone_and_old_back(project)
    assert "timed out" in project.record()["steps"][1]["problem"]


def test_a_timeout_is_retried_as_a_failure_is(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate, limits="timeout: 0.2\n        retries: 1")
    answer = project.runner("run", ".")

    assert answer.code == 1
    assert_all_gone_and_old_back(project)
    step = project.record()["steps"][1]
    assert (step["status"], step["attempts"]) == ("failed", 2)
    assert "timed out" in answer.err
    assert "runner run . long" in answer.err


def test_a_run_that_waits_for_another_stops_at_once_and_alone(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate)
    with run(project) as first:
        step = gate.wait()
        with run(project) as second:
            second.until("run_started")
            second.send(signal.SIGINT)
            assert second.answer().code == 130
        assert not gate.is_reached()
        assert is_there(step)
        first.send(signal.SIGTERM)
        assert first.answer().code == 143

    assert_all_gone_and_old_back(project)
    runs = project.runner("runs", "--json", "--limit", "2").document
    assert [found["status"] for found in runs] == ["interrupted", "interrupted"]
