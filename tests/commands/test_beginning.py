"""`runner init` and `runner doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("git", [True, False])
def test_what_init_makes_can_be_planned_and_run(tmp_path: Path, git: bool) -> None:
    project = Project(tmp_path / 'we"ird: name #1', git=git)

    assert project.runner("init").code == 0
    assert project.runner("plan").code == 0
    assert set(project.run().values()) == {"succeeded"}
    assert project.read("hello.txt") == "hello world\n"
    assert project.runner("doctor").code == 0


def test_init_overwrites_nothing_and_commits_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    mine = {
        "MLproject": 'entry_points: {a: {outs: ["o 1.txt", b.txt], command: "x"}}\n',
        ".gitignore": "/b.txt",
        ".dvcignore": "mine\n",
    }
    project.write(mine)
    head = project.commit()

    project.runner("init")
    again = project.runner("init")

    assert project.git("rev-parse", "HEAD").strip() == head
    assert project.git("diff", "--cached", "--name-only") == ""
    assert project.read("MLproject") == mine["MLproject"]
    assert project.read(".dvcignore") == "mine\n"
    assert project.read(".gitignore") == "/b.txt\n/o\\ 1.txt\n"
    assert "everything is there already" in again.out
    assert project.git("check-ignore", "o 1.txt").strip() == "o 1.txt"


def test_a_project_in_a_subfolder_gets_a_dvc_of_its_own(tmp_path: Path) -> None:
    repository = Project(tmp_path / "repository")

    answer = repository.runner("init", "models/wine")

    assert (repository.folder / "models/wine/.dvc/config").is_file()
    assert not (repository.folder / ".dvc").exists()
    assert "runner run models/wine" in answer.out
    assert repository.git("status", "--short").split() == ["??", "models/"]


def test_a_project_in_a_dvc_repository_uses_that(tmp_path: Path) -> None:
    repository = Project(tmp_path / "repository")
    repository.runner("init")

    repository.runner("init", "models/wine")

    assert not (repository.folder / "models/wine/.dvc").exists()


def test_init_leaves_dvc_out_when_told_to(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")

    project.runner("init", "--no-dvc")

    assert not (project.folder / ".dvc").exists()


def test_init_where_a_file_is_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({"file": ""})

    answer = project.runner("init", "file")

    assert answer.code == 2
    assert "file cannot be a project's folder" in answer.err


def test_doctor_tells_each_problem_with_what_helps(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": "entry_points: [\n"})
    run_folder = project.folder / ".runner/runs/01KDVDNA000000000000000000"
    run_folder.mkdir(parents=True)
    (run_folder / "record.json").write_text("{")

    answer = project.runner("doctor", "--json")

    problems = {
        check["name"]: check for check in answer.document["checks"] if check["level"] == "problem"
    }
    assert answer.code == 1
    assert problems.keys() == {"project", "records"}
    assert "MLproject:" in problems["project"]["text"]
    assert problems["records"]["hint"] != ""


def test_doctor_makes_the_index_anew(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.runner("init")
    project.run()
    for path in (project.folder / ".runner").glob("index.sqlite*"):
        path.unlink()

    answer = project.runner("doctor", "--rebuild-index")

    assert answer.code == 0, answer.out
    assert "indexed 1 run\n" in answer.err
    assert len(project.runner("runs", "--json").document) == 1


def test_doctor_answers_where_runner_s_own_folder_is_a_file(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({".runner": "", "MLproject": "entry_points: {main: {command: x}}\n"})

    answer = project.runner("doctor")

    assert answer.code == 1
    assert answer.out.count(".runner is not a folder") == 1
    assert project.runner("run", ".").code == 2
    assert project.runner("init").code == 2
