"""Real git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from runner.versioning.git import GitSourceControl

if TYPE_CHECKING:
    from pathlib import Path

OLD = 1_600_000_000  # seconds; long before any test, so that no file is racy


class Repository:
    """A git repository with the project in it, at `folder`."""

    def __init__(self, root: Path, project: str = ".", *arguments: str) -> None:
        self.root = root
        self.folder = root / project
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", *arguments)

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def attempt(self, *arguments: str) -> None:
        """Do what git may refuse."""
        subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, check=False)

    def write(self, path: str, content: str | bytes = "x\n", *, old: bool = False) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        if old:
            os.utime(file, (OLD, OLD))
        return file

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            self.write(name.replace("__", "/") + ".py", content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a commit")
        return self.git("rev-parse", "HEAD")

    def code(self, **limits: int) -> GitSourceControl:
        return GitSourceControl(str(self.folder), **limits)

    def paths(self, tree: str) -> list[str]:
        listed = self.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
        return [path for path in listed.split("\0") if path]

    def has_object(self, content: str) -> bool:
        blob = self.git("hash-object", "--stdin", stdin=content)
        return not subprocess.run(
            ["git", "cat-file", "-e", blob], cwd=self.root, capture_output=True, check=False
        ).returncode

    def picture(self) -> dict[str, bytes]:
        """Everything a user could miss: work tree, index, HEAD, refs, reflogs, stash, settings.

        Only objects and `refs/runner` are not the user's.
        """
        seen = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if name.startswith((".git/objects", ".git/refs/runner")) or ".runner" in path.parts:
                continue
            facts = path.lstat()
            about = f"{facts.st_mode} {facts.st_size if path.is_file() else 0}".encode()
            if path.is_symlink():
                about += os.fsencode(path.readlink())
            elif path.is_file():
                about += f" {facts.st_mtime_ns} {facts.st_ino}\n".encode() + path.read_bytes()
            seen[name] = about
        return seen
