"""The runner's end of the spawner: start it, tell it what to run, hear what has ended."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING, NamedTuple, cast

from runner.errors import RunnerError
from runner.process.capture import IGNORED_BY_PYTHON
from runner.process.spawner.attempt import MARK
from runner.process.spawner.wire import Frames, Message, frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from spawner.loop import main; main(int(sys.argv[2]))"
)
CHUNK = 1 << 16


class Start(NamedTuple):
    """A command to start under a name of its own.

    `outputs` are the paths stdout and stderr are appended to (None: stderr with stdout), and
    `limits` the timeout and the grace after it, both in seconds. An empty `variables` leaves
    those the spawner was started with; None takes one away.
    """

    name: str
    argv: list[bytes]
    folder: bytes
    variables: dict[bytes, bytes | None]
    outputs: tuple[bytes, bytes | None]
    limits: tuple[float | None, float]


class Alive(NamedTuple):
    """A command has been running for a second; `pid` is its first process."""

    name: str
    pid: int


class Failed(NamedTuple):
    """A command could not be started: what is wrong (folder, program, output), the errno."""

    name: str
    what: str
    number: int


class Ended(NamedTuple):
    """A command has ended, and so have all processes it left behind. `peak` is in bytes."""

    name: str
    status: int
    seconds: float
    cpu_seconds: float
    peak: int
    timed_out: bool
    cancelled: bool


Report = Alive | Failed | Ended
REPORTS = {"alive": Alive, "failed": Failed, "ended": Ended}


class SpawnerLostError(RunnerError):
    """The spawner has ended although nobody told it to."""


class Spawner:
    """Starts the spawner when it is first needed. All its methods belong to one thread.

    Args:
        base: The variables commands start from; this process's own when None.
        run_id: The run it works for, by which `kill_marked` finds it once the runner is dead.
    """

    def __init__(self, base: Mapping[str, str] | None = None, run_id: str = "") -> None:
        self._base = base
        self._run_id = run_id
        self.pid = 0
        self._control = -1
        self._reports = -1
        self._frames = Frames()
        self._received: list[Report] = []

    def warm(self) -> None:
        """Start the spawner without waiting for it, so that it is there when it is needed."""
        if self.pid:
            return
        control, self._control = os.pipe()
        self._reports, reports = os.pipe()
        try:
            self.pid = _spawn(self._environment(), control, reports)
        except OSError as error:
            self._forget()
            raise RunnerError(
                f"cannot start {sys.executable}: {error.strerror}",
                hint="check the Python installation that runner is in",
            ) from None
        finally:
            os.close(control)
            os.close(reports)
        os.set_blocking(self._control, False)
        os.set_blocking(self._reports, False)
        # Sent, because an interpreter's own environment may differ: it adds LC_CTYPE, for one.
        base = os.environ if self._base is None else self._base
        self._send(frame(("base", {os.fsencode(k): os.fsencode(v) for k, v in base.items()})))

    def start(self, commands: Iterable[Start]) -> None:
        """Start commands; what becomes of each is reported under its name."""
        self.warm()
        self._send(b"".join(frame(("start", *command)) for command in commands))

    def cancel(self, names: Iterable[str], grace: float) -> None:
        """Ask whole process trees to end, and kill them after `grace` seconds."""
        if self.pid:
            self._send(b"".join(frame(("cancel", name, grace)) for name in names))

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when there are reports (-1: not started)."""
        return self._reports

    def reports(self) -> list[Report]:
        """Give what was reported since, without waiting.

        Raises:
            SpawnerLostError: Nothing will ever be reported again of what was started.
        """
        alive = self._receive()
        received, self._received = self._received, []
        if not alive and not received:
            self._forget()
            raise SpawnerLostError("the process that starts the steps was killed")
        return received

    def close(self) -> None:
        """End the spawner, and by it everything that still runs; harmless when repeated."""
        self._forget()

    def _environment(self) -> dict[bytes, bytes]:
        base = os.environ if self._base is None else self._base
        variables = {os.fsencode(name): os.fsencode(value) for name, value in base.items()}
        return {**variables, MARK: os.fsencode(self._run_id)} if self._run_id else variables

    def _send(self, data: bytes) -> None:
        """Send all of it. The spawner may be busy telling us something: hear it meanwhile."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._control, rest) :]
            except BlockingIOError:
                _wait(self._control, self._reports)
                self._receive()
            except BrokenPipeError:
                return  # the end of its reports will be noticed

    def _receive(self) -> bool:
        """Take in what has arrived; False at the end of the reports."""
        while True:
            try:
                piece = os.read(self._reports, CHUNK)
            except BlockingIOError:
                return True
            for message in self._frames.feed(piece):
                self._received.append(_report(message))
            if len(piece) < CHUNK:
                return bool(piece)

    def _forget(self) -> None:
        for end in (self._control, self._reports):
            if end >= 0:
                os.close(end)
        self._control = self._reports = -1
        self._frames = Frames()
        if self.pid:
            os.waitpid(self.pid, 0)
            self.pid = 0


def _spawn(environment: Mapping[bytes, bytes], control: int, reports: int) -> int:
    folder = os.path.dirname(__file__)
    # Isolated and without site: less to load, and no step's variables or folder can get in.
    flags = ["-I", "-S", "-B"] if sys.dont_write_bytecode else ["-I", "-S"]
    argv = [sys.executable, *flags, "-c", PROGRAM, folder, str(os.getpid())]
    actions = ((os.POSIX_SPAWN_DUP2, control, 0), (os.POSIX_SPAWN_DUP2, reports, 1))
    return os.posix_spawn(
        argv[0],
        argv,
        environment,
        file_actions=actions,
        setsid=True,  # Ctrl-C is for the runner, which then tells the spawner
        setsigdef=IGNORED_BY_PYTHON,
    )


def _wait(writable: int, readable: int) -> None:
    poller = select.poll()
    poller.register(writable, select.POLLOUT)
    poller.register(readable, select.POLLIN)
    poller.poll()


def _report(message: Message) -> Report:
    kind, *fields = message
    return cast("Report", REPORTS[kind](*fields))
