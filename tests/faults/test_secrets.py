"""A secret's value is nowhere but in the environment of the steps that need it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.faults.live_runs import LiveRun, run
from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.gates import Gate

VALUE = "s3cr3t/of+the=test"
LINES = "-----BEGIN-----\nfirst-line-of-the-key\nsecond-line-of-the-key\n-----END-----"
FILE = """\
    name: secretive
    entry_points:
      tell:
        secrets: [TOKEN, KEY]
        deps: [tell.sh]
        outs: [out.txt]
        command: "sh tell.sh"
      other:
        deps: [out.txt]
        outs: [other.txt]
        command: "echo inherited $TOKEN; echo other > other.txt"
"""
TELL = """\
    echo "plain $TOKEN plain"
    echo "error $TOKEN" >&2
    echo "$KEY"
    printf '%s' "$(printf '%s' "$TOKEN" | cut -c 1-7)"
    {gate}
    printf '%s\\n' "$(printf '%s' "$TOKEN" | cut -c 8-)"
    printf '{"param": "token", "value": "%s"}\\n' "$TOKEN" >> $RUNNER_LOG
    printf '{"metric": "%s", "value": 1}\\n' "$TOKEN" >> $RUNNER_LOG
    test "$TOKEN" = "$(cat ../value)" && echo as it should be
    echo fine > out.txt
    {end}
"""


def make(tmp_path: Path, gate: Gate, end: str = "") -> Project:
    project = Project(tmp_path / "project")
    script = TELL.replace("{gate}", gate.passing).replace("{end}", end)
    script = (
        script.replace(VALUE, "$(cat ../value)").replace("'$(", '"$(').replace(")' &&", ')" &&')
    )
    project.write({"MLproject": FILE, "tell.sh": script, "../value": VALUE})
    project.write({".gitignore": "out.txt\nother.txt\n"})
    project.commit()
    return project


def places_of(value: str, folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if value.encode() in path.read_bytes()]


def command_lines() -> bytes:
    lines = b""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    lines += file.read()
            except OSError:
                continue
    return lines


def assert_nowhere(project: Project, *texts: str) -> None:
    for value in (VALUE, *LINES.split("\n")[1:3]):
        assert places_of(value, project.folder) == []
        for text in texts:
            assert value not in text
    assert "***" in "".join(texts)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (("--json",), ""),
        (("-v",), ""),
        ((), ""),
        (("--json",), "exit 3"),
        (("-v",), "kill -9 $$"),
        ((), "exit 3"),
        (("-q",), "exit 3"),
    ],
)
def test_the_value_is_not_recorded_printed_or_on_a_command_line(
    tmp_path: Path, gate: Gate, words: tuple[str, ...], end: str
) -> None:
    project = make(tmp_path, gate, end)
    with LiveRun(project, "run", ".", *words, TOKEN=VALUE, KEY=LINES) as live:
        gate.wait()
        assert VALUE.encode() not in command_lines()
        assert places_of(VALUE, project.folder / ".runner") == []
        gate.open()
        answer = live.answer()

    assert answer.code == (1 if end else 0), answer.err
    record = project.record()
    log = (project.folder / ".runner/runs" / record["run_id"] / "logs/tell.log").read_text()
    assert_nowhere(project, answer.out, answer.err, log)
    assert "plain *** plain" in log
    assert "as it should be" in log
    assert log.count("***") == 4
    step = next(step for step in record["steps"] if step["step"] == "tell")
    assert step["params_logged"] == {"token": "***"}
    assert record["variables"]["TOKEN"] is None


def test_it_is_nowhere_after_the_runner_was_killed_either(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate, end=gate.passing)
    with run(project, TOKEN=VALUE, KEY=LINES) as live:
        gate.wait()
        gate.open()
        gate.wait()
        live.kill()

    assert project.runner("runs", TOKEN=VALUE).code == 0

    assert_nowhere(project, "***")


def test_a_secret_that_is_not_set_is_asked_for_by_name(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate)

    answer = project.runner("run", ".", KEY=LINES)

    assert answer.code == 2
    assert "TOKEN is not set; needed by tell" in answer.err
    assert "hint: export TOKEN=" in answer.err


def test_another_value_of_a_secret_runs_nothing_again(tmp_path: Path, gate: Gate) -> None:
    project = make(tmp_path, gate)
    gate.open()
    project.run(TOKEN=VALUE, KEY=LINES)

    assert set(project.run(TOKEN="another value", KEY="key").values()) <= {"up-to-date"}
