"""Which untracked files never become git objects: secrets, and files too large to be code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MB = 1_000_000
SHOWN = 5
SECRET_ENDINGS = (".jks", ".kdbx", ".key", ".keystore", ".p12", ".pem", ".pfx", ".ppk")
SECRET_BEGINNINGS = ("credentials", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa")
SECRET_NAMES = frozenset(
    (".env", ".git-credentials", ".htpasswd", ".netrc", ".pgpass", ".pypirc", "_netrc")
)
SECRET_FOLDERS = frozenset((".aws", ".gnupg", ".ssh"))
SHARED_ENV_FILES = frozenset((".env.dist", ".env.example", ".env.sample", ".env.template"))


class Limits(NamedTuple):
    """How much of what git does not track may become code, in bytes: one file, and all."""

    file: int = MB
    total: int = 20 * MB


class Omissions(NamedTuple):
    """Untracked paths that are left out of the code, with the reason for each."""

    secrets: list[str]
    large: list[tuple[str, int]]
    surplus: list[tuple[str, int]]

    def paths(self) -> set[str]:
        """Give all of them."""
        sized = (path for path, _ in (*self.large, *self.surplus))
        return {*self.secrets, *sized}

    def warnings(self, limits: Limits) -> list[str]:
        """Say what was left out, and what to do about it."""
        told = []
        if self.secrets:
            told.append(
                f"not part of the recorded code: {shown(self.secrets)} may hold secrets; "
                "list them in .gitignore, or `git add` what is none"
            )
        if self.large:
            told.append(
                f"not part of the recorded code: {shown(_sized(self.large))} (limit "
                f"{_size(limits.file)} for a file that git does not track); list them in "
                ".gitignore, `dvc add` or `git add` them"
            )
        if self.surplus:
            told.append(
                f"not part of the recorded code: {shown(_sized(self.surplus))} (limit "
                f"{_size(limits.total)} for all files that git does not track); list them in "
                ".gitignore, `dvc add` or `git add` them"
            )
        return told


def omissions(untracked: Iterable[tuple[str, int]], limits: Limits) -> Omissions:
    """Choose from (path, bytes) of untracked files; of too much in all, the largest go first."""
    secrets, large, rest = [], [], []
    for path, size in untracked:
        if is_secret(path):
            secrets.append(path)
        elif size > limits.file:
            large.append((path, size))
        else:
            rest.append((path, size))
    surplus = []
    total = sum(size for _, size in rest)
    if total > limits.total:
        for path, size in sorted(rest, key=lambda item: (-item[1], item[0])):
            if total <= limits.total:
                break
            surplus.append((path, size))
            total -= size
    return Omissions(secrets, large, surplus)


def is_secret(path: str) -> bool:
    """Tell whether a file's name is one that secrets are kept under."""
    *folders, name = path.lower().split("/")
    if name.startswith(".env."):
        return name not in SHARED_ENV_FILES
    return (
        name in SECRET_NAMES
        or name.endswith(SECRET_ENDINGS)
        or name.startswith(SECRET_BEGINNINGS)
        or not SECRET_FOLDERS.isdisjoint(folders)
    )


def shown(paths: Sequence[str]) -> str:
    """List the first few paths, fit for a terminal and for UTF-8."""
    text = ", ".join(_printable(path) for path in paths[:SHOWN])
    return text + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")


def _printable(path: str) -> str:
    text = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return text if text.isprintable() else repr(text)


def _sized(files: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{path} ({_size(size)})" for path, size in files]


def _size(size: int) -> str:
    return f"{size / MB:.1f} MB" if size >= MB / 10 else f"{size} bytes"
