"""Run a short program and keep what it prints: git, uv and their like.

Built on posix_spawn, because importing subprocess alone costs as much as an interpreter's start.
"""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Python ignores these for itself, and what is ignored stays so across exec.
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
CHUNK = 1 << 16
# posix_spawn cannot change the folder, and os.chdir would do so for every thread.
IN_FOLDER = ("/bin/sh", "-c", 'cd -- "$1" && shift && exec "$@"', "sh")


class Output(NamedTuple):
    """How a program ended: its exit code (negative: the signal) and what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


class Pending:
    """A program that is running; `result` waits for it. What it writes is read only then."""

    def __init__(self, pid: int, stdout: int, stderr: int) -> None:
        self._pid = pid
        self._stdout = stdout
        self._stderr = stderr
        self._output: Output | None = None

    def result(self) -> Output:
        """Wait until the program has ended and closed its output."""
        if self._output is None:
            self._output = _finish(self._pid, -1, b"", self._stdout, self._stderr)
        return self._output


def begin(
    argv: Sequence[str],
    *,
    folder: str | None = None,
    variables: Mapping[str, str | None] | None = None,
) -> Pending:
    """Start a program without input, to be waited for later.

    Args:
        argv: The program, looked up on PATH, and its arguments.
        folder: Where it runs; the current folder when None.
        variables: Environment variables on top of our own; None unsets one.

    Raises:
        RunnerError: The program or the folder does not exist, or cannot be started.
    """
    out_reader, out_writer = os.pipe()
    err_reader, err_writer = os.pipe()
    try:
        pid = _spawn(argv, folder, variables, (None, out_writer, err_writer))
    except BaseException:
        os.close(out_reader)
        os.close(err_reader)
        raise
    finally:
        os.close(out_writer)
        os.close(err_writer)
    return Pending(pid, out_reader, err_reader)


def capture(
    argv: Sequence[str],
    *,
    folder: str | None = None,
    variables: Mapping[str, str | None] | None = None,
    input: bytes = b"",  # noqa: A002  # the name subprocess.run has taught everyone
) -> Output:
    """Run a program to its end, feeding it `input`; arguments and errors as for `begin`."""
    if not input:
        return begin(argv, folder=folder, variables=variables).result()
    in_reader, in_writer = os.pipe()
    out_reader, out_writer = os.pipe()
    err_reader, err_writer = os.pipe()
    try:
        pid = _spawn(argv, folder, variables, (in_reader, out_writer, err_writer))
    except BaseException:
        for fd in (in_writer, out_reader, err_reader):
            os.close(fd)
        raise
    finally:
        for fd in (in_reader, out_writer, err_writer):
            os.close(fd)
    return _finish(pid, in_writer, input, out_reader, err_reader)


def _spawn(
    argv: Sequence[str],
    folder: str | None,
    variables: Mapping[str, str | None] | None,
    ends: tuple[int | None, int, int],
) -> int:
    environment = _environment(variables)
    program = tuple(argv)
    if folder is not None:
        _check_folder(folder)
        _check_program(argv[0], folder, environment.get("PATH", os.defpath))
        program = (*IN_FOLDER, folder, *argv)
    stdin, stdout, stderr = ends
    feed = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        if stdin is None
        else (os.POSIX_SPAWN_DUP2, stdin, 0)
    )
    actions = (feed, (os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stderr, 2))
    try:
        return os.posix_spawnp(
            program[0], program, environment, file_actions=actions, setsigdef=IGNORED_BY_PYTHON
        )
    except FileNotFoundError:
        raise _missing(argv[0]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RunnerError(f"cannot start {argv[0]}: {reason}") from None


def _environment(variables: Mapping[str, str | None] | None) -> dict[str, str]:
    environment = dict(os.environ)
    for name, value in (variables or {}).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return environment


def _check_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        raise RunnerError(f"the folder {folder} does not exist")


def _check_program(name: str, folder: str, search_path: str) -> None:
    """Say so when a program is missing: the shell in between would only say 127."""
    join = os.path.join
    places = [folder] if "/" in name else [join(folder, p) for p in search_path.split(os.pathsep)]
    if not any(os.access(join(place, name), os.X_OK) for place in places):
        raise _missing(name)


def _missing(name: str) -> RunnerError:
    where = "does not exist" if "/" in name else "is not on PATH"
    return RunnerError(f"the program {name} {where}", hint=f"install {name}, then try again")


def _finish(pid: int, stdin: int, unwritten: bytes, stdout: int, stderr: int) -> Output:
    """Feed and drain all ends until they are closed, then reap the program."""
    collected: dict[int, list[bytes]] = {stdout: [], stderr: []}
    open_ends = {end for end in (stdin, stdout, stderr) if end >= 0}
    try:
        _exchange(stdin, unwritten, collected, open_ends)
        _, status = os.waitpid(pid, 0)
    except BaseException:
        # Interrupted: what nobody waits for any more must not go on by itself.
        from runner.process.spawner import tree  # noqa: PLC0415  # only when interrupted

        tree.kill([pid])
        os.waitpid(pid, 0)
        raise
    finally:
        for end in open_ends:
            os.close(end)
    out, err = b"".join(collected[stdout]), b"".join(collected[stderr])
    return Output(os.waitstatus_to_exitcode(status), out, err)


def _exchange(
    stdin: int, unwritten: bytes, collected: dict[int, list[bytes]], open_ends: set[int]
) -> None:
    poller = select.poll()
    for end in collected:
        poller.register(end, select.POLLIN)
    if stdin in open_ends:
        os.set_blocking(stdin, False)
        poller.register(stdin, select.POLLOUT)
    rest = memoryview(unwritten)
    while open_ends:
        for end, _ in poller.poll():
            if end == stdin:
                rest = _write(stdin, rest)
                done = not rest
            else:
                chunk = os.read(end, CHUNK)
                collected[end].append(chunk)
                done = not chunk
            if done:
                poller.unregister(end)
                open_ends.discard(end)
                os.close(end)


def _write(stdin: int, rest: memoryview) -> memoryview:
    try:
        return rest[os.write(stdin, rest[:CHUNK]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        # It has read all it wants; its exit code says whether that was right.
        return rest[:0]
