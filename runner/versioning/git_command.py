"""Ask git, always in the same way: no hooks, no locks, no prompts, no one else's repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import SourceControlError
from runner.process import begin, capture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.process import Output, Pending

# A hook or an alias that started us points these at its repository, index or work tree; we were
# asked about a folder. `git rev-parse --local-env-vars` lists them; GIT_CONFIG_* stays the user's.
OF_ANOTHER_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
VARIABLES: Mapping[str, str | None] = {
    **dict.fromkeys(OF_ANOTHER_REPOSITORY),
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
FULL = ("No space left on device", "out of diskspace", "Out of diskspace")
# A file system monitor would inherit our pipes and keep them open; a shared index would be
# written into the user's git folder; line-end warnings must not stop a snapshot.
SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.safecrlf=false",
    "core.logAllRefUpdates=false",
)


def start(folder: str, *arguments: str) -> Pending:
    """Start a question to git about a folder; `answer` waits for what it says."""
    return begin(_argv(folder, arguments), variables=VARIABLES)


def answer(pending: Pending, folder: str) -> bytes:
    """Wait for a question that was started; errors as for `ask`."""
    return _checked(pending.result(), folder)


def ask(
    folder: str,
    *arguments: str,
    input: bytes = b"",  # noqa: A002  # the name `runner.process.capture` uses
    index: str | None = None,
) -> bytes:
    """Give what git answers about a folder.

    Args:
        folder: The folder in whose repository to ask.
        *arguments: Git's subcommand and its arguments.
        input: What git reads on its standard input.
        index: An index file to use in the place of the user's.

    Raises:
        SourceControlError: git refused; its own words and what to do about it.
        RunnerError: git is not installed.
    """
    variables = VARIABLES if index is None else {**VARIABLES, "GIT_INDEX_FILE": index}
    return _checked(capture(_argv(folder, arguments), variables=variables, input=input), folder)


def _argv(folder: str, arguments: tuple[str, ...]) -> list[str]:
    argv = ["git", "-C", folder]
    for setting in SETTINGS:
        argv += ("-c", setting)
    argv += arguments
    return argv


def _checked(output: Output, folder: str) -> bytes:
    if output.code:
        raise refusal(output.stderr.decode(errors="replace"), folder)
    return output.stdout


def refusal(said: str, folder: str) -> SourceControlError:
    """Turn what git printed when it refused into an error with the command that helps."""
    if "dubious ownership" in said:
        return _dubious(said, folder)
    if "must be run in a work tree" in said:
        return bare(folder)
    if "not a git repository" in said:
        return SourceControlError(
            f"{folder} has a .git that leads nowhere: {_reason(said)}",
            hint=f"git -C {_quoted(folder)} worktree repair, or remove {folder}/.git",
        )
    if any(words in said for words in FULL):
        return SourceControlError(
            f"git cannot keep the code of {folder}: no space left on the disk",
            hint="make room, or commit what changed elsewhere, then run again",
        )
    return SourceControlError(
        f"git cannot say what the code in {folder} is: {_reason(said)}",
        hint=f"git -C {_quoted(folder)} status",
    )


def bare(folder: str) -> SourceControlError:
    """Say that a repository without a work tree cannot be a project."""
    return SourceControlError(
        f"{folder} is a bare git repository: it has no files to run",
        hint=f"git clone {_quoted(folder)} PROJECT && runner run PROJECT",
    )


def _dubious(said: str, folder: str) -> SourceControlError:
    owned = folder
    for line in said.splitlines():
        _, found, rest = line.partition("--add safe.directory ")
        if found:
            owned = rest.strip().strip("'")
    return SourceControlError(
        f"git does not trust {owned}: it belongs to another user",
        hint=f"git config --global --add safe.directory {_quoted(owned)}",
    )


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    told = [line.partition(": ")[2] for line in telling] or lines or ["it gave no reason"]
    return "; ".join(told[-2:])


def _quoted(path: str) -> str:
    import shlex  # noqa: PLC0415  # only an error needs it

    return shlex.quote(path)
