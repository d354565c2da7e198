"""Commands beside a run that is under way: nothing is waited for but what the step waits for."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import IO

import pytest

from tests.projects import Project

FILE = """\
    entry_points:
      main:
        outs: [out.txt]
        command: |
          echo one
          echo '{{"metric": "loss", "value": 2}}' >> $RUNNER_LOG
          cat ../gate
          echo '{{"metric": "loss", "value": 1}}' >> $RUNNER_LOG
          echo two
          echo done > out.txt
"""


class GatedProject(Project):
    """A project whose only step waits in its middle until the gate is opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write({"MLproject": FILE, ".gitignore": "out.txt\n"})
        self.commit()
        os.mkfifo(folder.parent / "gate")

    def open_gate(self) -> None:
        (self.folder.parent / "gate").write_text("")


@pytest.fixture
def project(tmp_path: Path) -> GatedProject:
    return GatedProject(tmp_path / "project")


def read_until(stream: IO[str] | None, text: str) -> str:
    """Read lines until one holds the text; give it."""
    assert stream is not None
    for line in stream:
        if text in line:
            return line
    raise AssertionError(f"{text!r} never came")


def test_metrics_are_told_while_the_step_runs_and_never_twice(project: GatedProject) -> None:
    run = project.start("run", ".", "--json")
    first = json.loads(read_until(run.stdout, '"event":"metric"'))
    run_id = first["run_id"]

    history = project.runner("metrics", run_id, "--history", "--json").document
    project.open_gate()
    out, err = run.communicate(timeout=60)

    assert run.returncode == 0, err
    assert (first["name"], first["value"], first["number"]) == ("loss", 2.0, 0)
    assert [point[2] for point in history["loss"]] == [2.0]
    rest = [json.loads(line) for line in out.splitlines()]
    assert [each["value"] for each in rest if each["event"] == "metric"] == [1.0]
    after = project.runner("metrics", "--history", "--json").document
    assert [point[2] for point in after["loss"]] == [2.0, 1.0]


def test_logs_follow_the_run_under_way(project: GatedProject) -> None:
    run = project.start("run", ".")
    read_until(run.stderr, "one")

    follower = project.start("logs", "-f", "--json")
    first = json.loads(read_until(follower.stdout, "text"))
    project.open_gate()
    run.communicate(timeout=60)
    out, err = follower.communicate(timeout=60)

    assert follower.returncode == 0, err
    assert (first["event"], first["step"], first["text"]) == ("step_output", "main", "one\n")
    assert "".join(json.loads(line)["text"] for line in out.splitlines()) == "two\n"


def test_status_names_the_run_under_way(project: GatedProject) -> None:
    run = project.start("run", ".")
    run_id = read_until(run.stderr, "run 0").split()[1]
    read_until(run.stderr, "one")

    status = project.runner("status").out
    refused = project.runner("gc", "--yes")
    project.open_gate()
    run.communicate(timeout=60)

    assert f"running  {run_id}" in status
    assert refused.code == 2
    assert run_id in refused.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_so_at_once_and_is_recorded(
    project: GatedProject, number: signal.Signals, code: int
) -> None:
    run = project.start("run", ".")
    read_until(run.stderr, "one")

    run.send_signal(number)
    out, err = run.communicate(timeout=60)

    assert run.returncode == code
    assert "stopping main" in err
    assert "interrupted in" in err
    assert Path(project.folder, out.strip()).is_file()
    record = project.record()
    assert record["status"] == "interrupted"
    assert [step["status"] for step in record["steps"]] == ["cancelled"]
