"""A runner that is killed with -9 at any point: the next command is right, nothing is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.projects import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

POINTS = sorted(
    {
        name
        for path in (ROOT / "runner").rglob("*.py")
        for name in re.findall(r"fault_point\(\"([^\"]+)\"\)", path.read_text(encoding="utf-8"))
    }
)
FILE = """\
    name: killed
    entry_points:
      first:
        deps: [in.txt, step.sh]
        outs: [first.txt, folder]
        command: "sh step.sh first.txt && mkdir folder && cp first.txt folder/copy"
      second:
        deps: [first.txt, folder, step.sh]
        outs: [second.txt]
        command: "cat first.txt > second.txt; cat folder/copy >> second.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that ran once, whose input then changed."""
    made = Project(tmp_path / "project")
    made.write(
        {
            "MLproject": FILE,
            "in.txt": "old\n",
            "step.sh": "cat in.txt > $1\n",
            ".gitignore": "first.txt\nsecond.txt\nfolder/\n",
        }
    )
    made.commit()
    made.run()
    made.write({"in.txt": "new\n"})
    return made


def outputs(project: Project) -> dict[str, str]:
    names = ("first.txt", "folder/copy", "second.txt")
    return {name: project.read(name) for name in names if (project.folder / name).exists()}


OLD = {"first.txt": "old\n", "folder/copy": "old\n", "second.txt": "old\nold\n"}
NEW = {"first.txt": "new\n", "folder/copy": "new\n", "second.txt": "new\nnew\n"}


@pytest.mark.parametrize("point", POINTS)
def test_the_next_run_is_right_wherever_the_last_was_killed(project: Project, point: str) -> None:
    killed = project.runner("run", ".", RUNNER_FAULT=point)
    assert killed.code == -9, f"{point} was not passed: {killed.err}"

    runs = project.runner("runs", "--json").document

    assert {run["status"] for run in runs} <= {"succeeded", "interrupted"}
    for name, text in outputs(project).items():
        assert text in (OLD[name], NEW[name])
    answer = project.runner("run", ".")
    assert answer.code == 0, answer.err
    assert outputs(project) == NEW
    assert project.runner("doctor").code == 0
    assert not list((project.folder / ".runner" / "active").iterdir())
    aside = project.folder / ".runner" / "aside"
    assert not aside.exists() or not list(aside.iterdir())


@pytest.mark.parametrize("point", ["aside.before", "aside.after", "put.before"])
def test_outputs_that_were_set_aside_come_back_with_the_next_command(
    project: Project, point: str
) -> None:
    assert project.runner("run", ".", RUNNER_FAULT=point).code == -9

    project.runner("runs")

    assert project.read("first.txt") == "old\n"
    assert project.read("folder/copy") == "old\n"


def test_a_killed_run_is_listed_as_interrupted(project: Project) -> None:
    project.runner("run", ".", RUNNER_FAULT="put.before")

    newest = project.runner("runs", "--json", "--limit", "1").document[0]

    assert newest["status"] == "interrupted"
    assert project.record(newest["run_id"])["record_id"]
