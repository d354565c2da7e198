"""State that came with a clone or a copy: nothing outside is written, nothing is believed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from runner.agent.aside import held_step, restore
from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: cloned
    entry_points:
      a:
        outs: [a.txt]
        command: "echo a > a.txt"
"""
RUN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, ".gitignore": "a.txt\n"})
    project.commit()
    return project


@pytest.mark.parametrize(
    "paths",
    [
        ["../victim.txt"],
        ["{absolute}/victim.txt"],
        ["a/../../victim.txt"],
        [".git/hooks/pre-commit"],
        ["./.git/config"],
        [".runner/index.sqlite"],
        ["MLproject"],
        [5],
        "victim.txt",
        None,
    ],
)
def test_nothing_is_put_where_no_step_may_write(tmp_path: Path, paths: object) -> None:
    place = tmp_path / "project" / "aside"
    place.mkdir(parents=True)
    (place / "0").write_text("evil")
    text = json.dumps({"step": "a", "paths": paths}).replace("{absolute}", str(tmp_path))
    (place / "paths.json").write_text(text)

    assert held_step(str(place)) == ""
    assert restore(str(tmp_path / "project"), str(place), str(tmp_path / "partial")) == []
    assert not (tmp_path / "victim.txt").exists()
    assert not (tmp_path / "project" / "victim.txt").exists()


def test_what_a_clone_brings_is_set_aside(project: Project) -> None:
    folder = f".runner/aside/{RUN_ID}/a"
    project.write({f"{folder}/paths.json": '{"step": "a", "paths": ["MLfoo"]}'})
    project.write({f"{folder}/0": "evil", ".runner/here": "17\n", ".runner/index.sqlite": "x"})
    project.git("add", "-f", ".runner")
    project.commit()
    clone = Project(project.folder.parent / "clone", git=False)
    subprocess.run(["git", "clone", "-q", project.folder, clone.folder], check=True)

    for words in (("plan", "."), ("status",), ("runs",)):
        assert clone.runner(*words).code == 0

    assert not (clone.folder / "MLfoo").exists()
    assert clone.read(f".runner/foreign-1/aside/{RUN_ID}/a/0") == "evil"


def test_a_copied_project_file_in_the_cache_is_not_believed(project: Project) -> None:
    project.run()
    for cached in (project.folder / ".runner" / "project").iterdir():
        cached.write_text(cached.read_text().replace("echo a", "echo evil"))
    copy = Project(project.folder.parent / "elsewhere" / "project", git=False)
    shutil.copytree(project.folder, copy.folder, dirs_exist_ok=True)

    assert copy.run("--force") == {"a": "succeeded"}

    assert copy.read("a.txt") == "a\n"
    assert len(copy.runner("runs", "--json").document) == 2, "records are kept"
    assert project.run("--force") == {"a": "succeeded"}
    assert project.read("a.txt") == "evil\n", "the cache is what would have been believed"


def test_a_moved_project_stays_as_it_was(project: Project) -> None:
    project.run()
    moved = Project(project.folder.rename(project.folder.parent / "moved"), git=False)

    assert moved.run() == {}, "it is up to date"

    assert list((moved.folder / ".runner").glob("foreign-*")) == []


@pytest.mark.parametrize("words", [("plan", "."), ("run", "."), ("runs",), ("status",)])
def test_a_linked_state_folder_is_refused(project: Project, words: tuple[str, ...]) -> None:
    outside = project.folder.parent / "outside"
    outside.mkdir()
    (project.folder / ".runner").symlink_to(outside)

    answer = project.runner(*words)

    assert answer.code == 2
    assert "is not believed" in answer.err
    assert "hint: " in answer.err
    assert list(outside.iterdir()) == []
