"""`init`: begin a project in a folder, overwriting nothing and committing nothing."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from runner import bootstrap, process, project_files
from runner.core import binding
from runner.errors import DataError, RunnerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = """\
# What this project runs: `runner run .`   Every key: MLproject.example in runner's repository.
name: {name}

entry_points:
  hello:
    parameters:
      who: {{type: string, default: world}}
    outs: [hello.txt]
    command: "echo hello {{who}} > hello.txt"
  main:
    needs: [hello]
"""


def begin(folder: str, *, dvc: bool) -> Iterator[str]:
    """Make what a project needs and is not there yet; say each thing that was done.

    Raises:
        RunnerError: the folder or its project file cannot be used.
    """
    full = _made_folder(folder)
    done = 0
    for line in _make(full, dvc=dvc):
        done += 1
        yield line
    if not done:
        yield "everything is there already"
    where = "" if full == os.getcwd() else f" {quote(folder)}"
    yield f"next: runner plan{where}, then runner run{where or ' .'}"


def _make(full: str, *, dvc: bool) -> Iterator[str]:
    hidden = os.path.join(full, ".runner")
    is_new = not os.path.exists(hidden)
    bootstrap.make_runner_folder(hidden)
    if is_new:
        yield "made .runner/, which git ignores"
    if not any(name.lower() == project_files.NAME for name in os.listdir(full)):
        name = os.path.basename(full) or "project"
        _write_new(os.path.join(full, "MLproject"), TEMPLATE.format(name=_yaml_text(name)))
        yield "made MLproject"
    if dvc:
        yield from _begin_dvc(full)
    yield from _ignore_outs(full)


def _made_folder(folder: str) -> str:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be a project's folder: {error.strerror}", hint="name another folder"
        ) from error
    return os.path.abspath(folder)


def _begin_dvc(full: str) -> Iterator[str]:
    top = process.capture(["git", "-C", full, "rev-parse", "--show-toplevel"])
    if top.code:
        if not os.path.exists(os.path.join(full, ".dvc")):
            yield "no git repository, so no DVC: outputs are kept in .runner/cache"
        return
    root = os.path.realpath(os.fsdecode(top.stdout.rstrip(b"\n")))
    above = os.path.realpath(full)
    while True:
        if os.path.isdir(os.path.join(above, ".dvc")):
            return
        if above in (root, os.path.dirname(above)):
            break
        above = os.path.dirname(above)
    from runner.versioning.dvc_remote import initialise

    try:
        initialise(full, subdir=os.path.realpath(full) != root)
    except DataError as error:
        raise DataError(error.message, hint="dvc init, or runner init --no-dvc") from error
    yield "made .dvc/ and .dvcignore, as dvc init does"


def _ignore_outs(full: str) -> Iterator[str]:
    """Add the outs of the project to the folder's .gitignore, unless git ignores them already."""
    try:
        project, _ = project_files.load(full)
        bound = binding.bind(project, binding.Request((), (), full, full))
    except RunnerError as error:
        yield f"left .gitignore as it is: {error.message.partition(chr(10))[0]}"
        return
    outs = [out.path for step in bound.steps.values() for out in step.outs if out.cache]
    if not outs:
        return
    text = b"".join(os.fsencode(path) + b"\0" for path in outs)
    checked = process.capture(["git", "-C", full, "check-ignore", "-z", "--stdin"], input=text)
    if checked.code not in (0, 1):
        return
    known = set(os.fsdecode(checked.stdout).split("\0"))
    lines = [f"/{_escaped(path)}" for path in outs if path not in known]
    if lines:
        path = os.path.join(full, ".gitignore")
        before = _text_of(path)
        gap = "\n" if before and not before.endswith("\n") else ""
        with open(path, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(gap + "\n".join(lines) + "\n")
        yield f"added to .gitignore: {', '.join(lines)}"


def _escaped(path: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]!#\\ " else c for c in path)


def _yaml_text(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _write_new(path: str, text: str) -> None:
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
