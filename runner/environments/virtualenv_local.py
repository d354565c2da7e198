"""Local projects that a virtualenv installs: which of their files count, and their digest.

They are installed as copies of exactly the files hashed here, also when the requirement says
`-e`: an environment found by its env_id must not change when a folder somewhere does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from runner.environments.interpreters import stat_signature

JUNK = frozenset(
    ("__pycache__", "build", "dist", "venv", "node_modules", "mlruns", "mlartifacts", "htmlcov")
)
# A folder takes part when it holds sources, with all below it: data and outs lie elsewhere.
SOURCES = (
    ".py", ".pyi", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".f", ".f90", ".rs",
)  # fmt: skip
METADATA = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Cargo.toml")
ROOT_FILES = (*METADATA, "MANIFEST.in", "CMakeLists.txt", "meson.build")
ROOT_PREFIXES = ("README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def files(root: str) -> list[str]:
    """List the files of a local project that a build takes, relative to it, sorted."""
    found: list[str] = []
    pending = [("", False)]
    while pending:
        prefix, inside = pending.pop()
        names, folders = _listing(f"{root}/{prefix}")
        taken = inside or (prefix != "" and any(name.endswith(SOURCES) for name in names))
        pending += [(f"{prefix}{name}/", taken) for name in folders]
        found += [f"{prefix}{name}" for name in names if taken or (not prefix and _at_root(name))]
    return sorted(found)


def signature(root: str) -> str:
    """Give what changes when one of the project's files does, without reading them."""
    seen = [[name, stat_signature(f"{root}/{name}")] for name in files(root)]
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()


def digest(root: str, names: list[str] | None = None) -> str:
    """Hash the names, x-bits and contents of a local project's files (`names`: of some)."""
    whole = hashlib.sha256()
    for name in files(root) if names is None else names:
        path = Path(root, name)
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        executable = os.access(path, os.X_OK)
        whole.update(f"{name}\0{executable:d}\0{content}\n".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def metadata_digest(root: str) -> str:
    """Hash what a local project's dependencies are read from."""
    return digest(root, [name for name in METADATA if Path(root, name).is_file()])


def copy(root: str, target: Path) -> None:
    """Copy the project's files to a folder that is built from instead of the project."""
    for name in files(root):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(root, name), place)


def _at_root(name: str) -> bool:
    return name in ROOT_FILES or name.startswith(ROOT_PREFIXES) or name.endswith(SOURCES)


def _listing(folder: str) -> tuple[list[str], list[str]]:
    names, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            hidden = entry.name.startswith(".") or entry.name.endswith(".egg-info")
            if hidden or entry.name in JUNK:
                continue
            if entry.is_dir(follow_symlinks=False):
                if not os.access(f"{entry.path}/pyvenv.cfg", os.F_OK):
                    folders.append(entry.name)
            elif entry.is_file():
                names.append(entry.name)
    return names, folders
