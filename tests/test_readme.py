"""Every command the README shows is run, in a fresh clone with a fresh home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


FIRST, AGAIN, OWN, TESTS = blocks("sh")


def shell(script: str, folder: Path, **variables: str) -> str:
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme") / "runner"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_first_commands_set_up_and_run_the_example(clone: Path) -> None:
    python = sys.executable if not shutil.which("python3", path="/usr/bin") else "/usr/bin/python3"
    first = shell(FIRST.replace("python3", python, 1), clone)
    record = Path(clone, first.strip().splitlines()[-1])
    assert record.name == "record.json"
    assert record.is_file()

    again = shell(AGAIN, clone)

    assert "everything is up to date" in again
    assert "src/evaluate.py" in again
    clone_path = f"{clone}/.venv/bin:{os.environ['PATH']}"
    python_code = blocks("python")[0]
    shell(f".venv/bin/python -c '{python_code}'", clone, PATH=clone_path)


def test_a_project_of_ones_own_begins_as_shown(tmp_path: Path) -> None:
    (tmp_path / "runner").write_text(f'#!/bin/sh\nexec {sys.executable} -m runner "$@"\n')
    (tmp_path / "runner").chmod(0o755)
    script = OWN.replace("/tmp/my-project", str(tmp_path / "my-project"))

    shell(script, tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}", PYTHONPATH=str(ROOT))

    assert (tmp_path / "my-project" / "hello.txt").read_text() == "hello world\n"


def test_ci_runs_the_readme_s_test_command_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert TESTS.strip() == "tests/run"
    assert script.rstrip().endswith('exec "$(dirname "$0")/../tests/run"')
    assert os.access(ROOT / "tests" / "run", os.X_OK)


def test_the_yaml_shown_is_a_valid_project(tmp_path: Path) -> None:
    from runner import project_files

    (tmp_path / "MLproject").write_text(blocks("yaml")[0], encoding="utf-8")
    (tmp_path / "python_env.yaml").write_text("dependencies: []\n", encoding="utf-8")

    project, warnings = project_files.load(tmp_path)

    assert warnings == ()
    assert set(project.entry_points) == {"prepare", "train", "main"}
