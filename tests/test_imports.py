"""What commands do not import: each import costs more than what most commands do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.projects import Project, environment

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("dvc", "networkx", "docker", "git", "jsonschema", "yaml", "rich", "psutil", "pathspec")
STANDARD = ("subprocess", "pathlib", "dataclasses", "logging", "asyncio", "urllib", "inspect")
SAY = (
    "import sys\n"
    "before = set(sys.modules)\n"
    "from runner.cli import main\n"
    "code = main(sys.argv[1:])\n"
    "print('\\n' + __import__('json').dumps([code, sorted(set(sys.modules) - before)]))\n"
)
FILE = """\
    entry_points:
      upper:
        deps: [in.txt]
        outs: [upper.txt]
        command: "tr a-z A-Z < in.txt > upper.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, "in.txt": "data\n", ".gitignore": "upper.txt\n"})
    made.commit()
    made.run()
    return made


def imported(project: Project, *words: str) -> list[str]:
    """Name the heavy modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", SAY, *words],
        cwd=project.folder,
        capture_output=True,
        text=True,
        env=environment({}),
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return sorted({name.partition(".")[0] for name in modules}.intersection((*HEAVY, *STANDARD)))


def test_a_run_with_nothing_to_do_imports_nothing_heavy(project: Project) -> None:
    assert imported(project, "run", ".") == []


def test_a_run_of_a_system_step_imports_nothing_heavy(project: Project) -> None:
    found = imported(project, "run", ".", "--force")

    # To find out which Python the host has, paths are taken apart.
    assert [name for name in found if name not in {"pathlib", "urllib"}] == []


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["version"], ["runs"], ["runs", "--json"], ["show"], ["plan"]],
    ids=" ".join,
)
def test_what_only_reads_imports_nothing_heavy(project: Project, words: list[str]) -> None:
    assert imported(project, *words) == []
