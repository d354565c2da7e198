"""The completion scripts, in the shells they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runner.cli.commands import COMMANDS
from runner.cli.completion_scripts import script
from tests.projects import Project, environment

if TYPE_CHECKING:
    from pathlib import Path

COMPLETE = """
source "$1"
COMP_LINE="$2" COMP_POINT=${#COMP_LINE} COMP_WORDS=(runner) COMP_CWORD=1
_runner
printf '%s\\n' "${COMPREPLY[@]}"
"""
FILE = """\
    entry_points:
      prepare: {outs: [data.txt], command: "echo > data.txt"}
      train:
        matrix: {alpha: [0.1, 0.5]}
        deps: [data.txt]
        outs: ["{alpha}.txt"]
        command: "echo > {alpha}.txt"
"""


class Shell:
    """A bash in a project, that completes what was typed."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.script = folder / "completion.bash"
        self.script.write_text(script("bash"))
        runner = folder / "bin" / "runner"
        runner.parent.mkdir()
        runner.write_text(f'#!/bin/sh\nexec {sys.executable} -m runner "$@"\n')
        runner.chmod(0o755)
        self.variables = environment({"PATH": f"{runner.parent}:{os.environ['PATH']}"})

    def complete(self, typed: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", COMPLETE, "bash", str(self.script), typed],
            cwd=self.project.folder,
            capture_output=True,
            text=True,
            env=self.variables,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE, "sub/file": ""})
    return Shell(project, tmp_path)


def test_commands_are_completed(shell: Shell) -> None:
    assert shell.complete("runner ") == list(COMMANDS)
    assert shell.complete("runner ru") == ["run", "runs"]
    assert shell.complete("runner -C sub ru") == ["run", "runs"]
    assert shell.complete("runner help do") == ["doctor"]


def test_options_and_their_values_are_completed(shell: Shell) -> None:
    assert shell.complete("runner run . --fo") == ["--force"]
    assert shell.complete("runner dag --format m") == ["mermaid"]
    assert shell.complete("runner plan --color n") == ["never"]
    assert shell.complete("runner completion f") == ["fish"]


def test_folders_and_targets_are_completed(shell: Shell) -> None:
    assert shell.complete("runner run s") == ["sub"]
    assert shell.complete("runner run . tr") == ["train", "train@0.1", "train@0.5"]
    assert shell.complete("runner run . -P alpha=1 pre") == ["prepare"]
    assert shell.complete("runner run -e pre") == ["prepare"]
    assert shell.complete("runner why pre") == ["prepare"]


def test_the_part_after_an_at_sign_is_completed_as_readline_wants_it(shell: Shell) -> None:
    assert shell.complete("runner run . train@0.5") == ["@0.5"]


def test_runs_are_completed(shell: Shell) -> None:
    shell.project.run()
    run_id = shell.project.record()["run_id"]

    assert shell.complete("runner show ") == ["latest", run_id]
    assert shell.complete(f"runner diff latest {run_id[:12]}") == [run_id]


def test_where_there_is_no_project_nothing_is_completed_and_nothing_complained(
    shell: Shell,
) -> None:
    shell.project.write({"MLproject": "["})

    assert shell.complete("runner run . tr") == []
    assert shell.complete("runner run sub tr") == []


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_names_every_command(name: str, tmp_path: Path) -> None:
    text = script(name)

    assert [command for command in COMMANDS if command not in text] == []
    if shutil.which(name):
        path = tmp_path / "script"
        path.write_text(text)
        subprocess.run([name, "-n", str(path)], check=True)
