"""Which Python an executable is: asked once, and remembered until the file changes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from runner.environments.home import write_whole

# Old enough for every interpreter that may lie about, so that a message can name what was found.
QUESTION = """
import json, os, platform, sys, sysconfig
value = sysconfig.get_config_var
print(json.dumps([
    getattr(sys, "_base_executable", None) or sys.executable,
    platform.python_version(),
    platform.python_implementation().lower(),
    sys.platform + "-" + platform.machine()
    + ("-musl" if sys.platform == "linux" and platform.libc_ver()[0] != "glibc" else ""),
    "cp%d%d" % sys.version_info[:2]
    + ("t" if value("Py_GIL_DISABLED") else "") + ("d" if value("Py_DEBUG") else ""),
]))
"""
MEMORY = "interpreters.json"


class Interpreter(NamedTuple):
    """A Python. `path` is the real executable, never a virtual environment's or a shim.

    `version` is the full one ("3.11.7"), `implementation` its name in lower case, `platform`
    system, machine and C library ("linux-x86_64"), and `abi` CPython's tag ("cp311").
    """

    path: str
    version: str
    implementation: str
    platform: str
    abi: str

    @property
    def identity(self) -> str:
        """Name what makes two interpreters the same one for an env_id."""
        return f"{self.implementation} {self.version}"


def interrogate(executable: str, memory: Path) -> Interpreter | None:
    """Tell which interpreter an executable is; None when it does not answer like a Python.

    Args:
        executable: A full path.
        memory: The folder that keeps earlier answers, by real path, size, mtime and ctime.
    """
    real = os.path.realpath(executable)
    signature = stat_signature(real)
    if signature is None:
        return None
    known = _remembered(memory)
    answer = known.get(real)
    if answer and answer[0] == signature:
        return Interpreter(*answer[1])
    facts = _ask(executable)
    # Another name is a launcher (mise, asdf) that starts different Pythons at different times.
    if facts and Path(real).name.startswith(("python", "pypy")):
        _remember(memory, {**known, real: [signature, facts]})
    return Interpreter(*facts) if facts else None


def first_on_path(folder: str, memory: Path) -> Interpreter | None:
    """Find the Python that `python3`, else `python`, starts in a folder."""
    for candidate in (*on_path(("python3",)), *on_path(("python",))):
        behind = behind_shim(candidate.name, Path(folder)) if is_shim(candidate) else candidate
        found = interrogate(str(behind), memory) if behind else None
        if found:
            return found
    return None


def stat_signature(path: str) -> list[int] | None:
    """Give what changes when a file does: size, mtime, ctime and inode; None without a file."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def is_shim(executable: Path) -> bool:
    """Tell a pyenv shim: a script whose answer depends on folder and settings."""
    try:
        with executable.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def behind_shim(name: str, folder: Path) -> Path | None:
    """Find what a pyenv shim starts in a folder, as pyenv does; None when it is the system's."""
    wanted = os.environ.get("PYENV_VERSION")
    if not wanted:
        files = [place / ".python-version" for place in (folder, *folder.parents)]
        chosen = next(
            (file for file in (*files, _pyenv_root() / "version") if file.is_file()), None
        )
        wanted = chosen.read_text("utf-8", "replace") if chosen else ""
    for version in wanted.replace(":", " ").split():
        for python in pyenv_versions():
            found = python.with_name(name)
            if f"{python.parent.parent.name}.".startswith(f"{version}.") and found.is_file():
                return found
    return None


def pyenv_versions() -> list[Path]:
    """List the executables of the Pythons that pyenv installed, newest version first."""
    found = _pyenv_root().glob("versions/*/bin/python")
    return sorted(found, key=lambda path: version_key(path.parent.parent.name), reverse=True)


def version_key(version: str) -> tuple[tuple[int, ...], bool]:
    """Order versions by their numbers; before each comes its `-dev`, before all other names."""
    release, dash, _ = version.partition("-")
    parts = release.split(".")
    numbers = tuple(int(part) for part in parts if part.isdigit()) if parts[0].isdigit() else ()
    return numbers, not dash


def on_path(names: tuple[str, ...], search_path: str | None = None) -> list[Path]:
    """List the executables of these names on PATH, in its order."""
    folders = (os.environ.get("PATH") or os.defpath if search_path is None else search_path).split(
        os.pathsep
    )
    candidates = [Path(folder, name) for folder in folders if folder for name in names]
    return [path for path in candidates if path.is_file() and os.access(path, os.X_OK)]


def _pyenv_root() -> Path:
    """Find pyenv's folder: the one named, else that of the shims on PATH, else the usual one."""
    named = os.environ.get("PYENV_ROOT")
    if named:
        return Path(named)
    places = (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep))
    shims = (place.parent for place in places if place.name == "shims")
    usual = Path("~").expanduser() / ".pyenv"
    return next((root for root in shims if (root / "versions").is_dir()), usual)


def _ask(executable: str) -> list[str] | None:
    from runner.process import capture  # noqa: PLC0415  # only an unknown file has to be asked

    answer = capture(
        [executable, "-I", "-c", QUESTION],
        variables={"PYTHONHOME": None, "PYTHONPATH": None, "__PYVENV_LAUNCHER__": None},
    )
    if answer.code != 0:
        return None
    try:
        facts = json.loads(answer.stdout)
    except ValueError:
        return None
    return [os.path.realpath(facts[0]), *facts[1:]] if isinstance(facts, list) else None


def _remembered(memory: Path) -> dict[str, list[list[Any]]]:
    try:
        known = json.loads((memory / MEMORY).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(memory: Path, known: dict[str, list[list[Any]]]) -> None:
    kept = {path: answer for path, answer in known.items() if Path(path).exists()}
    write_whole(memory / MEMORY, json.dumps(kept, sort_keys=True))
