"""Where environments, locks and package caches are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable


def runner_home() -> Path:
    """Give `$RUNNER_HOME`, else `$XDG_CACHE_HOME/runner`, else `~/.cache/runner`."""
    own = os.environ.get("RUNNER_HOME")
    if own:
        return Path(own).absolute()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path("~").expanduser() / ".cache") / "runner"


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, whoever else writes it.

    Raises:
        EnvironmentFailure: The folder cannot be written, or the disk is full.
    """
    _write(path, text, Path.replace)


def write_once(path: Path, text: str) -> str:
    """Write a file unless it is there, and give what stands in it: the first writer's text.

    Raises:
        EnvironmentFailure: The folder cannot be written, or the disk is full.
    """
    _write(path, text, _link)
    return path.read_text("utf-8")


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _write(path: Path, text: str, publish: Callable[[Path, Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, "utf-8")
        publish(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise EnvironmentFailure(
            f"cannot write {path}: {error.strerror}",
            hint="free some space there, or set RUNNER_HOME to a folder that can be written",
        ) from error
