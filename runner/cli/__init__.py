"""Words -> one call of the api -> one view; exit codes; the one last-resort error handler."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, NO, CANNOT_START, OUR_BUG = 0, 1, 2, 70
INTERRUPTED, TERMINATED = 130, 143


def main(words: Sequence[str]) -> int:
    """Carry out one command line and give its exit code; no traceback for a user's mistake."""
    try:
        code = _carry_out(words)
        sys.stdout.flush()
    except RunnerError as error:
        _tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone; Python must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except SystemExit:
        raise
    except Exception as error:  # noqa: BLE001  # the last resort: our bug, with a report
        from runner.cli.bug_report import write

        print(write(error, words), file=sys.stderr)
        return OUR_BUG
    return code


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


def _tell(error: RunnerError) -> None:
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
