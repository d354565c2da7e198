"""Where a path lies: inside the project, outside of it, or where no step may write.

Only texts are compared; symbolic links are followed, and refused, where files are touched.
"""

from __future__ import annotations

from posixpath import join, normpath, relpath
from re import compile as pattern

OUTSIDE = "leaves the project"
PRIVATE_FOLDERS = (".runner", ".git", ".dvc")

_URI = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
_QUOTED_BYTE = pattern(rb"%([0-9A-Fa-f]{2})")


def normal(path: str) -> str:
    """Write a path in its shortest form: `./a//b/` is `a/b`."""
    return normpath(path) if path else path


def trouble_with_dep(path: str) -> str:
    """Say why a normal path cannot be a dep of a step; an empty text when it can."""
    if not path:
        return "is empty"
    if path == ".":
        return "is the whole project"
    if path[0] == "/":
        return "is absolute"
    if path[0] == "." and (path == ".." or path.startswith("../")):
        return OUTSIDE
    return "holds a NUL character" if "\0" in path else ""


def trouble_with_out(path: str, project_file: str) -> str:
    """Say why a normal path cannot be an out of a step; an empty text when it can."""
    if path[:1] == ".":
        top = path.partition("/")[0]
        if top in PRIVATE_FOLDERS:
            return f"lies inside {top}/, which no step may write to"
    if path == project_file:
        return "is the project file"
    return trouble_with_dep(path)


def has_scheme(text: str) -> bool:
    """Tell whether a text is a URL rather than a path."""
    return _URI.match(text) is not None


def as_recorded(text: str, caller_folder: str, project_folder: str) -> str:
    """Say where a path that the caller gave lies, as records keep it.

    Inside the project it is relative to the project's folder. Outside, a relative path stays
    relative (to the project's folder) and an absolute one stays as it was given.
    """
    if text.startswith("file://"):
        text = _unquoted(text.removeprefix("file://").removeprefix("localhost"))
    place = normpath(join("/", caller_folder, text))
    project = normpath(project_folder or "/")
    inside = relpath(place, project)
    if text.startswith("/") and (inside == ".." or inside.startswith("../")):
        return place
    return inside


def as_run(recorded: str, project_folder: str) -> str:
    """Give the absolute path of a recorded one."""
    return normpath(join("/", project_folder, recorded))


def _unquoted(text: str) -> str:
    """Replace the percent-encoded bytes of a URL's path."""
    raw = _QUOTED_BYTE.sub(lambda found: bytes([int(found.group(1), 16)]), text.encode())
    return raw.decode("utf-8", "surrogateescape")
