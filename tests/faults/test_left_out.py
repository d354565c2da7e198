"""What of an output folder no cache can keep is told by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: odd
    entry_points:
      make:
        deps: [in.txt]
        outs: [res, {path: free, cache: false}]
        command: "mkdir -p res/.git res/deep/empty res/sub/.dvc free/empty;
          cp in.txt res/a; cp in.txt free/a; cp in.txt res/sub/b; ln -s /tmp res/link"
"""


def test_what_cannot_be_kept_of_an_out_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "in.txt": "one\n", ".gitignore": "res/\nfree/\n"})
    project.commit()
    answer = project.runner("run", ".")
    assert answer.code == 0, answer.err
    problem = project.record()["steps"][0]["problem"]
    for name in ("res/.git", "res/deep/empty/", "res/sub/", "res/link"):
        assert name in problem
    assert "free" not in problem
    assert "res/a" not in problem
    assert (answer.out + answer.err).count(problem) == 1
