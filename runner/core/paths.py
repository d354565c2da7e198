"""Texts made of paths and names, without touching a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+=,")
LONGEST_NAME = 200


def file_name(step: str) -> str:
    """Give the name under which a step's own files are kept: percent-encoded where it must be.

    Two steps never share one: what is too long is cut and gets a digest of the whole.
    """
    if PLAIN.issuperset(step) and not step.startswith(".") and len(step) <= LONGEST_NAME:
        return step
    quoted = "".join(c if c in PLAIN else _quote(c) for c in step)
    if quoted.startswith("."):
        quoted = "%2E" + quoted[1:]
    if len(quoted) <= LONGEST_NAME:
        return quoted
    from hashlib import sha256  # noqa: PLC0415  # imported only where it is used

    tail = sha256(step.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{quoted[: LONGEST_NAME - 17]}~{tail}"


def _quote(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def within(path: str, folder: str) -> bool:
    """Tell whether a path is the folder or lies inside it; `.` holds everything."""
    return folder in (".", path) or path.startswith(folder + "/")


def folders_above(path: str) -> Iterator[str]:
    """Give the folders that hold a path, from the nearest up, without the project's own."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
