"""Runs in processes of their own: killed, many at once, or short of room. Used by tests.

    python -m tests.recorded_runs COMMAND HOME [ARGUMENT …]

This process has one thread, so it may fork.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import StoreError
from runner.recording import Recorder
from runner.stores.sql import RunStore
from tests.records import events, run_id, step_run

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = [step_run("a", metrics={"x": 1.5}), step_run("b@1"), step_run("c")]


def recorder(
    home: Path, number: int = 1, on_line: Callable[[bytes], None] | None = None
) -> Recorder:
    name = run_id(number)
    return Recorder(str(home / "runs" / name), name, RunStore(str(home)), on_line)


def whole(home: Path, number: int = 1) -> None:
    """A run from its first event to its last."""
    with recorder(home, number) as listener:
        for event in events(number, steps=STEPS):
            listener(event)


def die(home: Path, count: str, number: str) -> None:
    """A runner that is killed after some of its events."""
    listener = recorder(home, int(number))
    for event in events(int(number), steps=STEPS)[: int(count)]:
        listener(event)
    os.kill(os.getpid(), signal.SIGKILL)


def close(home: Path, count: str) -> None:
    """Commands that close dead runs at once; the runs that each has closed, a line each."""
    all_at_once(int(count), lambda _: say(" ".join(RunStore(str(home)).close_interrupted())))


def start(home: Path, count: str) -> None:
    """First starts at once: each looks around, runs, and finds itself."""

    def first(number: int) -> None:
        store = RunStore(str(home))
        store.close_interrupted()
        store.find()
        whole(home, number)
        assert store.resolve(run_id(number)) == run_id(number)
        store.close()

    all_at_once(int(count), first)


def mixed(home: Path, turns: str) -> None:
    """Two runners and two closers at once, over and over."""

    def turn(number: int) -> None:
        for repeat in range(int(turns)):
            if number % 2:
                RunStore(str(home)).close_interrupted()
            else:
                whole(home, number * 100 + repeat)

    all_at_once(4, turn)


def squeezed(home: Path, room: str) -> None:
    """A run where no file may grow over `room` bytes; the error it ended with."""
    unlimited = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), unlimited))
    problem = None
    try:
        whole(home)
    except StoreError as error:
        problem = error
    resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
    if problem:
        say(f"{problem.message} hint: {problem.hint}")


def all_at_once(count: int, do: Callable[[int], object]) -> None:
    """Do something in many processes that start together; all have to succeed."""
    reading, writing = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            code = 1
            try:
                os.close(writing)
                os.read(reading, 1)
                do(number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    os.close(writing)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    name, home, *arguments = sys.argv[1:]
    commands: list[Callable[..., None]] = [whole, die, close, start, mixed, squeezed]
    {command.__name__: command for command in commands}[name](Path(home), *arguments)
