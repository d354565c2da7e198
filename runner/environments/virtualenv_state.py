"""What is known of an installed virtualenv, and whether it is still what was installed.

The state file is written last: without it there is no environment, only what a killed
installation left. It holds a signature of all files' stats, which is compared before each run;
only when it differs are the files hashed.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.environments.home import write_whole
from runner.environments.virtualenv_requirements import normalized

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = "runner-env.json"
# Python writes these as it runs; they are checked against their sources by Python itself.
COMPILED = "__pycache__"
IMPORTABLE = (".py", ".pyc", ".so", ".pth", ".pyd", ".egg-link")


class Survey(NamedTuple):
    """What was installed: digests of each package's RECORD, and of files that none names."""

    records: dict[str, str]
    own: dict[str, str]


class State(NamedTuple):
    """An installed environment.

    `document` is its entry in the record, `signature` its files' stats; `records` and `own` are
    its Survey.
    """

    env_id: str
    document: dict[str, Any]
    signature: str
    records: dict[str, str]
    own: dict[str, str]
    created: str


def load(prefix: Path) -> State | None:
    """Read the state of an environment; None when it was not installed to its end."""
    try:
        state = State(**json.loads((prefix / STATE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return state if (prefix / "bin" / "python").exists() else None


def save(prefix: Path, state: State) -> None:
    """Write the state, which makes the environment one."""
    write_whole(prefix / STATE, json.dumps(state._asdict(), sort_keys=True))


def signature(prefix: Path) -> str:
    """Summarize name, size, mtime, ctime and inode of every file, without reading any."""
    seen = hashlib.sha256()
    for name, found in sorted(_stats(str(prefix)), key=_name_of):
        stats = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        seen.update(f"{name}\0{stats}\n".encode("utf-8", "surrogatepass"))
    return seen.hexdigest()


def survey(prefix: Path) -> Survey:
    """Hash each RECORD, and each file that no RECORD names, right after the installation."""
    records = {path: _digest(prefix / path) for path in _records(prefix)}
    packaged = {path for record in records for path in _entries(prefix, record)}
    every = {name for name, _ in _stats(str(prefix))}
    own = {name: _digest(prefix / name) for name in every - packaged - set(records)}
    return Survey(records, own)


def changes(prefix: Path, installed: Survey | State) -> list[str]:
    """Name the files that are not as they were installed, each with what is wrong with it."""
    expected = {**installed.own, **installed.records}
    for record in installed.records:
        expected.update(_entries(prefix, record))
    wrong = [
        found for name, digest in expected.items() if (found := _compare(prefix, name, digest))
    ]
    added = (name for name, _ in _stats(str(prefix)) if name not in expected and _runs(name))
    return sorted([*wrong, *(f"added: {name}" for name in added)])


def packages(prefix: Path) -> list[tuple[str, str]]:
    """List normalized name and version of the packages that are there, from their metadata."""
    found = []
    for path in prefix.glob("lib/*/site-packages/*.dist-info/METADATA"):
        fields: dict[str, str] = {}
        for line in path.read_text("utf-8", "replace").splitlines():
            key, colon, value = line.partition(":")
            if not colon:
                break
            fields.setdefault(key, value.strip())
        found.append((normalized(fields.get("Name", "")), fields.get("Version", "")))
    return sorted(found)


def size(prefix: Path) -> int:
    """Sum up the bytes of the environment's files."""
    return sum(found.st_size for _, found in _stats(str(prefix)))


def _runs(name: str) -> bool:
    return name.endswith(IMPORTABLE) or name.startswith("bin/") or ".dist-info/" in name


def _name_of(seen: tuple[str, os.stat_result]) -> str:
    return seen[0]


def _stats(root: str) -> Iterator[tuple[str, os.stat_result]]:
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != COMPILED:
                        pending.append(f"{prefix}{entry.name}/")
                elif prefix or entry.name not in {STATE, ".lock"}:
                    yield prefix + entry.name, entry.stat(follow_symlinks=False)


def _records(prefix: Path) -> list[str]:
    found = prefix.glob("lib/*/site-packages/*.dist-info/RECORD")
    return sorted(str(path.relative_to(prefix)) for path in found)


def _entries(prefix: Path, record: str) -> dict[str, str]:
    """Map the paths that a RECORD names, relative to the prefix, to `algorithm:digest`."""
    import base64  # noqa: PLC0415  # only an environment that changed is hashed
    import csv  # noqa: PLC0415  # likewise

    site_packages = str(Path(record).parent.parent)
    try:
        text = (prefix / record).read_text("utf-8")
    except OSError:
        return {}
    named = {}
    for path, recorded, *_ in (row for row in csv.reader(text.splitlines()) if len(row) > 1):
        if f"{COMPILED}/" not in path and recorded:
            algorithm, _, digest = recorded.partition("=")
            place = os.path.normpath(f"{site_packages}/{path}")
            named[place] = f"{algorithm}:{base64.urlsafe_b64decode(digest + '==').hex()}"
    return named


def _compare(prefix: Path, name: str, recorded: str) -> str:
    """Say what is wrong with a file; an empty text when nothing is."""
    try:
        found = _digest(prefix / name, recorded.partition(":")[0])
    except FileNotFoundError:
        return f"missing: {name}"
    except (OSError, ValueError) as error:
        return f"unreadable: {name} ({error})"
    return "" if found == recorded else f"changed: {name}"


def _digest(path: Path, algorithm: str = "sha256") -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
