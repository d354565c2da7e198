"""`runner diff`: what differs, and what happened to the code between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    entry_points:
      main:
        parameters: {n: {type: int, default: 1}}
        deps: [code.sh]
        outs: [out.txt]
        command: "sh code.sh {n} > out.txt"
"""
SECTIONS = (
    "code",
    "parameters",
    "data",
    "environment",
    "variables",
    "machine",
    "metrics",
    "outputs",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, "code.sh": "echo $1\n", ".gitignore": "out.txt\n"})
    made.commit("first")
    made.run()
    return made


def test_the_document_has_every_section_and_only_what_differs(project: Project) -> None:
    project.run("-P", "n=2")

    found = project.runner("diff", "latest~1", "latest", "--json").document

    assert tuple(found) == SECTIONS
    assert found["parameters"] == {"n": {"old": 1, "new": 2}}
    assert found["outputs"].keys() == {"out.txt"}
    assert not any(found[name] for name in SECTIONS if name not in {"parameters", "outputs"})


def test_commits_and_files_between_two_runs_are_told(project: Project) -> None:
    project.write({"code.sh": "echo changed $1\necho\n"})
    second = project.commit("Change the code")
    project.run()

    forth = project.runner("diff", "latest~1", "latest", "--json").document["code"]
    back = project.runner("diff", "latest", "latest~1", "--json").document["code"]

    assert forth["commits"] == {
        "old": [],
        "new": [{"commit": second, "subject": "Change the code"}],
    }
    assert forth["files"] == {"code.sh": {"added": 2, "removed": 1}}
    assert back["commits"]["old"] == forth["commits"]["new"]


def test_changes_that_were_never_committed_are_told(project: Project) -> None:
    project.write({"code.sh": "echo dirty $1\n"})
    project.run()

    code = project.runner("diff", "latest~1", "latest", "--json").document["code"]

    assert code["files"] == {"code.sh": {"added": 1, "removed": 1}}
    assert "commits" not in code


def test_the_patch_can_be_shown(project: Project) -> None:
    project.write({"code.sh": "echo changed $1\n"})
    project.commit()
    project.run()

    shown = project.runner("diff", "latest~1", "latest", "--patch").out
    document = project.runner("diff", "latest~1", "latest", "--patch", "--json").document

    assert "+echo changed $1" in shown
    assert "-echo $1" in document["code"]["patch"]


def test_a_commit_that_is_gone_is_said_and_the_rest_is_told(project: Project) -> None:
    project.run("-P", "n=2")
    exported = project.folder.parent / "records.jsonl"
    project.runner("records", "export", str(exported))
    elsewhere = Project(project.folder.parent / "elsewhere")
    elsewhere.write({"MLproject": FILE, "code.sh": "echo other $1\n", ".gitignore": "out.txt\n"})
    elsewhere.commit("another")
    elsewhere.run()
    elsewhere.runner("records", "import", str(exported))
    ids = [
        row["run_id"] for row in elsewhere.runner("runs", "--json", "--sort", "started").document
    ]

    answer = elsewhere.runner("diff", ids[0], ids[-1])

    assert answer.code == 0, answer.err
    assert "is not in this repository" in answer.out
    assert "outputs" in answer.out


def test_the_exit_code_tells_whether_anything_differs(project: Project) -> None:
    assert project.runner("diff", "latest", "latest", "--exit-code").code == 0
    project.run("-P", "n=2")
    assert project.runner("diff", "latest~1", "latest", "--exit-code").code == 1
