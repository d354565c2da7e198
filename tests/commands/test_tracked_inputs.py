"""Inputs that DVC tracks: what is missing, what is promised, what differs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.adapters.dvc_projects import dvc
from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: tracked
    entry_points:
      count:
        deps: [data.csv, folder]
        outs: [count.txt]
        command: "cat data.csv folder/* > count.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, "data.csv": "one\n", "folder/a": "two\n"})
    assert made.runner("init").code == 0
    dvc(made.folder, "add", "data.csv", "folder")
    made.commit()
    return made


def lose(project: Project) -> None:
    (project.folder / "data.csv").unlink()
    shutil.rmtree(project.folder / "folder")


def test_no_pull_names_the_tracked_inputs_that_are_missing(project: Project) -> None:
    lose(project)
    answer = project.runner("run", ".", "--no-pull")
    assert answer.code == 2
    assert "data.csv, folder" in answer.err
    assert "dvc pull data.csv folder" in answer.err
    assert not (project.folder / "count.txt").exists()
    assert project.run() == {"count": "succeeded"}
    assert project.read("count.txt") == "one\ntwo\n"


def test_a_plan_counts_on_what_a_run_would_pull(project: Project) -> None:
    project.run()
    lose(project)
    planned = project.runner("plan", "--json")
    assert planned.code == 0, planned.err
    assert '"up-to-date"' in planned.out
    assert not (project.folder / "data.csv").exists()
    assert project.runner("run", ".").code == 0
    assert project.read("data.csv") == "one\n"


def test_an_input_that_differs_from_what_dvc_tracks_is_told(project: Project) -> None:
    project.write({"data.csv": "other\n"})
    answer = project.runner("run", ".")
    assert answer.code == 0
    assert (answer.out + answer.err).count("data.csv is not what data.csv.dvc says") == 1
    kinds = {each["path"]: each["kind"] for each in project.record()["steps"][0]["inputs"]}
    assert kinds == {"data.csv": "file", "folder": "dvc"}


def test_strict_refuses_an_input_that_differs_from_what_dvc_tracks(project: Project) -> None:
    assert project.runner("run", ".", "--strict").code == 0
    project.write({"data.csv": "other\n"})
    answer = project.runner("run", ".", "--strict")
    assert answer.code == 2
    assert "data.csv is not what data.csv.dvc says" in answer.err
