"""The small program that starts every step, ends every step, and outlives a killed runner.

It exists for three reasons. A child's peak memory starts from its parent's, so the parent has to
be small: nothing but built-in modules is imported here, not even `os`. Somebody has to be left to
end the steps when the runner is killed with -9: this program sees its pipe close. And somebody
has to inherit what a step leaves behind, however often it forked: a child subreaper does.
"""

import _signal  # type: ignore[import-not-found]  # `signal` costs 4 ms and half a megabyte: enum
import posix
import select
import time

from . import tree
from .attempt import MARK, NEVER, PATIENCE, Attempt, CannotStartError, start
from .wire import Frames, Message, frame

CONTROL, REPORTS = 0, 1
CHUNK = 1 << 16
SUBREAPER = 36
AGAIN = 0.1


class Spawner:
    """What runs now, and what is to be told to the runner."""

    def __init__(self) -> None:
        self._base: dict[bytes, bytes] = {}
        self._frames = Frames()
        self._attempts: dict[str, Attempt] = {}
        self._leaders: dict[int, Attempt] = {}
        self._reports: list[bytes] = []
        self._given_up: set[int] = set()
        self._wake_at = NEVER

    def serve(self, runner: int) -> None:
        """Do what the runner asks until it is gone."""
        poller = select.poll()
        child_ended = _child_signals()
        for source in (CONTROL, child_ended, _life_of(runner)):
            poller.register(source, select.POLLIN)
        while True:
            for source, _ in poller.poll(self._milliseconds()):
                if source == child_ended:
                    posix.read(child_ended, CHUNK)
                elif source != CONTROL or not self._obey():
                    return
            self._reap()
            if self._wake_at != NEVER and time.monotonic() >= self._wake_at:
                self._tick(time.monotonic())
            if self._reports:
                _write(b"".join(self._reports))
                self._reports.clear()

    def end_everything(self) -> None:
        """Kill every process below this one, however it tried to get away."""
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            try:
                while posix.waitpid(-1, posix.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            tree.kill(tree.own_children())
            time.sleep(0.002)

    def _obey(self) -> bool:
        piece = posix.read(CONTROL, CHUNK)
        for message in self._frames.feed(piece):
            self._do(message)
        return bool(piece)

    def _do(self, message: Message) -> None:
        if message[0] == "start":
            self._start(message)
        elif message[0] == "cancel":
            _, name, grace = message
            self._cancel(name, grace)
        else:
            _, self._base = message

    def _start(self, message: Message) -> None:
        _, name, argv, folder, variables, outputs, limits = message
        mark = {MARK: name.encode("utf-8", "surrogateescape")}
        now = time.monotonic()
        try:
            environment = {**self._base, **variables, **mark}
            if None in variables.values():
                environment = {k: v for k, v in environment.items() if v is not None}
            pid = start(argv, folder, environment, outputs)
        except CannotStartError as error:
            self._report("failed", name, error.what, error.number)
            return
        attempt = Attempt(name, pid, now, *limits)
        self._attempts[name] = self._leaders[pid] = attempt
        self._wake_at = min(self._wake_at, attempt.wake_at())

    def _cancel(self, name: str, grace: float) -> None:
        attempt = self._attempts.get(name)
        if attempt is not None:
            attempt.cancelled = attempt.status is None or attempt.cancelled
            self._ask_to_end(attempt, grace)

    def _ask_to_end(self, attempt: Attempt, grace: float) -> None:
        attempt.expires_at = NEVER
        attempt.kill_at = min(attempt.kill_at, time.monotonic() + grace)
        self._wake_at = min(self._wake_at, attempt.kill_at)
        if grace > 0:
            tree.ask_to_end(self._members(attempt))

    def _reap(self) -> None:
        """Take leave of whoever has ended, and settle what its end may complete."""
        reaped = False
        while True:
            try:
                pid, status, usage = posix.wait4(-1, posix.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            reaped = True
            attempt = self._leaders.pop(pid, None)
            if attempt is not None:
                attempt.keep_end(time.monotonic(), status, usage)
        if reaped:
            for attempt in [a for a in self._attempts.values() if a.status is not None]:
                self._settle(attempt, time.monotonic())

    def _settle(self, attempt: Attempt, now: float) -> None:
        """Report an ended attempt, once nothing of it is left."""
        left = self._left_behind(attempt)
        if left and now < attempt.give_up_at:
            if now >= attempt.kill_at:
                tree.kill(left)
                attempt.kill_at = now + AGAIN
            self._wake_at = min(self._wake_at, attempt.kill_at)
            return
        self._given_up.update(left)
        del self._attempts[attempt.name]
        self._report(
            "ended",
            attempt.name,
            attempt.status,
            attempt.seconds,
            attempt.cpu_seconds,
            attempt.peak,
            attempt.timed_out,
            attempt.cancelled,
        )

    def _tick(self, now: float) -> None:
        """Do what is due by the clock."""
        for attempt in list(self._attempts.values()):
            if now >= attempt.alive_at:
                attempt.alive_at = NEVER
                self._report("alive", attempt.name, attempt.pid)
            if now >= attempt.expires_at:
                attempt.timed_out = True
                self._ask_to_end(attempt, attempt.grace)
            if attempt.status is not None:
                self._settle(attempt, now)
            elif now >= attempt.kill_at:
                tree.kill(self._members(attempt))
                attempt.kill_at = now + AGAIN
        self._wake_at = min((a.wake_at() for a in self._attempts.values()), default=NEVER)

    def _members(self, attempt: Attempt) -> list[int]:
        leader = [attempt.pid] if attempt.status is None else []
        return leader + self._left_behind(attempt)

    def _left_behind(self, attempt: Attempt) -> list[int]:
        """Find the orphans of an attempt. With no other one around, they are all its own."""
        orphans = [
            pid
            for pid in tree.own_children()
            if pid not in self._leaders and pid not in self._given_up
        ]
        if len(self._attempts) == 1 or not orphans:
            return orphans
        return [pid for pid in orphans if attempt.owns(pid)]

    def _report(self, *message: object) -> None:
        self._reports.append(frame(message))

    def _milliseconds(self) -> float | None:
        if self._wake_at == NEVER:
            return None
        return max(0.0, self._wake_at - time.monotonic()) * 1000 + 1


def main(runner: int) -> None:
    """Serve the process that started this one, and leave nothing behind."""
    _adopt_orphans()
    spawner = Spawner()
    try:
        if posix.getppid() == runner:
            spawner.serve(runner)
    except BrokenPipeError:
        pass  # the runner is gone: the same as its end
    finally:
        spawner.end_everything()
    posix._exit(0)  # noqa: SLF001  # its public name would need `os`


def _adopt_orphans() -> None:
    """Become the parent of all orphans below, where the system can do that."""
    if not tree.ON_LINUX:
        return
    try:
        import _ctypes  # noqa: PLC0415  # `ctypes` costs 3 ms and half a megabyte for one call

        own_program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is its name
        prctl = _ctypes.dlsym(own_program, "prctl")
        _ctypes.call_function(prctl, (SUBREAPER, 1, 0, 0, 0))
    except (ImportError, AttributeError, OSError):
        return  # sessions and marks still find most of what a step leaves behind


def _child_signals() -> int:
    """Give a pipe that becomes readable when a child ends. Ctrl-C is the runner's business."""
    reader, writer = posix.pipe()
    for end in (reader, writer):
        posix.set_blocking(end, False)
    _signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _signal.signal(_signal.SIGCHLD, lambda *_: None)
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        _signal.signal(number, _signal.SIG_IGN)
    return reader


def _life_of(runner: int) -> int:
    """Give what becomes readable when the runner ends, also if a fork of it keeps our pipe."""
    try:
        return posix.pidfd_open(runner)
    except (AttributeError, OSError):
        return CONTROL


def _write(data: bytes) -> None:
    while data:
        data = data[posix.write(REPORTS, data) :]
