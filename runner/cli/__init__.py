"""Words -> one call of the api -> one view; exit codes; the one last-resort error handler."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

OK, NO, CANNOT_START, OUR_BUG = 0, 1, 2, 70
INTERRUPTED, TERMINATED = 130, 143
EXIT_CODES = {
    OK: "done",
    NO: "done, and the answer is no: a step failed, a result differs, a check found something",
    CANNOT_START: "cannot start: usage, project file, missing code, data or environment",
    OUR_BUG: "a bug in runner, with a report that is ready to paste",
    INTERRUPTED: "interrupted by Ctrl-C",
    TERMINATED: "ended by SIGTERM",
}
# What the machine refuses is no bug of ours, wherever it is met.
REFUSALS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EIO,
        errno.EISDIR,
        errno.ELOOP,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENFILE,
        errno.ENOENT,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


def main(words: Sequence[str]) -> int:
    """Carry out one command line and give its exit code; no traceback for a user's mistake."""
    code = _guarded(words)
    problem = _flush(sys.stdout)
    if problem is not None and not isinstance(problem, BrokenPipeError):
        _tell(RunnerError(f"cannot write the output: {problem.strerror}", hint="make room first"))
        code = CANNOT_START
    _flush(sys.stderr)
    return code


def _flush(stream: TextIO) -> OSError | None:
    """Write what is left of a stream; what cannot be written goes nowhere, or Python complains."""
    try:
        stream.flush()
    except OSError as error:
        from runner.cli.streams import give_up

        give_up(stream)
        return error
    return None


def _guarded(words: Sequence[str]) -> int:
    try:
        return _carry_out(words)
    except RunnerError as error:
        _tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return OK
    except SystemExit as asked:  # argparse's way to say that --help was all
        return asked.code if isinstance(asked.code, int) else OK
    except Exception as error:  # noqa: BLE001  # the last resort
        return _unexpected(error, words)


def _unexpected(error: Exception, words: Sequence[str]) -> int:
    """Tell what the machine refused, or else that it is our bug, with a report."""
    if isinstance(error, OSError) and error.errno in REFUSALS:
        _tell(_refusal(error))
        return CANNOT_START
    from runner.cli.bug_report import write

    _say(write(error, words))
    return OUR_BUG


def _carry_out(words: Sequence[str]) -> int:
    from runner.cli.parser import parse

    arguments = parse(words)
    if arguments.folder_of_work:
        try:
            os.chdir(arguments.folder_of_work)
        except OSError as error:
            raise RunnerError(
                f"-C {arguments.folder_of_work}: {error.strerror}", hint="give a folder that exists"
            ) from error
    code: int = arguments.carry_out(arguments)
    return code


def _refusal(error: OSError) -> RunnerError:
    where = os.fsdecode(error.filename) if error.filename else "the system refused"
    return RunnerError(f"{where}: {error.strerror}", hint="runner doctor")


def _tell(error: RunnerError) -> None:
    _say(f"error: {error.message}")
    if error.hint:
        _say(f"hint: {error.hint}")


def _say(text: str) -> None:
    from runner.views.words import visible_lines

    with suppress(OSError):  # nobody is left to hear it
        print(visible_lines(text), file=sys.stderr)
