"""Running a short program and keeping what it prints."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from runner.errors import RunnerError
from runner.process import begin, capture


def open_descriptors() -> list[str]:
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())


def test_code_and_both_streams_are_told_apart():
    output = capture(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert output == (3, b"out\n", b"err\n")


def test_a_signal_is_a_negative_code():
    assert capture(["sh", "-c", "kill -TERM $$"]).code == -signal.SIGTERM


def test_input_larger_than_any_pipe_comes_back_whole():
    data = os.urandom(3_000_000)
    assert capture(["cat"], input=data).stdout == data


def test_a_program_that_does_not_read_its_input_is_fine():
    assert capture(["true"], input=b"x" * 3_000_000) == (0, b"", b"")


def test_large_output_on_both_streams_does_not_deadlock():
    script = "head -c 2000000 /dev/zero >&2; head -c 2000000 /dev/zero"
    output = capture(["sh", "-c", script])
    assert (len(output.stdout), len(output.stderr)) == (2_000_000, 2_000_000)


def test_without_input_stdin_is_empty():
    assert capture(["cat"]) == (0, b"", b"")


def test_two_programs_run_side_by_side():
    first, second = begin(["sh", "-c", "echo 1"]), begin(["sh", "-c", "echo 2; exit 1"])
    assert second.result() == (1, b"2\n", b"")
    assert first.result() == (0, b"1\n", b"")
    assert first.result() == (0, b"1\n", b"")


def test_it_runs_in_the_folder(tmp_path):
    place = tmp_path / "-a b'c"
    place.mkdir()
    assert capture(["pwd", "-P"], folder=str(place)).stdout == f"{place.resolve()}\n".encode()


def test_variables_are_set_and_unset_on_top_of_ours(monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("GONE", "1")
    command = ["sh", "-c", "echo $KEPT-$GONE-$NEW"]
    assert capture(command, variables={"GONE": None, "NEW": "2"}).stdout == b"1--2\n"


@pytest.mark.parametrize("in_folder", [False, True])
def test_a_missing_program_is_named_with_a_hint(tmp_path, in_folder):
    folder = str(tmp_path) if in_folder else None
    with pytest.raises(RunnerError, match="no-such-program is not on PATH") as caught:
        capture(["no-such-program"], folder=folder)
    assert "install no-such-program" in caught.value.hint


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RunnerError, match="nowhere does not exist"):
        capture(["true"], folder=str(tmp_path / "nowhere"))


def test_sigpipe_is_as_a_shell_expects_it():
    assert capture(["sh", "-c", "kill -PIPE $$"]).code == -signal.SIGPIPE


def test_no_descriptor_is_left_behind():
    before = open_descriptors()
    capture(["cat"], input=b"x")
    begin(["true"]).result()
    with pytest.raises(RunnerError):
        capture(["no-such-program"], input=b"x")
    assert open_descriptors() == before
