"""DVC repositories for the tests, and DVC's own answers about them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from runner.versioning.dvc_hash import settles_in, stamp_of
from runner.versioning.dvc_remote import initialise

if TYPE_CHECKING:
    from pathlib import Path

HASHES = """
import json, logging, os, sys
logging.getLogger("dvc").setLevel(logging.CRITICAL)
from dvc.repo import Repo
from dvc_data.hashfile.build import build
answers = {}
with Repo(sys.argv[1]) as repo:
    for path in json.load(sys.stdin):
        try:
            _, meta, obj = build(repo.cache.repo, os.path.join(sys.argv[1], path), repo.fs, "md5",
                                 ignore=repo.dvcignore, dry_run=True)
            answers[path] = [obj.hash_info.value, meta.size, meta.nfiles]
        except Exception as error:
            answers[path] = type(error).__name__
json.dump(answers, sys.stdout)
"""


def make_repository(folder: Path) -> Path:
    """An empty git and DVC repository."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    initialise(str(folder), subdir=False)
    return folder


def hashes_by_dvc(folder: Path, paths: list[str]) -> dict[str, list[object] | str]:
    """What DVC itself makes of each path: [hash, size, files], or the name of its error."""
    answer = subprocess.run(
        [sys.executable, "-c", HASHES, str(folder)],
        input=json.dumps(paths).encode(),
        stdout=subprocess.PIPE,
        check=True,
        cwd=folder,
    )
    found: dict[str, list[object] | str] = json.loads(answer.stdout)
    return found


def dvc(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run DVC's command line."""
    return subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def write(path: Path, content: bytes | str = b"x") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def let_settle(*paths: Path) -> None:
    """Let the tick pass in which the files were written, so that their stamps can be believed."""
    for path in paths:
        stamp = stamp_of(path.stat())
        while settles_in(stamp, time.time_ns()):
            os.sched_yield()
