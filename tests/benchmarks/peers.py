"""The tools runner is compared with, each in a virtualenv of its own under `.bench/`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PINNED = {"mlflow": "mlflow==3.17.2", "dvc": "dvc==3.67.1", "doit": "doit==0.37.0"}
FOLDER = Path(__file__).parents[2] / ".bench"


def peer(name: str) -> str:
    """Give the path of a peer's command, installing it the first time."""
    prefix = FOLDER / f"{PINNED[name]}-py{sys.version_info.major}.{sys.version_info.minor}"
    command = prefix / "bin" / name
    if not command.exists():
        print(f"installing {PINNED[name]} …", file=sys.stderr)
        uv = find_uv()
        subprocess.run([uv, "venv", "-q", "--clear", "-p", sys.executable, prefix], check=True)
        python = prefix / "bin" / "python"
        subprocess.run([uv, "pip", "install", "-q", "-p", python, PINNED[name]], check=True)
    return str(command)


def find_uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if not found:
        sys.exit("uv is not there: install runner (uv comes with it) or put uv on PATH")
    return found
