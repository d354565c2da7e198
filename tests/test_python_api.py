"""`runner.run`, `runner.runs`, `runner.load`: the command line's values for Python."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import runner
from runner.errors import UsageError
from tests.projects import Project, environment

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: api
    entry_points:
      fit:
        parameters:
          alpha: {type: float, default: 0.5}
        outs: [model.txt]
        metrics: [metrics.json]
        command: |
          python3 -c "import runner; runner.log_metric('loss', 0.25); runner.log_param('seed', 7)"
          echo {alpha} > model.txt
          echo '{{"rmse": 0.75}}' > metrics.json
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, ".gitignore": "model.txt\nmetrics.json\n"})
    made.commit()
    return made


def test_a_run_returns_what_was_recorded(project: Project) -> None:
    run = runner.run(str(project.folder), parameters={"alpha": 0.1})

    assert run.status == "succeeded"
    assert run.params["alpha"] == 0.1
    assert run.metrics == {"loss": 0.25, "rmse": 0.75}
    assert run.record["steps"][0]["params_logged"] == {"seed": "7"}


def test_the_command_line_records_the_same(project: Project) -> None:
    by_python = runner.run(str(project.folder))
    project.runner("run", ".", "--force")
    by_words = runner.load("latest", str(project.folder))

    assert by_words.run_id != by_python.run_id
    assert by_words.plan_id == by_python.plan_id
    assert by_words.result_id == by_python.result_id
    assert [run.run_id for run in runner.runs(str(project.folder))] == [
        by_words.run_id,
        by_python.run_id,
    ]


def test_a_failed_step_is_a_status_and_not_an_exception(project: Project) -> None:
    project.write({"MLproject": "entry_points: {main: {command: exit 3}}\n"})

    assert runner.run(str(project.folder)).status == "failed"


def test_an_unknown_target_is_an_error(project: Project) -> None:
    with pytest.raises(UsageError):
        runner.run(str(project.folder), "nonsense")


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, runner; print([m for m in sys.modules if m.startswith('runner')])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment({}),
        check=True,
    )

    assert done.stdout.strip() == "['runner']"
    assert os.path.dirname(runner.__file__)
