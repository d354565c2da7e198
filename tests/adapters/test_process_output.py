"""Output on its way through the runner: streamed, kept, decoded and masked."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.executors.local import LocalExecutor
from runner.ports import Command, Submission
from runner.process.masking import Mask

ATTEMPT = f"run{os.getpid()}/step/1"
SECRETS = ("hunter2", "hunter2-longer", "b\u00e4r", "aab")


class Listener:
    """Keeps what it hears, and may do something about it."""

    def __init__(self, then=None):
        self.heard = []
        self.then = then

    def __call__(self, stream: str, text: str) -> None:
        self.heard.append((stream, text))
        if self.then:
            self.then()

    def text(self, stream: str) -> str:
        return "".join(text for name, text in self.heard if name == stream)


@pytest.fixture
def executor():
    executor = LocalExecutor()
    yield executor
    executor.close()


@pytest.fixture
def begin(executor, tmp_path):
    def begin_one(script, listener=None, secret_values=()):
        command = Command(("sh", "-c", script), str(tmp_path), {}, secret_values)
        log = tmp_path / "log"
        executor.submit([Submission(ATTEMPT, command, log, None, listener)])
        return log

    return begin_one


def test_streams_are_told_apart_and_both_are_in_the_log(executor, begin):
    listener = Listener()
    log = begin("echo out; echo err >&2; printf end", listener)
    assert executor.poll(None)[0].code == 0
    assert listener.text("stdout") == "out\nend"
    assert listener.text("stderr") == "err\n"
    assert sorted(log.read_text()) == sorted("out\nerr\nend")


def test_output_is_heard_while_the_command_runs(executor, begin, tmp_path):
    os.mkfifo(tmp_path / "go")
    listener = Listener(lambda: (tmp_path / "go").write_text(""))
    begin("echo first; cat go", listener)
    assert executor.poll(None)[0].code == 0
    assert listener.heard == [("stdout", "first\n")]


def test_a_character_that_arrives_in_two_halves_is_whole(executor, begin, tmp_path):
    for name in ("first", "second"):
        os.mkfifo(tmp_path / name)
    begin(r"printf 'a\303' | tee /dev/stderr; cat go; printf '\244b'", listener := Listener())
    os.mkfifo(tmp_path / "go")
    assert listener.heard == []
    while not listener.text("stderr"):
        executor.poll(0.05)
    (tmp_path / "go").write_text("")
    assert executor.poll(None)[0].code == 0
    assert listener.text("stdout") == "a\u00e4b"


def test_bytes_that_are_no_text_are_replaced_for_the_listener_and_kept_in_the_log(executor, begin):
    listener = Listener()
    log = begin(r"printf '\377x\303'", listener)
    executor.poll(None)
    assert listener.text("stdout") == "\ufffdx\ufffd"
    assert log.read_bytes() == b"\xffx\xc3"


def test_much_output_arrives_whole(executor, begin):
    listener = Listener()
    log = begin("seq 200000", listener)
    executor.poll(None)
    expected = "".join(f"{n}\n" for n in range(1, 200_001))
    assert listener.text("stdout") == expected
    assert log.read_text() == expected


def test_a_firehose_neither_blocks_polling_nor_its_own_end(executor, begin):
    begin("yes & wait", listener := Listener())
    while len(listener.heard) < 20:
        assert executor.poll(0.01) == []
    executor.cancel([ATTEMPT], 0)
    exit_ = executor.poll(None)[0]
    assert (exit_.code, exit_.cancelled) == (-signal.SIGKILL, True)


def test_a_daemon_that_keeps_the_output_open_does_not_put_off_the_end(executor, begin):
    begin("setsid sleep 99999 & echo done", listener := Listener())
    assert executor.poll(None)[0].code == 0
    assert listener.text("stdout") == "done\n"


def test_secrets_reach_neither_log_nor_listener(executor, begin, tmp_path):
    os.mkfifo(tmp_path / "go")
    secret = "hunter2"
    listener = Listener()
    log = begin(
        "printf 'a hunt' | tee /dev/stderr; cat go; printf 'er2 b\\n'; echo hunter2 >&2",
        listener,
        (secret, ""),
    )
    while not listener.heard:
        executor.poll(0.05)
    (tmp_path / "go").write_text("")
    executor.poll(None)
    assert listener.text("stdout") == "a *** b\n"
    assert listener.text("stderr") == "a hunt***\n"
    assert secret not in log.read_text()


def test_secrets_are_masked_in_the_log_without_a_listener_too_and_in_order(executor, begin):
    log = begin("echo hunter2; echo err hunter2 >&2; echo end", None, ("hunter2",))
    assert executor.poll(None)[0].code == 0
    assert log.read_text() == "***\nerr ***\nend\n"


def test_a_full_disk_ends_the_log_but_not_the_command(executor, tmp_path):
    command = Command(("sh", "-c", "echo x; echo y"), str(tmp_path), {})
    listener = Listener()
    full = Path("/dev/full")
    executor.submit([Submission(ATTEMPT, command, full, None, listener)])
    exit_ = executor.poll(None)[0]
    assert exit_.code == 0
    assert "/dev/full is not complete: No space left" in exit_.problem
    assert listener.text("stdout") == "x\ny\n"


@given(
    st.lists(st.sampled_from(["hunter2", "hunter2-", "-longer", "b\u00e4", "r", "aaab", "x", "\n"]))
)
def test_the_mask_is_the_same_however_the_output_is_cut(words):
    text = "".join(words).encode()
    ordered = sorted((secret.encode() for secret in SECRETS), key=len, reverse=True)
    expected = re.sub(b"|".join(ordered), b"***", text)
    for size in (1, 2, 3, 7, 1000):
        mask = Mask(SECRETS)
        pieces = [mask.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert b"".join([*pieces, mask.rest()]) == expected


def test_the_lines_of_a_long_key_are_masked_one_by_one():
    mask = Mask(["-----BEGIN-----\nMIIEvQIBADAN\nab\n"])
    assert mask.feed(b"> MIIEvQIBADAN\n> ab\n") + mask.rest() == b"> ***\n> ab\n"


def test_a_mask_without_secrets_changes_nothing():
    assert Mask([""]).feed(b"any") == b"any"
