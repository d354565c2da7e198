"""Run commands on this machine."""

from __future__ import annotations

import errno
import os
import select
import time
from typing import TYPE_CHECKING

from runner.ports import Exit
from runner.process import Alive, CommandOutput, Ended, Failed, Spawner, SpawnerLostError, Start
from runner.process import kill_marked as kill_marked_processes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from runner.ports import Submission
    from runner.process import Report
    from runner.process.sampling import Sampler

GRACE = 5.0
NEVER = float("inf")
WAKES = 1 << 16


class LocalExecutor:
    """Runs commands through one small spawner process, which also ends them.

    Single-threaded: output is passed on, and samples are taken, while `poll` waits. Timeouts
    and grace periods are kept by the spawner, whatever this process is doing.

    Args:
        base: The variables all commands start from; this process's own when None.
        grace: Seconds between SIGTERM and SIGKILL when a command's timeout has passed.
        run_id: The run whose commands these are.
    """

    def __init__(
        self, base: Mapping[str, str] | None = None, *, grace: float = GRACE, run_id: str = ""
    ) -> None:
        self._grace = grace
        self._spawner = Spawner(base, run_id)
        self._poller = select.poll()
        self._watched_fd = -1
        self._wake_reader = self._wake_writer = -1
        self._submitted: set[str] = set()
        self._running: dict[str, Submission] = {}
        self._outputs: dict[str, CommandOutput] = {}
        self._readers: dict[int, CommandOutput] = {}
        self._exits: list[Exit] = []
        self._awake = False
        self._sampler: Sampler | None = None

    def warm(self) -> None:
        """Start the spawner ahead of the first command, without waiting for it."""
        self._spawner.warm()
        if self._watched_fd != self._spawner.fileno():
            self._watched_fd = self._spawner.fileno()
            self._poller.register(self._watched_fd, select.POLLIN)
        if self._wake_reader < 0:
            self._wake_reader, self._wake_writer = os.pipe()
            self._poller.register(self._wake_reader, select.POLLIN)

    def submit(self, submissions: Sequence[Submission]) -> None:
        """Start all of them; one that was submitted before is left alone.

        Raises:
            RunnerError: The spawner cannot be started.
        """
        new = [one for one in submissions if one.attempt not in self._submitted]
        self.warm()
        starts = []
        for submission in new:
            self._submitted.add(submission.attempt)
            try:
                starts.append(self._start(submission))
            except OSError as error:
                problem = f"the log {submission.log} cannot be written: {error.strerror}"
                self._exits.append(Exit(submission.attempt, None, 0.0, problem=problem))
                continue
            self._running[submission.attempt] = submission
        self._spawner.start(starts)

    def poll(self, timeout: float | None) -> list[Exit]:
        """Wait for the next that ended; at once when nothing runs."""
        until = NEVER if timeout is None else time.monotonic() + timeout
        self._awake = False
        while self._running and not self._exits and not self._awake:
            self._wait(until)
            if time.monotonic() >= until:
                break
        exits, self._exits = self._exits, []
        return exits

    def wake(self) -> None:
        """Let `poll` return at once, also the next one; for signal handlers.

        An exception out of a signal handler, such as KeyboardInterrupt, could hit `poll` between
        hearing of an end and returning it.
        """
        if self._wake_writer >= 0:
            os.write(self._wake_writer, b"!")

    def cancel(self, attempts: Collection[str], grace: float) -> None:
        """Ask whole trees to end, and kill them after `grace` seconds; their exits follow."""
        self._spawner.cancel([name for name in attempts if name in self._running], grace)

    def close(self) -> None:
        """Kill what still runs and free everything; harmless when repeated."""
        self._forget_spawner()
        self._spawner.close()
        if self._wake_reader >= 0:
            self._poller.unregister(self._wake_reader)
            os.close(self._wake_reader)
            os.close(self._wake_writer)
            self._wake_reader = self._wake_writer = -1
        for output in self._outputs.values():
            output.close()
        self._outputs.clear()
        self._readers.clear()
        self._running.clear()
        self._exits.clear()

    def _start(self, submission: Submission) -> Start:
        command = submission.command
        log = os.path.abspath(submission.log)
        outputs: tuple[bytes, bytes | None] = (os.fsencode(log), None)
        if submission.on_output is not None or any(command.secret_values):
            output = CommandOutput(log, command.secret_values, submission.on_output)
            self._outputs[submission.attempt] = output
            for reader in output.readers():
                self._readers[reader] = output
                self._poller.register(reader, select.POLLIN)
            outputs = output.paths()
        return Start(
            submission.attempt,
            [os.fsencode(word) for word in command.argv],
            os.fsencode(os.path.abspath(command.folder)),
            _encoded(command.variables, command.unset),
            outputs,
            (submission.timeout, self._grace),
        )

    def _wait(self, until: float) -> None:
        """Wait for whatever comes first, and deal with all that has come."""
        due_at = until if self._sampler is None else min(until, self._sampler.due_at)
        left = None if due_at == NEVER else max(0.0, due_at - time.monotonic()) * 1000
        spawner_spoke = False
        for source, _ in self._poller.poll(left):
            if source == self._watched_fd:
                spawner_spoke = True  # after what its commands have printed
            elif source == self._wake_reader:
                os.read(source, WAKES)
                self._awake = True
            else:
                self._readers[source].take(source)
        if spawner_spoke:
            self._hear()
        if self._sampler is not None and time.monotonic() >= self._sampler.due_at:
            self._sampler.sample()

    def _hear(self) -> None:
        try:
            reports = self._spawner.reports()
        except SpawnerLostError as lost:
            self._lose(lost.message)
            return
        for report in reports:
            self._take(report)

    def _take(self, report: Report) -> None:
        if isinstance(report, Alive):
            self._watch(report)
            return
        submission = self._running.pop(report.name)
        output = self._finish_output(report.name)
        if isinstance(report, Failed):
            problem = describe(report, submission)
            self._exits.append(Exit(report.name, None, 0.0, problem=problem))
            return
        self._exits.append(self._exit(report, output.problem if output else ""))

    def _exit(self, ended: Ended, problem: str) -> Exit:
        usage = self._sampler.finish(ended.name) if self._sampler else None
        return Exit(
            ended.name,
            os.waitstatus_to_exitcode(ended.status),
            ended.seconds,
            ended.cpu_seconds,
            max(ended.peak, usage.peak) if usage else ended.peak,
            usage.tree_memory if usage else 0,
            usage.samples if usage else (),
            ended.timed_out,
            ended.cancelled,
            problem,
        )

    def _finish_output(self, name: str) -> CommandOutput | None:
        output = self._outputs.pop(name, None)
        if output is None:
            return None
        for reader in output.readers():
            self._poller.unregister(reader)
            del self._readers[reader]
        output.finish()
        return output

    def _watch(self, alive: Alive) -> None:
        if self._sampler is None:
            from runner.process.sampling import Sampler  # noqa: PLC0415  # psutil: 20 ms

            self._sampler = Sampler(self._spawner.pid)
        variables = self._running[alive.name].command.variables
        visible = variables.get("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES"))
        self._sampler.watch(alive.name, alive.pid, time.monotonic() - 1.0, visible)

    def _lose(self, problem: str) -> None:
        """End all that ran: without the spawner nobody will tell how it goes on."""
        self._forget_spawner()
        for name in list(self._running):
            kill_marked_processes(name)
            self._finish_output(name)
            self._exits.append(Exit(name, None, 0.0, problem=problem))
        self._running.clear()

    def _forget_spawner(self) -> None:
        if self._watched_fd >= 0:
            self._poller.unregister(self._watched_fd)
            self._watched_fd = -1
        self._sampler = None


def describe(failed: Failed, submission: Submission) -> str:
    """Say why a command could not be started, and what the reader may do."""
    command = submission.command
    reason = os.strerror(failed.number)
    if failed.what == "folder":
        return f"cannot enter the folder {command.folder}: {reason}"
    if failed.what == "output":
        return f"the log {submission.log} cannot be written: {reason}"
    program = command.argv[0]
    if failed.number == errno.E2BIG:
        return f"the command is longer than the system allows: {reason}"
    if failed.number == errno.ENOEXEC:
        return f"{program} is not a program: its first line does not say what runs it (#!)"
    if failed.number == errno.ENOENT:
        where = (
            "does not exist, or what its first line names" if "/" in program else "is not on PATH"
        )
        return f"the program {program} {where}"
    return f"cannot start {program}: {reason}"


def _encoded(variables: Mapping[str, str], unset: Sequence[str]) -> dict[bytes, bytes | None]:
    """Give variables as the spawner takes them; None takes one away that the base has."""
    found: dict[bytes, bytes | None] = dict.fromkeys(map(os.fsencode, unset))
    found.update((os.fsencode(name), os.fsencode(value)) for name, value in variables.items())
    return found
