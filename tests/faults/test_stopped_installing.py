"""Signals while an environment is made: nobody has to wait until it is done."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.live_runs import run
from tests.projects import ROOT, Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: installing
    python_env: python_env.yaml
    entry_points:
      make:
        deps: [in.txt]
        outs: [out.txt]
        command: "cat in.txt > out.txt"
      after:
        deps: [out.txt]
        outs: [after.txt]
        command: "cat out.txt > after.txt"
"""
METADATA = """\
    [build-system]
    requires = []
    build-backend = "backend"
    backend-path = ["."]

    [project]
    name = "local_project"
    version = "1.0"
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_installation_at_once(tmp_path: Path, number: int, code: int) -> None:
    backend = (ROOT / "tests" / "adapters" / "build_backend.py").read_text(encoding="utf-8")
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "python_env.yaml": "dependencies: [./lib]\n"})
    project.write({"lib/pyproject.toml": METADATA, "lib/local_project.py": "here = True\n"})
    (project.folder / "lib" / "backend.py").write_text(backend, encoding="utf-8")
    project.write({"in.txt": "data\n", "out.txt": "old\n", ".gitignore": "out.txt\nafter.txt\n"})
    project.commit()
    for name in ("started", "go"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "wait").touch()

    with run(project, BUILD_GATE=str(tmp_path)) as live:
        assert (tmp_path / "started").read_text() == "started\n"
        live.send(number)
        answer = live.answer()

    assert answer.code == code, answer.err
    assert statuses(answer) == {"make": "cancelled", "after": "cancelled"}
    assert project.record()["status"] == "interrupted"
    assert project.read("out.txt") == "old\n"
    (tmp_path / "wait").unlink()
    assert project.run() == {"make": "succeeded", "after": "succeeded"}
    assert project.runner("doctor").code == 0
