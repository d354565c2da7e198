"""Every error a user can meet, as a tree.

RunnerError                     exit 2   cannot start
├── UsageError                  exit 2   the command line asks for something that is not there
├── ProjectFileError            exit 2   the project file has problems; carries all of them
├── DagError                    exit 2   the steps do not form a graph
├── ParameterError              exit 2   values missing or of the wrong type
├── WorkspaceError              exit 2   an input, an output or the folder is not as it must be
├── SourceControlError          exit 2   git cannot say what the code is
├── DataError                   exit 2   a data version cannot be read, stored or brought back
├── EnvironmentFailure          exit 2   an environment cannot be made or is not as recorded
└── StoreError                  exit 2   a record cannot be read or written
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in a file, and where.

    `line` and `column` count from 1 (0: the file as a whole); `where` is the path inside the
    document, such as `entry_points.train.parameters.alpha`.
    """

    message: str
    where: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    hint: str = ""


class RunnerError(Exception):
    """What happened and where, with the exact next command as `hint`."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RunnerError):
    """The command line asks for something that does not exist or does not fit together."""


class ProjectFileError(RunnerError):
    """All problems of one project file, in the order of their lines."""

    def __init__(self, file: str, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(describe(file, problem) for problem in problems), hint=hint)


class DagError(RunnerError):
    """The steps do not form a graph: a cycle, two producers, an unknown need."""


class ParameterError(RunnerError):
    """Parameters without a value, or with one of the wrong type; all of them listed."""


class WorkspaceError(RunnerError):
    """An input is missing, an output leaves the project, or the folder cannot be used."""


class SourceControlError(RunnerError):
    """Git cannot say what the code is."""


class DataError(RunnerError):
    """A data version cannot be computed, stored, verified or brought back."""


class EnvironmentFailure(RunnerError):
    """An environment cannot be locked, installed or verified."""


class StoreError(RunnerError):
    """A record or its index cannot be read or written."""


def describe(file: str, problem: Problem) -> str:
    """Render one problem as `file:line:column: message`, the offending line and its hint."""
    place = f"{file}:{problem.line}:{problem.column}" if problem.line else file
    text = f"{place}: {problem.message}"
    if problem.where:
        text += f" (at {problem.where})"
    if problem.source:
        text += f"\n    {problem.source}"
    if problem.hint:
        text += f"\n    {problem.hint}"
    return text
