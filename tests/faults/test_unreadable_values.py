"""What a step wrote and nobody can read is said, on the terminal and in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: unreadable
    entry_points:
      a:
        metrics: [m.json]
        command: "echo nonsense > m.json; echo nonsense > $RUNNER_LOG"
"""


def test_the_step_succeeds_with_a_warning(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, ".gitignore": "m.json\n"})
    project.commit()

    answer = project.runner("run", ".")

    assert answer.code == 0, answer.err
    assert "warning: a: m.json: cannot be read as its name says" in answer.err
    problem = project.record()["steps"][0]["problem"]
    assert "m.json: cannot be read" in problem
    assert "RUNNER_LOG: line 1: is not JSON" in problem
