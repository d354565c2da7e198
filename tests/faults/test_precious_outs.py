"""What a user left where an output goes is kept, wherever nothing else has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: precious
    entry_points:
      make:
        deps: [in.txt]
        outs: [res, {path: score.txt, cache: false}]
        command: "mkdir -p res; cp in.txt res/out.txt; cp in.txt score.txt"
"""


def make(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "in.txt": "one\n", ".gitignore": "res/\nscore.txt\n"})
    project.commit()
    return project


def replaced(project: Project) -> list[str]:
    found = (project.folder / ".runner/runs").glob("*/replaced/**/*")
    return sorted(path.read_text() for path in found if path.is_file())


def test_what_a_step_replaces_is_kept_where_nothing_else_has_it(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.write({"res/thesis.txt": "precious\n", "score.txt": "mine\n"})
    answer = project.runner("run", ".")
    assert answer.code == 0, answer.err
    assert replaced(project) == ["mine\n", "precious\n"]
    assert not (project.folder / "res/thesis.txt").exists()
    told = [line for line in (answer.out + answer.err).splitlines() if "kept what was at" in line]
    assert len(told) == 2
    place = told[0].rpartition(": ")[2].strip()
    assert (project.folder / place / "thesis.txt").read_text() == "precious\n"


def test_what_a_restore_replaces_is_kept_too(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.run()
    project.write({"res/notes.txt": "precious\n"})
    assert project.run() == {"make": "restored"}
    assert "precious\n" in replaced(project)
    assert [path.name for path in (project.folder / "res").iterdir()] == ["out.txt"]


def test_a_failed_step_leaves_what_was_there_in_its_place(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.write({"res/thesis.txt": "precious\n", "score.txt": "mine\n"})
    (project.folder / "in.txt").unlink()
    project.write({"MLproject": FILE.replace("[in.txt]", "[MLproject]")})
    assert project.runner("run", ".").code == 1
    assert project.read("res/thesis.txt") == "precious\n"
    assert replaced(project) == []


def test_what_a_run_made_before_is_dropped(tmp_path: Path) -> None:
    project = make(tmp_path)
    for text in ("one\n", "two\n", "three\n"):
        project.write({"in.txt": text})
        assert project.run() == {"make": "succeeded"}
    assert replaced(project) == []
