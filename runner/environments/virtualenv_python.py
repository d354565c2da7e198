"""Choose the interpreter that a virtualenv is made with."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.spelling import listed
from runner.environments.interpreters import (
    Interpreter,
    interrogate,
    is_shim,
    on_path,
    pyenv_versions,
)
from runner.environments.virtualenv_uv import Uv
from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator


def choose(wanted: str, *, home: Path, preferred: str = "", downloads: bool = False) -> Interpreter:
    """Find an interpreter of a version.

    Args:
        wanted: Its version, exact to the given digits; empty for the one that runs us.
        home: The folder that remembers which Python an executable is.
        preferred: The full version a lock was made with; taken when there is one.
        downloads: Whether uv may fetch the interpreter when there is none.

    Raises:
        EnvironmentFailure: There is none; says which there are.
    """
    if not wanted and not preferred:
        return _running(home)
    found: list[Interpreter] = []
    for candidate in _candidates(wanted or preferred, home):
        found.append(candidate)
        if candidate.version == preferred or (not preferred and matches(candidate.version, wanted)):
            return candidate
    if not wanted:
        return _running(home)
    suitable = [each for each in found if matches(each.version, wanted)]
    if suitable:
        return suitable[0]
    if downloads:
        Uv(home, downloads=True).run(
            ["python", "install", wanted], doing=f"install Python {wanted}"
        )
        return choose(wanted, home=home, preferred=preferred)
    versions = listed(sorted({f"{each.version} ({each.path})" for each in found}))
    raise EnvironmentFailure(
        f"there is no Python {wanted} on this machine; found {versions or 'none'}",
        hint=f"uv python install {wanted}   (or: pyenv install {wanted}, "
        f"apt-get install python{'.'.join(wanted.split('.')[:2])}-venv)",
    )


def matches(version: str, wanted: str) -> bool:
    """Tell whether a full version is one of those asked for."""
    parts = wanted.split(".") if wanted else []
    return version.split(".")[: len(parts)] == parts


def _candidates(wanted: str, home: Path) -> Iterator[Interpreter]:
    """Give each interpreter of this machine once: PATH's, pyenv's, uv's, then the running one."""
    seen: set[str] = set()
    for executable in _executables(wanted, home):
        real = os.path.realpath(executable)
        interpreter = None if real in seen else interrogate(str(executable), home)
        seen.add(real)
        if interpreter and interpreter.path not in seen - {real}:
            seen.add(interpreter.path)
            yield interpreter


def _executables(wanted: str, home: Path) -> Iterator[Path]:
    minor = ".".join(wanted.split(".")[:2])
    for executable in on_path((f"python{minor}", "python3", "python")):
        if not is_shim(executable):
            yield executable
    yield from (path for path in pyenv_versions() if matches(path.parent.parent.name, minor))
    answer = Uv(home).attempt(["python", "find", "--managed-python", wanted])
    if answer.code == 0:
        yield Path(os.fsdecode(answer.stdout.strip()))
    yield Path(sys.executable)


def _running(home: Path) -> Interpreter:
    interpreter = interrogate(sys.executable, home)
    if interpreter is None:
        raise EnvironmentFailure(
            f"the Python that runs this, {sys.executable}, does not answer",
            hint="name a version under `python:` in python_env.yaml",
        )
    return interpreter
