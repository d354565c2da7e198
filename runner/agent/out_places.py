"""Where a step's outs go: the folders above them are there, and lie inside the project."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.core.paths import within
from runner.core.project_paths import OUTSIDE, PRIVATE_FOLDERS
from runner.errors import WorkspaceError

if TYPE_CHECKING:
    from runner.core.model import Out


def make_place(project: str, out: Out) -> None:
    """Make sure that a step which writes to an out writes inside the project.

    Raises:
        WorkspaceError: a link leads out of it, or its folder cannot be made.
    """
    refuse_leaving(project, out)
    parent = os.path.dirname(out.path)
    folder = os.path.join(project, parent)
    if os.path.isdir(folder):
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"{out.path}: its folder cannot be made: {error.strerror}",
            hint=f"remove or rename what stands at `{parent}`",
        ) from error


def refuse_leaving(project: str, out: Out) -> None:
    """Refuse an out that links lead out of the project.

    Raises:
        WorkspaceError: a folder above it is such a link, or itself is one that it would persist.
    """
    parent = os.path.dirname(out.path)
    if leads_out(project, parent):
        raise WorkspaceError(
            f"{out.path}: {OUTSIDE} through a link",
            hint=f"replace the link in `{parent}` by a folder, or declare another path",
        )
    if out.persist and os.path.islink(os.path.join(project, out.path)):
        _refuse_writing_through(project, out.path)


def leads_out(project: str, folder: str) -> bool:
    """Tell whether links lead from a folder of the project to where no step may write."""
    place = project
    for part in folder.split("/") if folder else ():
        place = os.path.join(place, part)
        if os.path.islink(place):
            break
    else:
        return False
    root = os.path.realpath(project)
    real = os.path.realpath(os.path.join(project, folder))
    return not within(real, root) or _is_private(os.path.relpath(real, root))


def _refuse_writing_through(project: str, path: str) -> None:
    """Refuse what persists when it is a link to elsewhere: the step would write there.

    A link into the cache is fine: it becomes a file before the step starts.
    """
    target = os.path.realpath(os.path.join(project, path))
    if not within(target, os.path.realpath(project)) and "/files/md5/" not in target:
        raise WorkspaceError(
            f"{path}: {OUTSIDE} through a link, and `persist` lets the step write to it",
            hint=f"replace the link `{path}` by what it leads to",
        )


def _is_private(path: str) -> bool:
    return path.partition("/")[0] in PRIVATE_FOLDERS
