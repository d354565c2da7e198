"""The commands that runner shows do what is said of them, from wherever it was called."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.projects import Answer, Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    entry_points:
      prepare:
        parameters: {size: {type: int, default: 1}}
        outs: [data.txt]
        command: "echo {size} > data.txt"
      train:
        parameters: {alpha: {type: string, default: a}}
        deps: [data.txt]
        outs: [model.txt]
        command: "for i in $(seq 30); do echo line $i; done; echo {alpha} >> ../ledger; exit 3"
      other:
        parameters: {beta: {type: int, default: 1}}
        outs: [other.txt]
        command: "echo {beta} > other.txt"
      main:
        needs: [train, other]
"""


@pytest.fixture
def outside(tmp_path: Path) -> Project:
    """The folder above a project, in a folder whose name needs quotes."""
    project = Project(tmp_path / "a b" / "project")
    project.write({"MLproject": FILE, ".gitignore": "*.txt\n"})
    project.commit()
    return Project(tmp_path / "a b", git=False)


def shown(answer: Answer, beginning: str) -> list[str]:
    """Give the words of the command that a line shows."""
    line = next(line for line in answer.err.splitlines() if line.strip().startswith(beginning))
    return shlex.split(line.partition(beginning)[2])[1:]


@pytest.mark.parametrize(
    "words",
    [
        ["run", "project"],
        ["-C", "project", "run", "."],
        ["-C", ".", "run", "project", "train", "--only"],
    ],
    ids=" ".join,
)
def test_the_retry_of_a_failed_step_runs_it_as_it_was(outside: Project, words: list[str]) -> None:
    if "--only" in words:
        outside.runner("run", "project", "prepare")
    given = ["-P", "alpha=it's", "-P", "train.alpha=it's"]
    if "--only" not in words:
        given += ["-P", "beta=2", "-P", "size=3"]
    first = outside.runner(*words, *given)
    assert first.code == 1, first.err

    retry = shown(first, "hint:")
    second = outside.runner(*retry)

    assert "train" in retry
    assert "beta=2" not in retry
    assert second.code == 1
    assert (outside.folder / "ledger").read_text() == "it's\nit's\n"
    record = outside.runner("-C", "project", "show", "--json").document
    assert {step["step"] for step in record["steps"]} <= {"prepare", "train"}


def test_the_log_that_is_shown_in_part_can_be_printed_whole(outside: Project) -> None:
    first = outside.runner("run", "project")

    whole = outside.runner(*shown(first, "all of it:"))

    assert whole.code == 0
    assert whole.out.splitlines() == [f"line {number}" for number in range(1, 31)]


def test_the_record_is_where_it_is_said_to_be(outside: Project) -> None:
    for words in (["run", "project"], ["-C", "project", "run", "."]):
        answer = outside.runner(*words)
        assert (outside.folder / answer.out.strip()).is_file()


def test_status_and_show_name_commands_that_work(outside: Project) -> None:
    outside.runner("run", "project")
    show = outside.runner("-C", "project", "show")
    line = next(line for line in show.out.splitlines() if "all it wrote:" in line)

    whole = outside.runner(*shlex.split(line.partition("all it wrote:")[2])[1:])

    assert "line 30" in whole.out
