"""When the runner is killed with -9: its steps die with it, and what lives is left alone."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.gates import is_gone
from tests.faults.live_runs import run
from tests.projects import Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.gates import Gate

# Each of them writes its own word to the out, by its path, again and again, whatever it is told.
WRITER = """\
    trap '' TERM INT HUP
    echo $$ >> ../pids
    while :; do echo $1 > out.txt; sleep 0.01; done
"""
TREE = """\
    trap '' TERM INT HUP
    sh writer.sh child &
    setsid sh writer.sh session &
    (setsid sh -c 'sh writer.sh twice &' &)
    (setsid env -i /bin/sh -c '/bin/sh writer.sh nameless &' &)
    until [ "$(wc -l < ../pids)" -ge 4 ]; do sleep 0.01; done
    {gate}
    wait
"""
FILE = """\
    name: orphans
    entry_points:
      make:
        deps: [in.txt]
        outs: [out.txt]
        command: "if test -e quick; then cat in.txt > out.txt; else sh tree.sh; fi"
"""


@pytest.fixture
def project(tmp_path: Path, gate: Gate) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, "in.txt": "right\n", "writer.sh": WRITER})
    made.write({"tree.sh": TREE.replace("{gate}", gate.passing), ".gitignore": "out.txt\nquick\n"})
    made.commit()
    return made


def pids(project: Project) -> list[int]:
    found = [int(word) for word in (project.folder.parent / "pids").read_text().split()]
    assert len(found) >= 4
    return found


def test_no_grandchild_of_a_killed_run_reaches_the_next_runs_output(
    project: Project, gate: Gate
) -> None:
    with run(project) as live:
        gate.wait()
        live.kill()
    project.write({"quick": ""})

    answer = project.runner("run", ".")

    assert answer.code == 0, answer.err
    assert all(is_gone(pid) for pid in pids(project))
    assert project.read("out.txt") == "right\n"
    assert set(project.run().values()) <= {"up-to-date"}


def test_the_next_command_kills_what_outlived_runner_and_spawner(
    project: Project, gate: Gate
) -> None:
    with run(project) as live:
        gate.wait()
        spawner = child_of(live.pid)
        os.kill(spawner, signal.SIGSTOP)
        live.kill()

        assert project.runner("runs").code == 0

        assert is_gone(spawner)
    assert all(is_gone(pid) for pid in pids(project))
    project.write({"quick": ""})
    project.run()
    assert project.read("out.txt") == "right\n"


def child_of(pid: int) -> int:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        (child,) = file.read().split()
    return int(child)


def test_a_run_whose_runner_lives_is_running_for_every_other_command(
    project: Project, gate: Gate
) -> None:
    with run(project) as live:
        gate.wait()
        run_id = live.until("step_started")["run_id"]
        for words in (("runs", "--json"), ("status", "--json"), ("plan", "--json"), ("doctor",)):
            answer = project.runner(*words)
            assert answer.code == 0, answer.out + answer.err
        (listed,) = project.runner("runs", "--json").document
        shown = project.runner("show", run_id, "--json").document
        assert project.runner("logs", run_id).code == 0
        assert not any(is_gone_now(pid) for pid in pids(project))
        live.kill()

    assert (listed["run_id"], listed["status"]) == (run_id, "running")
    assert shown["status"] == "running"
    (closed,) = project.runner("runs", "--json").document
    assert (closed["run_id"], closed["status"]) == (run_id, "interrupted")


def is_gone_now(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}")


TWO = """\
    name: two
    entry_points:
      lost:
        deps: [in.txt]
        outs: [out.txt]
        command: "sh tree.sh"
      other:
        deps: [in.txt]
        outs: [other.txt]
        command: "echo other > other.txt"
"""


def test_when_the_spawner_alone_is_killed_its_steps_fail_and_the_run_goes_on(
    project: Project, gate: Gate
) -> None:
    project.write({"MLproject": TWO, ".gitignore": "*.txt\n!in.txt\n", "out.txt": "old\n"})
    # Nothing tells who has neither its parent nor its variables any more.
    named = project.read("tree.sh").replace("setsid env -i", "setsid env")
    project.write({"tree.sh": named})
    project.commit()
    with run(project, "-j", "1", "--keep-going") as live:
        gate.wait()
        os.kill(child_of(live.pid), signal.SIGKILL)
        answer = live.answer()

    assert answer.code == 1, answer.err
    assert statuses(answer) == {"lost": "failed", "other": "succeeded"}
    assert "was killed" in project.record()["steps"][0]["problem"]
    assert project.read("out.txt") == "old\n"
    assert all(is_gone(pid) for pid in pids(project))
