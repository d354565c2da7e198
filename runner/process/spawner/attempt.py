"""One attempt of a step: its start, and what is known of it until its end is reported."""

import posix

from . import tree

MARK = b"RUNNER_ATTEMPT"
NEVER = float("inf")
ALIVE_AFTER = 1.0
# A process that even SIGKILL does not end (it hangs in the kernel, or is another user's) keeps
# neither its step nor the run from ending.
PATIENCE = 5.0
KIB = 1024

DEFAULT_PATH = b"/usr/local/bin:/usr/bin:/bin"
NO_INPUT = (posix.POSIX_SPAWN_OPEN, 0, b"/dev/null", posix.O_RDONLY, 0)
APPEND = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT
MODE = 0o666
# HUP INT QUIT PIPE TERM XFSZ: what is ignored (by Python, or by a shell's `&`) stays so in exec.
DEFAULT_SIGNALS = (1, 2, 3, 13, 15, 25)
OWN_SESSION: dict[str, int] = {"setsid": True} if tree.ON_LINUX else {"setpgroup": 0}


class Attempt:
    """A running command and the processes it leads. Times are of the monotonic clock.

    `kill_at` is set once it was asked to end. `status` is set once its first process has ended;
    from then on only what that one left behind is waited for, at most until `give_up_at`.
    """

    __slots__ = (
        "alive_at",
        "cancelled",
        "cpu_seconds",
        "expires_at",
        "give_up_at",
        "grace",
        "kill_at",
        "mark",
        "name",
        "peak",
        "pid",
        "seconds",
        "started_at",
        "status",
        "timed_out",
    )

    def __init__(
        self, name: str, pid: int, now: float, timeout: float | None, grace: float
    ) -> None:
        self.name = name
        self.mark = marked(name)
        self.pid = pid
        self.started_at = now
        self.alive_at = now + ALIVE_AFTER
        self.expires_at = NEVER if timeout is None else now + timeout
        self.grace = grace
        self.kill_at = NEVER
        self.give_up_at = NEVER
        self.status: int | None = None
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak = 0
        self.timed_out = False
        self.cancelled = False

    def wake_at(self) -> float:
        """Tell when something is to be done for it, whatever happens until then."""
        return min(self.alive_at, self.expires_at, self.kill_at, self.give_up_at)

    def keep_end(self, now: float, status: int, usage: tuple[float, ...]) -> None:
        """Keep how its first process ended, and what that and its children have used."""
        self.status = status
        self.seconds = now - self.started_at
        self.cpu_seconds = usage[0] + usage[1]
        self.peak = int(usage[2]) * (KIB if tree.ON_LINUX else 1)
        self.alive_at = self.expires_at = NEVER
        if self.kill_at == NEVER:
            self.kill_at = now  # it ended by itself: nobody needs what it left behind
        self.give_up_at = max(now, self.kill_at) + PATIENCE

    def owns(self, pid: int) -> bool:
        """Tell whether an orphan is this attempt's: by its session, or by the mark it carries."""
        return tree.session(pid) == self.pid or self.mark in tree.environment(pid)


class CannotStartError(Exception):
    """What is wrong (`folder`, `program` or `output`) and the number of the error."""

    def __init__(self, what: str, number: int) -> None:
        super().__init__(what, number)
        self.what = what
        self.number = number


def marked(name: str) -> bytes:
    """Render the variable by which the processes of an attempt are known."""
    return MARK + b"=" + name.encode("utf-8", "surrogateescape")


def start(
    argv: list[bytes],
    folder: bytes,
    environment: dict[bytes, bytes],
    outputs: tuple[bytes, bytes | None],
) -> int:
    """Start a command in its own session, and give its process id.

    Args:
        argv: The program, looked up on the PATH of `environment`, and its arguments.
        folder: Where it runs.
        environment: All its variables.
        outputs: What stdout and stderr are appended to; None: stderr goes where stdout does.
    """
    try:
        posix.chdir(folder)
    except OSError as error:
        raise CannotStartError("folder", error.errno or 0) from None
    out, err = outputs
    to_err = (
        (posix.POSIX_SPAWN_DUP2, 1, 2)
        if err is None
        else (posix.POSIX_SPAWN_OPEN, 2, err, APPEND, MODE)
    )
    actions = (NO_INPUT, (posix.POSIX_SPAWN_OPEN, 1, out, APPEND, MODE), to_err)
    try:
        return posix.posix_spawn(
            _find(argv[0], environment.get(b"PATH", DEFAULT_PATH)),
            argv,
            environment,
            file_actions=actions,
            setsigmask=(),
            setsigdef=DEFAULT_SIGNALS,
            **OWN_SESSION,  # type: ignore[arg-type]  # one of two that differ in type
        )
    except OSError as error:
        _check_output(out)
        raise CannotStartError("program", error.errno or 0) from None


def _find(program: bytes, search_path: bytes) -> bytes:
    if b"/" in program:
        return program
    for place in search_path.split(b":"):
        candidate = (place or b".") + b"/" + program
        if posix.access(candidate, posix.X_OK):
            return candidate
    return program  # so that starting it says what is wrong


def _check_output(path: bytes) -> None:
    """Say so when it is the output that cannot be opened: the spawn's error is the same."""
    try:
        posix.close(posix.open(path, APPEND, MODE))
    except OSError as error:
        raise CannotStartError("output", error.errno or 0) from None
