"""Remember which env_id a specification came to, for as long as nothing it came from changes.

A run with nothing to do asks for env_ids and nothing else: they come from one small file here.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.core.canonical import digest as digest_of
from runner.environments.home import write_whole
from runner.environments.interpreters import Interpreter, stat_signature

if TYPE_CHECKING:
    from runner.core.model import EnvironmentSpec

# What uv finds depends on these, and on DECIDING which Python is found.
INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_INDEX_STRATEGY",
    "UV_CONFIG_FILE",
    "UV_EXCLUDE_NEWER",
    "UV_PRERELEASE",
    "UV_RESOLUTION",
    "UV_NO_BINARY",
    "UV_ONLY_BINARY",
    "UV_TORCH_BACKEND",
)
DECIDING = ("PATH", "HOME", "PYENV_ROOT", *INDEX_VARIABLES)


class Resolution(NamedTuple):
    """A specification with nothing left open.

    `lock` is the file that holds its lock. `local` maps the local projects it installs (`./…`)
    to their content digests. `exact` is False when something is built here, so that its bytes
    may differ elsewhere.
    """

    env_id: str
    interpreter: Interpreter
    lock: Path
    exact: bool
    local: dict[str, str]


def recall(home: Path, spec: EnvironmentSpec, folder: Path) -> Resolution | None:
    """Give the remembered resolution, if all it was made from is unchanged."""
    try:
        known: dict[str, Any] = json.loads(_place(home, spec, folder).read_bytes())
        fresh = (
            all(text_digest(Path(path)) == was for path, was in known["texts"].items())
            and all(signature(path) == was for path, was in known["signatures"].items())
            and os.access(known["lock"], os.R_OK)
        )
        if not fresh:
            return None
        python = Interpreter(*known["interpreter"])
        return Resolution(
            known["env_id"], python, Path(known["lock"]), known["exact"], known["local"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(  # what is remembered, and what it holds for
    home: Path,
    spec: EnvironmentSpec,
    folder: Path,
    resolution: Resolution,
    *,
    texts: dict[str, str | None],
    signatures: dict[str, object],
) -> None:
    """Keep a resolution, with the digests of the texts and the signatures it was made from."""
    known = {
        "env_id": resolution.env_id,
        "interpreter": list(resolution.interpreter),
        "lock": str(resolution.lock),
        "exact": resolution.exact,
        "local": resolution.local,
        "texts": texts,
        "signatures": signatures,
    }
    write_whole(_place(home, spec, folder), json.dumps(known, sort_keys=True))


def text_digest(path: Path) -> str | None:
    """Give the sha256 of a small file; None when there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def signature(path: str) -> object:
    """Give what changes when an executable, or a file of a local project, does."""
    found = stat_signature(path)
    if found and Path(path).is_dir():
        from runner.environments import virtualenv_local  # noqa: PLC0415  # few projects have one

        return virtualenv_local.signature(path)
    return found


def _place(home: Path, spec: EnvironmentSpec, folder: Path) -> Path:
    variables = [os.environ.get(name) for name in DECIDING]
    settings = repr(sorted(spec.settings.items()))
    # Kept as a digest only: variables may hold credentials.
    name = digest_of([str(folder), spec.name, spec.file, settings, variables])
    return home / "locks" / "known" / f"{name}.json"
