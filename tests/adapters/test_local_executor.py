"""Commands on this machine: how they end, what is kept of them, and that nothing survives them."""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

import pytest

from runner.executors.local import LocalExecutor
from runner.ports import Command, Exit, Submission

MIB = 1 << 20
# Marks are found machine-wide, as run ids are unique: so are these, for tests side by side.
RUN = f"run{os.getpid()}"
FOR_EVER = "sleep 100000"
# Takes SIGTERM whenever it comes; traps of a shell can miss one.
POLITE = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
open("ready", "w").close()
signal.sigwait([signal.SIGTERM])
print("saved", flush=True)
raise SystemExit(7)
"""


@pytest.fixture
def executor():
    executor = LocalExecutor()
    yield executor
    executor.close()


@pytest.fixture
def submit(executor, tmp_path):
    """Submit a shell script (or an argv) under a name, and give its submission."""

    def submit_one(script, name=f"{RUN}/step/1", *, secret_values=(), variables=None, **limits):
        argv = ("sh", "-c", script) if isinstance(script, str) else tuple(script)
        folder = limits.pop("folder", str(tmp_path))
        log = limits.pop("log", tmp_path / (name.split("/", 1)[1].replace("/", "-") + ".log"))
        command = Command(argv, folder, variables or {}, secret_values)
        submission = Submission(name, command, log, **limits)
        executor.submit([submission])
        return submission

    return submit_one


def only(exits: list[Exit]) -> Exit:
    assert len(exits) == 1, exits
    return exits[0]


def fifo(folder: Path, name: str) -> Path:
    path = folder / name
    os.mkfifo(path)
    return path


def is_gone(pid: int) -> bool:
    """Wait until a process is no more: a zombie is none."""
    try:
        life = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poller = select.poll()
        poller.register(life, select.POLLIN)
        return bool(poller.poll(20_000))
    finally:
        os.close(life)


def test_a_command_ends_with_its_code_its_times_and_its_output(executor, submit):
    submission = submit("echo one; echo two >&2; echo three; exit 3")
    exit_ = only(executor.poll(None))
    assert (exit_.attempt, exit_.code, exit_.problem) == (f"{RUN}/step/1", 3, "")
    assert not exit_.timed_out
    assert not exit_.cancelled
    assert exit_.seconds > 0
    assert exit_.cpu_seconds > 0
    assert submission.log.read_text() == "one\ntwo\nthree\n"


def test_a_signal_is_a_negative_code(executor, submit):
    submit("kill -SEGV $$")
    assert only(executor.poll(None)).code == -signal.SIGSEGV


def test_the_log_is_appended_to(executor, submit):
    first = submit("echo first")
    executor.poll(None)
    submit("echo second", f"{RUN}/step/2", log=first.log)
    executor.poll(None)
    assert first.log.read_text() == "first\nsecond\n"


def test_the_size_of_the_runner_never_shows_in_a_small_step(executor, submit):
    ballast = bytearray(os.urandom(1)) * (100 * MIB)
    submit(":")
    assert only(executor.poll(None)).peak_memory < 12 * MIB
    assert len(ballast) == 100 * MIB


def test_the_peak_memory_of_a_large_step_is_its_own(executor, submit):
    submit([sys.executable, "-I", "-S", "-c", f"b'x' * {180 * MIB}"])
    assert 180 * MIB < only(executor.poll(None)).peak_memory < 200 * MIB


def test_two_commands_run_at_the_same_time(executor, submit, tmp_path):
    there, back = fifo(tmp_path, "there"), fifo(tmp_path, "back")
    submit(f"echo hello > {there}; cat {back}", f"{RUN}/a/1")
    submit(f"cat {there}; echo hello > {back}", f"{RUN}/b/1")
    ended = executor.poll(None)
    while more := executor.poll(None):
        ended += more
    assert {(e.attempt, e.code) for e in ended} == {(f"{RUN}/a/1", 0), (f"{RUN}/b/1", 0)}


def test_an_attempt_is_started_once_however_often_it_is_submitted(executor, submit):
    submission = submit("echo once")
    executor.submit([submission, submission])
    executor.poll(None)
    executor.submit([submission])
    assert executor.poll(None) == []
    assert submission.log.read_text() == "once\n"


def test_polling_does_not_wait_when_nothing_runs(executor):
    assert executor.poll(None) == []


def test_polling_waits_no_longer_than_told(executor, submit):
    submit(FOR_EVER)
    assert executor.poll(0) == []
    assert executor.poll(0.01) == []


def test_a_signal_handler_can_wake_a_poll_that_waits(executor, submit):
    previous = signal.signal(signal.SIGUSR1, lambda *_: executor.wake())
    try:
        submit(f"kill -USR1 {os.getpid()}; {FOR_EVER}")
        assert executor.poll(None) == []
    finally:
        signal.signal(signal.SIGUSR1, previous)
    executor.wake()
    assert executor.poll(None) == []


def test_hundreds_at_once_all_end(executor, tmp_path):
    command = Command(("sh", "-c", "echo $RUNNER_ATTEMPT"), str(tmp_path), {"LARGE": "x" * 10_000})
    names = [f"{RUN}/s{n}/1" for n in range(300)]
    logs = {name: tmp_path / name.split("/")[1] for name in names}
    executor.submit([Submission(name, command, logs[name]) for name in names])
    ended = []
    while more := executor.poll(None):
        ended += more
    assert sorted((e.attempt, e.code) for e in ended) == sorted((name, 0) for name in names)
    assert all(log.read_text() == f"{name}\n" for name, log in logs.items())


def test_variables_stand_on_top_of_the_base_and_name_the_attempt(tmp_path):
    executor = LocalExecutor({"PATH": os.environ["PATH"], "KEPT": "1", "CHANGED": "old"})
    command = Command(("env",), str(tmp_path), {"CHANGED": "neu \u00e4"})
    executor.submit([Submission(f"{RUN}/a b@\u00fc/1", command, tmp_path / "log")])
    assert only(executor.poll(None)).code == 0
    executor.close()
    seen = (tmp_path / "log").read_text().splitlines()
    path = f"PATH={os.environ['PATH']}"
    mark = f"RUNNER_ATTEMPT={RUN}/a b@\u00fc/1"
    assert sorted(seen) == sorted([path, "KEPT=1", "CHANGED=neu \u00e4", mark])


def test_programs_are_looked_up_on_the_path_of_the_command(executor, submit, tmp_path):
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "tool"
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    submission = submit(["tool"], variables={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    assert only(executor.poll(None)).code == 0
    assert submission.log.read_text() == "found\n"


def test_a_command_has_no_input_no_terminal_and_default_signals(executor, submit):
    submission = submit("cat; ps -o sid= -p $$; echo $$; kill -PIPE $$")
    assert only(executor.poll(None)).code == -signal.SIGPIPE
    session, pid = submission.log.read_text().split()
    assert session == pid


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["no-such-program"], "the program no-such-program is not on PATH"),
        (["./missing"], "the program ./missing does not exist"),
        (["./plain"], "cannot start ./plain: Permission denied"),
        (["./nothing"], "./nothing is not a program"),
        (["sh", "-c", "x" * 3 * MIB], "longer than the system allows"),
    ],
)
def test_what_cannot_be_started_says_why(executor, submit, tmp_path, argv, problem):
    (tmp_path / "plain").write_text("data")
    (tmp_path / "nothing").write_text("data")
    (tmp_path / "nothing").chmod(0o755)
    submit(argv)
    exit_ = only(executor.poll(None))
    assert exit_.code is None
    assert problem in exit_.problem


@pytest.mark.parametrize("listener", [None, print])
def test_a_folder_or_log_that_is_not_there_is_named(executor, submit, tmp_path, listener):
    submit(":", f"{RUN}/a/1", folder=str(tmp_path / "nowhere"), on_output=listener)
    assert "nowhere: No such file" in only(executor.poll(None)).problem
    submit(":", f"{RUN}/b/1", log=tmp_path / "nologs" / "log", on_output=listener)
    exit_ = only(executor.poll(None))
    assert exit_.code is None
    assert "nologs/log cannot be written" in exit_.problem


def test_a_timeout_ends_a_tree_that_ignores_sigterm_while_others_go_on(tmp_path):
    executor = LocalExecutor(grace=0.05)
    ready = fifo(tmp_path, "ready")
    stubborn = (
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ > pid; echo > ready; sleep 99999' &);"
        "sleep 99999"
    )
    commands = {
        f"{RUN}/stubborn/1": (stubborn, 0.2),
        f"{RUN}/other/1": ("cat ready; cat go", None),
    }
    go = fifo(tmp_path, "go")
    for name, (script, timeout) in commands.items():
        command = Command(("sh", "-c", script), str(tmp_path), {})
        log = tmp_path / (name.split("/")[1] + ".log")
        executor.submit([Submission(name, command, log, timeout)])
    exit_ = only(executor.poll(None))
    assert (exit_.attempt, exit_.code, exit_.timed_out) == (f"{RUN}/stubborn/1", -9, True)
    assert is_gone(int((tmp_path / "pid").read_text()))
    go.write_text("")
    assert only(executor.poll(None))[:2] == (f"{RUN}/other/1", 0)
    executor.close()
    assert ready.exists()


def test_a_cancelled_command_may_end_in_its_own_way(executor, submit, tmp_path):
    ready = fifo(tmp_path, "ready")
    submission = submit([sys.executable, "-c", POLITE])
    ready.read_text()
    executor.cancel([f"{RUN}/step/1", f"{RUN}/unknown/1"], 60)
    exit_ = only(executor.poll(None))
    assert (exit_.code, exit_.cancelled, exit_.timed_out) == (7, True, False)
    assert submission.log.read_text() == "saved\n"


def test_a_child_gets_its_grace_also_when_its_shell_ends_at_once(executor, submit, tmp_path):
    (tmp_path / "child.py").write_text(POLITE)
    ready = fifo(tmp_path, "ready")
    submission = submit(f"{sys.executable} child.py; echo never")
    ready.read_text()
    executor.cancel([f"{RUN}/step/1"], 60)
    assert only(executor.poll(None)).code == -signal.SIGTERM
    assert submission.log.read_text() == "saved\n"


def test_without_grace_a_cancelled_tree_is_killed(executor, submit, tmp_path):
    ready = fifo(tmp_path, "ready")
    submit(f"trap '' TERM; echo > ready; {FOR_EVER}")
    ready.read_text()
    executor.cancel([f"{RUN}/step/1"], 0)
    exit_ = only(executor.poll(None))
    assert (exit_.code, exit_.cancelled) == (-signal.SIGKILL, True)


@pytest.mark.parametrize("escape", ["", "setsid", "env -i /usr/bin/setsid"])
def test_what_a_command_leaves_behind_is_gone_when_it_has_ended(executor, submit, tmp_path, escape):
    left = fifo(tmp_path, "left")
    submit(f"({escape} sh -c 'echo $$ > left; sleep 99999' &) ; cat go")
    go = fifo(tmp_path, "go")
    pid = int(left.read_text())
    go.write_text("")
    assert only(executor.poll(None)).code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("escape", ["", "setsid"])
def test_only_what_the_ended_command_left_behind_is_killed(executor, submit, tmp_path, escape):
    pids = {}
    for name in ("a", "b"):
        left = fifo(tmp_path, f"left-{name}")
        fifo(tmp_path, f"go-{name}")
        script = f"({escape} sh -c 'echo $$ > left-{name}; sleep 99999' &) ; cat go-{name}"
        submit(script, f"{RUN}/{name}/1")
        pids[name] = int(left.read_text())
    (tmp_path / "go-a").write_text("")
    assert only(executor.poll(None)).attempt == f"{RUN}/a/1"
    with pytest.raises(ProcessLookupError):
        os.kill(pids["a"], 0)
    os.kill(pids["b"], 0)
    (tmp_path / "go-b").write_text("")
    assert only(executor.poll(None)).attempt == f"{RUN}/b/1"
    with pytest.raises(ProcessLookupError):
        os.kill(pids["b"], 0)


def test_a_tree_that_keeps_forking_dies(executor, submit, tmp_path):
    (tmp_path / "fork").write_text("trap '' TERM; sh ./fork2 & exec sh ./fork2")
    (tmp_path / "fork2").write_text("while :; do setsid true; done")
    ready = fifo(tmp_path, "ready")
    submit("sh ./fork & echo $$ > ready; wait")
    pid = int(ready.read_text())
    executor.cancel([f"{RUN}/step/1"], 0)
    assert only(executor.poll(None)).cancelled
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_spawner_is_reported_leaves_nothing_and_is_replaced(executor, submit, tmp_path):
    left = fifo(tmp_path, "left")
    submit("setsid sh -c 'echo $PPID $$ > left; sleep 99999' & wait")
    pids = [int(pid) for pid in left.read_text().split()]
    os.kill(executor._spawner.pid, signal.SIGKILL)
    exit_ = only(executor.poll(None))
    assert exit_.code is None
    assert "was killed" in exit_.problem
    assert all(is_gone(pid) for pid in pids)
    submit("exit 5", f"{RUN}/step/2")
    assert only(executor.poll(None)).code == 5


def test_closing_kills_what_runs_and_is_harmless_when_repeated(executor, submit, tmp_path):
    left = fifo(tmp_path, "left")
    submit("setsid env -i sh -c 'echo $$ > left; sleep 99999'", on_output=print)
    pid = int(left.read_text())
    executor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    executor.close()


def test_no_descriptor_is_left_open(executor, submit):
    def opened():
        return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())

    before = opened()
    submit("echo x", f"{RUN}/a/1", on_output=lambda *_: None)
    submit("echo x", f"{RUN}/b/1", secret_values=("x",))
    submit("echo x", f"{RUN}/c/1")
    submit(["nonesuch"], f"{RUN}/d/1", on_output=lambda *_: None)
    while executor.poll(None):
        pass
    executor.close()
    assert opened() == before


def test_a_command_that_lives_for_a_second_is_sampled(executor, submit):
    submit(f"{FOR_EVER} & wait")
    while executor._sampler is None:
        assert executor.poll(0.2) == []
    executor.poll(0)
    executor.cancel([f"{RUN}/step/1"], 0)
    exit_ = only(executor.poll(None))
    seconds, cores, memory, gpu = exit_.samples[0]
    assert seconds >= 1
    assert cores < 1
    assert 0 < memory <= exit_.tree_memory
    assert gpu is None
