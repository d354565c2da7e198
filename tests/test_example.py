"""The example project, as a newcomer meets it: a fresh clone, one command, then some edits."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[1]
EXAMPLE = TOP / "example_project"
TRAININGS = {f"train@{c}-{l2}" for c in ("mean", "largest", "all") for l2 in (0.001, 0.01, 0.1)}
STEPS = {"prepare", *TRAININGS, "evaluate", "report"}


class Clone:
    """A clone of this repository, and the commands that are typed in it."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.project = folder / "example_project"
        self.variables = variables
        self.events: list[dict[str, Any]] = []

    def runner(self, *words: str) -> str:
        """Run a command of runner in the project's folder and give its output."""
        argv = [sys.executable, "-m", "runner", *words]
        answer = subprocess.run(
            argv, cwd=self.project, env=self.variables, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"{words}\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout

    def run(self, *words: str) -> list[dict[str, Any]]:
        """Run the project and give the events."""
        return [json.loads(line) for line in self.runner("run", ".", "--json", *words).splitlines()]

    def append(self, path: str, text: str) -> None:
        with (self.project / path).open("a") as file:
            file.write(text)

    def copy(self, folder: Path) -> Clone:
        shutil.copytree(self.folder, folder, symlinks=True)
        return Clone(folder, self.variables)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A fresh clone in a fresh home after the first run."""
    home = tmp_path_factory.mktemp("newcomer")
    clone = tmp_path_factory.mktemp("clones") / "clone"
    subprocess.run(["git", "clone", "-q", str(TOP), str(clone)], check=True)
    own = ("PYTHON", "RUNNER", "XDG_", "GIT_", "DVC_", "PYTEST")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    newcomer = Clone(clone, {**variables, "HOME": str(home), "DVC_NO_ANALYTICS": "1"})
    newcomer.events = newcomer.run("-j", "2")
    return newcomer


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished clone for a test that edits something."""
    return finished.copy(tmp_path / "clone")


def ended(events: list[dict[str, Any]], *statuses: str) -> set[str]:
    """Name the steps that ended with one of these statuses."""
    return {
        event["step"]
        for event in events
        if event["event"] == "step_finished" and event["status"] in statuses
    }


@pytest.mark.slow
def test_a_fresh_clone_runs_from_the_data_to_the_report(finished: Clone) -> None:
    assert finished.events[-1]["event"] == "run_finished"
    assert finished.events[-1]["status"] == "succeeded"
    assert ended(finished.events, "succeeded") >= STEPS
    assert (finished.project / "report/report.png").read_bytes()[1:4] == b"PNG"
    assert "**largest-0.001**" in (finished.project / "report/report.md").read_text()


@pytest.mark.slow
def test_the_run_leaves_nothing_for_git_to_see(finished: Clone) -> None:
    status = ["git", "status", "--porcelain"]
    assert (
        subprocess.run(status, cwd=finished.folder, capture_output=True, check=True).stdout == b""
    )


@pytest.mark.slow
def test_the_learning_curve_and_the_scores_are_in_the_record(finished: Clone) -> None:
    history = json.loads(finished.runner("metrics", "latest", "--history", "--json"))
    curves = [points for name, points in history.items() if name.endswith("validation_loss")]
    assert sum(len(points) >= 40 for points in curves) >= 1
    steps = json.loads(finished.runner("show", "latest", "--json"))["steps"]
    evaluate = next(step for step in steps if step["step"] == "evaluate")
    assert any(0.95 < value < 1 for value in evaluate["metrics"].values())


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do(clone: Clone) -> None:
    events = clone.run()
    assert not [event for event in events if event["event"] == "step_started"]
    decisions = json.loads(clone.runner("plan", "--json"))["steps"]
    assert {step["decision"] for step in decisions} == {"up-to-date"}


@pytest.mark.slow
def test_an_edit_of_the_report_runs_the_report_and_nothing_else(clone: Clone) -> None:
    clone.append("src/report.py", "\n# A word more.\n")
    why = json.loads(clone.runner("why", "report", "--json"))["steps"]
    reasons = [reason for step in why if step["step"] == "report" for reason in step["reasons"]]
    assert [(reason["kind"], reason["what"]) for reason in reasons] == [("dep", "src/report.py")]
    assert ended(clone.run(), "succeeded") - {"main"} == {"report"}


@pytest.mark.slow
def test_an_edit_that_changes_no_model_stops_after_the_trainings(clone: Clone) -> None:
    clone.append("src/train.py", "\n# A word more.\n")
    assert ended(clone.run(), "succeeded") - {"main"} == TRAININGS


@pytest.mark.slow
def test_an_edit_of_the_readme_runs_nothing(clone: Clone) -> None:
    clone.append("README.md", "\nA word more.\n")
    assert not ended(clone.run(), "succeeded") - {"main"}


@pytest.mark.slow
def test_another_parameter_runs_what_reads_it(clone: Clone) -> None:
    params = clone.project / "params.yaml"
    params.write_text(params.read_text().replace("dpi: 110", "dpi: 80"))
    assert ended(clone.run(), "succeeded") - {"main"} == {"report"}


@pytest.mark.slow
def test_run_again_from_scratch_every_output_is_the_same_bytes(clone: Clone) -> None:
    def outputs() -> dict[str, str]:
        steps = json.loads(clone.runner("show", "latest", "--json"))["steps"]
        return {out["path"]: out["md5"] for step in steps for out in step["outputs"]}

    before = outputs()
    assert len(before) >= 30
    assert ended(clone.run("--force"), "succeeded") >= STEPS
    assert outputs() == before


def test_every_step_declares_the_source_files_it_is_made_of() -> None:
    project = yaml.safe_load((EXAMPLE / "MLproject").read_text())
    for name, step in project["entry_points"].items():
        if name != "main":
            script = step["command"].split()[1]
            declared = {
                dep for dep in step["deps"] if isinstance(dep, str) and dep.startswith("src")
            }
            assert declared == {script, *local_imports(EXAMPLE / script)}, name


def local_imports(script: Path) -> set[str]:
    """Name the project's own modules that a script imports, and those that they import."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.ImportFrom) and (script.parent / f"{node.module}.py").exists():
            module = script.parent / f"{node.module}.py"
            found |= {f"src/{module.name}"} | local_imports(module)
    return found


def test_the_lock_pins_what_the_project_asks_for_with_hashes_and_names_no_place() -> None:
    lock = (EXAMPLE / "python_env.lock").read_text()
    wanted = yaml.safe_load((EXAMPLE / "python_env.yaml").read_text())["dependencies"]
    pinned = [line for line in lock.splitlines() if "==" in line and line[0] not in "# "]
    assert set(wanted) <= {line.split()[0] for line in pinned}
    assert lock.count("--hash=sha256:") >= len(pinned) > 0
    assert "://" not in lock
    assert "/root" not in lock
    assert "/home" not in lock


def test_a_fresh_clone_gets_the_data_from_the_folder_remote_through_dvc(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(TOP), "clone"], cwd=tmp_path, check=True)
    project = tmp_path / "clone" / "example_project"
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "pull", "-q"], cwd=project, check=True)
    status = subprocess.run(
        [*dvc, "status", "--json"], cwd=project, capture_output=True, check=True
    )
    assert json.loads(status.stdout) == {}
    assert len((project / "data/breast_cancer.csv").read_text().splitlines()) == 570


def test_the_project_is_small() -> None:
    listing = ["git", "ls-files", "-z", "example_project"]
    names = subprocess.run(listing, cwd=TOP, capture_output=True, check=True).stdout.split(b"\0")
    assert sum((TOP / os.fsdecode(name)).stat().st_size for name in names if name) < 1_000_000
