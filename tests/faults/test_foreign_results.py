"""Results that another program wrote to the run cache: what is malformed is as good as none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.versioning.dvc import DvcData
from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: foreign
    entry_points:
      a:
        outs: [a.txt]
        command: "echo a > a.txt"
"""
MD5 = "60b725f10c9c85c70d97880dfe8191b3"  # of "a\n"


@pytest.mark.parametrize(
    "outputs",
    [
        [5],
        ["a.txt"],
        [{"path": "a.txt"}],
        [{"path": "a.txt", "md5": 5}],
        [{"path": "a.txt", "md5": "../../../../etc/passwd"}],
        [{"path": ["a.txt"], "md5": MD5}],
        [{"path": {}, "md5": MD5}, {"path": "a.txt", "md5": None}],
        "a.txt",
        None,
    ],
)
def test_a_malformed_result_is_no_result(tmp_path: Path, outputs: object) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, ".gitignore": "a.txt\n"})
    project.commit()
    project.run()
    step_key = project.record()["steps"][0]["step_key"]
    DvcData(str(project.folder)).remember(step_key, {"outputs": outputs, "run_id": 5})
    answer = project.runner("run", ".")
    assert answer.code == 0, answer.err
    (project.folder / "a.txt").write_text("other\n")

    answer = project.runner("run", ".")

    assert answer.code == 0, answer.err
    assert project.read("a.txt") == "a\n"
