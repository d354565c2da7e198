"""Odd standard streams: closed, left, full, or of a locale that knows little."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.projects import Project, environment

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    entry_points:
      "größe":
        outs: [out.txt]
        command: "echo done > out.txt"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write({"MLproject": FILE, ".gitignore": "out.txt\n"})
    made.commit()
    return made


def shell(project: Project, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Carry out a line of bash in which `runner` is ours."""
    script = f'runner() {{ {sys.executable} -m runner "$@"; }}\nset -o pipefail\n{line}'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=project.folder,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env=environment(variables),
        check=False,
    )


def test_a_reader_that_leaves_is_no_error(project: Project) -> None:
    project.run()

    done = shell(project, "runner show --json | head -c 1; runner dag | true; runner runs | true")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_leaves_does_not_end_the_run(project: Project) -> None:
    done = shell(project, "runner run . --json | head -n 1 > /dev/null")

    assert done.returncode == 0, done.stderr
    assert project.record()["status"] == "succeeded"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_harm_no_file(project: Project, closed: str) -> None:
    done = shell(project, f"runner run . {closed}")

    assert done.returncode == 0
    assert project.read("out.txt") == "done\n"
    assert project.record()["status"] == "succeeded"
    assert project.runner("doctor").code == 0


def test_output_that_cannot_be_written_is_an_error(project: Project) -> None:
    project.run()

    done = shell(project, "runner runs > /dev/full")

    assert done.returncode == 2
    assert "No space left on device" in done.stderr


def test_progress_that_cannot_be_written_does_not_end_the_run(project: Project) -> None:
    assert shell(project, "runner run . 2> /dev/full").returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_name_can_be_printed_in_every_encoding(project: Project, encoding: str) -> None:
    run = shell(
        project, "runner run . 2>&1 && runner dag && runner plan", PYTHONIOENCODING=encoding
    )

    assert run.returncode == 0, run.stderr
    shown = {"ascii": "+ gr\\xf6\\xdfe", "utf-8": "✓ größe"}
    assert shown.get(encoding, "") in run.stdout


def test_without_a_locale_it_works_the_same(project: Project) -> None:
    done = shell(project, "runner run . 2>&1 && runner runs", LC_ALL="C", LANG="C")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("columns", ["0", "1", "5", "100000", "nonsense"])
def test_any_width_of_the_terminal_will_do(project: Project, columns: str) -> None:
    done = shell(project, "runner --help && runner run --help && runner runs", COLUMNS=columns)

    assert done.returncode == 0, done.stderr


def test_a_bug_gives_a_report_and_no_traceback(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "sitecustomize.py"
    broken.parent.mkdir()
    broken.write_text("import runner.cli.parser as p\np.parse = lambda words: 1 / 0\n")
    path = os.pathsep.join([str(broken.parent), environment({})["PYTHONPATH"]])

    done = shell(project, "runner runs secret", PYTHONPATH=path, TMPDIR=str(tmp_path))

    assert done.returncode == 70
    assert "this is a bug in runner: ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr
    report = next(tmp_path.glob("runner-bug-*.txt")).read_text()
    assert "Traceback" in report
    assert "secret" not in report
