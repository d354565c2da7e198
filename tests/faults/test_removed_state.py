"""Steps that remove what is not theirs: runner's own folder, the whole work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projects import Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: removed
    entry_points:
      before:
        deps: [in.txt]
        outs: [before.txt]
        command: "cat in.txt > before.txt"
      remover:
        deps: [before.txt]
        outs: [removed.txt]
        command: "{remove}; echo removed > removed.txt"
      after:
        deps: [removed.txt]
        outs: [after.txt]
        command: "cat removed.txt > after.txt"
"""


@pytest.mark.parametrize("remove", ["rm -rf .runner", "git clean -qfdx -e before.txt"])
def test_a_step_that_removes_our_folder_is_told_and_does_no_lasting_harm(
    tmp_path: Path, remove: str
) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE.format(remove=remove), "in.txt": "data\n"})
    project.write({".gitignore": "before.txt\nremoved.txt\nafter.txt\n"})
    project.commit()

    answer = project.runner("run", ".", "--json")

    assert answer.code == 1, answer.err
    assert statuses(answer)["after"] == "failed"
    record = project.record()
    assert record["status"] == "failed"
    assert "`.runner` was removed" in record["steps"][2]["problem"]
    project.write({"MLproject": FILE.format(remove="true")})
    project.commit()
    assert set(project.run().values()) <= {"succeeded", "restored", "up-to-date"}
    assert project.read("after.txt") == "removed\n"
    answer = project.runner("doctor")
    assert answer.code == 0, answer.out
