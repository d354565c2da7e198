"""Write the projects that are measured: real git repositories, for runner and for its peers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def commit(folder: Path) -> None:
    """Make the folder a git repository with everything in it committed."""
    author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def trivial(folder: Path) -> None:
    """Write a project of one step that does nothing; MLflow and runner both understand it."""
    write(folder / "MLproject", "name: trivial\nentry_points:\n  main:\n    command: 'true'\n")
    write(folder / ".gitignore", "/mlruns/\n/mlartifacts/\n")
    commit(folder)


def command(number: int) -> str:
    """Give the command of a step that writes one small file."""
    return f"echo {number} > out/{number}.txt"


def independent(folder: Path, steps: int) -> None:
    """Write a project of steps that write one file each and know nothing of each other."""
    entries = (
        f"  s{n}:\n    outs: [out/{n}.txt]\n    command: {json.dumps(command(n))}\n"
        for n in range(steps)
    )
    mlproject(folder, entries)
    write(folder / "commands.txt", "".join(f"{command(n)}\n" for n in range(steps)))
    commit(folder)


def chain(folder: Path, steps: int) -> None:
    """Write a project in which each step copies the file of the one before it."""
    write(folder / "in/0.txt", "0\n")
    entries = (
        f"  s{n}:\n    deps: [{chained(n)}]\n    outs: [out/{n}.txt]\n"
        f"    command: cp {chained(n)} out/{n}.txt\n"
        for n in range(steps)
    )
    mlproject(folder, entries)
    commit(folder)


def chained(number: int) -> str:
    return f"out/{number - 1}.txt" if number else "in/0.txt"


def copying(folder: Path, steps: int) -> None:
    """Write a project of steps with one committed file in and one file out each."""
    inputs(folder, steps)
    entries = (
        f"  s{n}:\n    deps: [in/{n}.txt]\n    outs: [out/{n}.txt]\n"
        f"    command: cp in/{n}.txt out/{n}.txt\n"
        for n in range(steps)
    )
    mlproject(folder, entries)
    commit(folder)


def copying_in_doit(folder: Path, steps: int) -> None:
    """Write the same steps as `copying` as tasks of doit."""
    inputs(folder, steps)
    write(
        folder / "dodo.py",
        f"def task_copy():\n    for n in range({steps}):\n"
        "        source, target = f'in/{n}.txt', f'out/{n}.txt'\n"
        "        yield {'name': str(n), 'file_dep': [source], 'targets': [target],\n"
        "               'actions': [f'cp {source} {target}']}\n",
    )
    (folder / "out").mkdir()
    commit(folder)


def copying_in_dvc(folder: Path, steps: int) -> None:
    """Write the same steps as `copying` as DVC has them after a run: outs, lock and cache.

    A first run of 1,000 stages takes DVC a quarter of an hour; it takes what is written here
    for its own work.
    """
    inputs(folder, steps)
    stages, locks = ["stages:\n"], ["schema: '2.0'\nstages:\n"]
    for n in range(steps):
        text = f"{n}\n"
        md5 = hashlib.md5(text.encode()).hexdigest()
        content = f"      md5: {md5}\n      hash: md5\n      size: {len(text)}\n"
        cmd = f"  s{n}:\n    cmd: cp in/{n}.txt out/{n}.txt\n"
        stages.append(f"{cmd}    deps: [in/{n}.txt]\n    outs: [out/{n}.txt]\n")
        locks.append(f"{cmd}    deps:\n    - path: in/{n}.txt\n{content}")
        locks.append(f"    outs:\n    - path: out/{n}.txt\n{content}")
        write(folder / "out" / f"{n}.txt", text)
        write(folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:], text)
    write(folder / "dvc.yaml", "".join(stages))
    write(folder / "dvc.lock", "".join(locks))
    write(folder / ".dvc/config", DVC_CONFIG)
    write(folder / ".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    commit(folder)


def verifying(folder: Path, *, big: int, big_size: int, small: int) -> None:
    """Write a project of one step that reads big files and a folder of small ones."""
    write(folder / ".gitignore", "/data/\n/out/\n")
    deps = ", ".join([*(f"data/big/{n}.bin" for n in range(big)), "data/small"])
    (folder / "data/big").mkdir(parents=True)
    (folder / "data/small").mkdir(parents=True)
    for n in range(big):
        with (folder / f"data/big/{n}.bin").open("wb") as file:
            for _ in range(big_size // 2**20):
                file.write(os.urandom(2**20))
    for n in range(small):
        (folder / f"data/small/{n}.txt").write_text(f"{n}\n" * 20)
    entry = f"  look:\n    deps: [{deps}]\n    outs: [out/seen.txt]\n"
    mlproject(folder, [entry, "    command: echo seen > out/seen.txt\n"])
    commit(folder)


def mlproject(folder: Path, entries: Iterable[str]) -> None:
    write(folder / "MLproject", "name: bench\nentry_points:\n" + "".join(entries))
    if not (folder / ".gitignore").exists():
        write(folder / ".gitignore", "/out/\n")


def inputs(folder: Path, steps: int) -> None:
    write(folder / ".gitignore", "/out/\n/.doit.db*\n__pycache__/\n")
    for n in range(steps):
        write(folder / "in" / f"{n}.txt", f"{n}\n")


class Untouched:
    """Holds that a run with nothing to do leaves every file of a folder as it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, int] = {}

    def look(self) -> None:
        self._seen = self._times()

    def check(self) -> None:
        if not self._seen or self._seen != self._times():
            raise AssertionError(f"something was done in {self._folder}, or never was")

    def _times(self) -> dict[str, int]:
        with os.scandir(self._folder) as entries:
            return {entry.name: entry.stat().st_mtime_ns for entry in entries}


def counted(folder: Path, number: int) -> Callable[[], None]:
    """Give a check that the folder holds that many files."""

    def check() -> None:
        found = sum(1 for _ in folder.iterdir())
        if found != number:
            raise AssertionError(f"{found} files in {folder}, not {number}")

    return check
