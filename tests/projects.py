"""Projects for tests: a folder under git, files written from texts, runner as users call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent


class Answer(NamedTuple):
    """What one command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Project:
    """One project in a git repository of its own."""

    def __init__(self, folder: Path, *, git: bool = True) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if git:
            self.git("init", "-q")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "runner", *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(variables),
        )

    def runner(self, *words: str, **variables: str) -> Answer:
        process = self.start(*words, **variables)
        out, err = process.communicate(timeout=100)
        return Answer(process.returncode, out, err)

    def run(self, *words: str, **variables: str) -> dict[str, str]:
        """Run, expect success, and give each step's status."""
        answer = self.runner("run", ".", "--json", *words, **variables)
        assert answer.code == 0, answer.err + answer.out
        return statuses(answer)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def ledger(self) -> list[str]:
        """Give the lines that steps appended to the ledger beside the project."""
        path = self.folder.parent / "ledger"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def record(self, run: str = "latest") -> Any:
        return self.runner("show", run, "--json").document


def environment(variables: dict[str, str]) -> dict[str, str]:
    path = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{path}" if path else str(ROOT),
        "PYTHONWARNINGS": "error",
        **variables,
    }


def statuses(answer: Answer) -> dict[str, str]:
    finished = (line for line in answer.lines if line["event"] == "step_finished")
    return {line["step"]: line["status"] for line in finished}
