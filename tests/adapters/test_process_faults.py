"""When the runner or its spawner is killed with -9, nothing of its steps goes on."""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

import pytest

from runner.process import find_marked, kill_marked

REPOSITORY = Path(__file__).parents[2]
# Marks are found machine-wide, as run ids are unique: so are these, for tests side by side.
RUN = f"01RUN{os.getpid()}"
OTHER = f"{RUN}-2"
RUNNER = """
import sys
from pathlib import Path
from runner.executors.local import LocalExecutor
from runner.ports import Command, Submission

folder, run_id, script = sys.argv[1:]
executor = LocalExecutor()
executor.warm()
Path(folder, "spawner").write_text(str(executor._spawner.pid))
command = Command(("sh", "-c", script), folder, {})
executor.submit([Submission(f"{run_id}/step/1", command, Path(folder, "log"))])
executor.poll(None)
"""
# What each way leads to: it tells its process id, then sleeps in that very process.
WAIT = "echo $$ > pids; exec sleep 99999"
WAYS = {
    "plain": "exec sh ./wait",
    "forks": "(sh ./wait & wait) & (sh ./wait & wait) & wait",
    "setsid": "setsid sh ./wait & wait",
    "ignores SIGTERM": "trap '' TERM HUP INT; sh ./wait; :",
    "double fork": "(setsid sh -c 'sh ./wait &' &); sleep 99999",
    "orphan without its variables": "(setsid env -i sh -c '/bin/sh ./wait &' &); sleep 99999",
    "stopped": "echo $$ > pids; kill -STOP $$",
}


class Runner:
    """A runner in a process of its own, to be killed."""

    def __init__(self, folder: Path, run_id: str, script: str) -> None:
        os.mkfifo(folder / "pids")
        (folder / "wait").write_text(WAIT)
        argv = [sys.executable, "-c", RUNNER, str(folder), run_id, script]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        self.pid = os.posix_spawn(argv[0], argv, environment)
        words = (folder / "pids").read_text().split()
        self.steps = [int(word) for word in words]
        self.spawner = int((folder / "spawner").read_text())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def is_gone(pid: int) -> bool:
    try:
        life = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poller = select.poll()
    poller.register(life, select.POLLIN)
    try:
        return bool(poller.poll(20_000))
    finally:
        os.close(life)


@pytest.mark.parametrize("way", WAYS)
def test_no_step_outlives_a_killed_runner(tmp_path, way):
    runner = Runner(tmp_path, RUN, WAYS[way])
    runner.kill()
    assert is_gone(runner.spawner)
    assert all(is_gone(pid) for pid in runner.steps)
    assert find_marked(RUN) == []


@pytest.mark.parametrize("way", ["forks", "setsid", "ignores SIGTERM", "double fork"])
def test_the_next_command_kills_what_outlived_runner_and_spawner(tmp_path, way):
    (tmp_path / "other").mkdir()
    other = Runner(tmp_path / "other", OTHER, WAYS["plain"])
    runner = Runner(tmp_path, RUN, WAYS[way])
    os.kill(runner.spawner, signal.SIGSTOP)
    runner.kill()
    os.kill(runner.spawner, signal.SIGKILL)
    assert is_gone(runner.spawner)
    assert find_marked(RUN)
    assert kill_marked(RUN) > 0
    assert all(is_gone(pid) for pid in runner.steps)
    assert find_marked(RUN) == []
    assert len(find_marked(OTHER)) > 0
    assert find_marked(f"{OTHER}/step/1") == find_marked(OTHER)
    other.kill()
    assert all(is_gone(pid) for pid in other.steps)


def test_ctrl_c_does_not_reach_spawner_and_steps(tmp_path):
    runner = Runner(tmp_path, RUN, WAYS["plain"])
    sessions = {os.getsid(pid) for pid in (runner.pid, runner.spawner, *runner.steps)}
    assert len(sessions) == 3
    os.kill(runner.spawner, signal.SIGINT)
    os.kill(runner.spawner, signal.SIGTERM)
    assert find_marked(RUN) != []
    runner.kill()
    assert all(is_gone(pid) for pid in runner.steps)


def test_killing_the_processes_of_an_unknown_run_does_nothing():
    assert kill_marked("01NOSUCHRUN") == 0
