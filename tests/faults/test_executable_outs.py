"""A file that could be executed still can once it came back from the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: executable
    entry_points:
      build:
        deps: [tool.sh]
        outs: [bin/tool, plain.txt]
        command: "cp tool.sh bin/tool; chmod 755 bin/tool; echo plain > plain.txt"
"""


def test_an_out_keeps_its_executable_bit(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "tool.sh": "#!/bin/sh\n", ".gitignore": "bin/\nplain.txt\n"})
    project.commit()
    assert project.run() == {"build": "succeeded"}
    for _ in range(2):
        (project.folder / "bin/tool").unlink()
        (project.folder / "plain.txt").unlink()
        assert project.run() == {"build": "restored"}
        assert os.access(project.folder / "bin/tool", os.X_OK)
        assert not (project.folder / "plain.txt").stat().st_mode & 0o111
        marks = {out["path"]: out.get("isexec") for out in project.record()["steps"][0]["outputs"]}
        assert marks == {"bin/tool": True, "plain.txt": None}
