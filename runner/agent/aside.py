"""Set outputs aside while a step runs, so that a step that fails never destroys them.

`.runner/aside/<run_id>/<step>/` holds what was moved, and `paths.json`, written first, says
where it came from: after a crash the next command puts everything back from that alone.
"""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

from runner.agent.out_places import leads_out
from runner.core.paths import file_name
from runner.core.project_paths import normal, trouble_with_out
from runner.errors import WorkspaceError
from runner.fault_points import fault_point

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runner.core.model import Out

PATHS = "paths.json"


class Aside:
    """The outputs that one run has set aside. `folder` is `.runner/aside/<run_id>`."""

    def __init__(self, project: str, folder: str) -> None:
        self._project = project
        self._folder = folder
        self._used: set[str] = set()

    def take(self, step: str, outs: Iterable[Out], precious: Collection[str] = ()) -> None:
        """Move a step's existing outs aside; one that persists is copied and stays.

        `precious` are the paths whose content is nowhere else: `discard` keeps it.
        """
        there = [out for out in outs if os.path.lexists(os.path.join(self._project, out.path))]
        if not there:
            return
        place = os.path.join(self._folder, file_name(step))
        os.makedirs(place, exist_ok=True)
        self._used.add(step)
        kept = [out.path for out in there if out.path in precious and not out.persist]
        document = {"step": step, "paths": [out.path for out in there], "precious": kept}
        _write(os.path.join(place, PATHS), document)
        fault_point("aside.before")
        for number, out in enumerate(there):
            source = os.path.join(self._project, out.path)
            target = os.path.join(place, str(number))
            if out.persist:
                _copy(source, target)
            else:
                _move(source, target)
        fault_point("aside.after")

    def put_back(self, step: str, partial: str) -> list[str]:
        """Restore a step's outs, and name them; what lies in their place moves to `partial`."""
        if step not in self._used:
            return []
        self._used.discard(step)
        return restore(self._project, os.path.join(self._folder, file_name(step)), partial)

    def discard(self, step: str, replaced: str) -> list[str]:
        """Drop what was set aside: the step has its new outputs. Gives what went to `replaced`."""
        if step not in self._used:
            return []
        fault_point("aside.discard")
        self._used.discard(step)
        return discard(os.path.join(self._folder, file_name(step)), replaced)

    def close(self) -> None:
        """Remove the run's folder, which is empty by now."""
        try:
            os.rmdir(self._folder)
        except OSError:
            return


def restore(project: str, place: str, partial: str) -> list[str]:
    """Put back everything a folder of `Aside` holds; give the paths that came back."""
    back: list[str] = []
    for number, path in enumerate(_read(place)[1]):
        held = os.path.join(place, str(number))
        if os.path.lexists(held):
            target = os.path.join(project, path)
            _make_way(project, os.path.dirname(path), partial)
            set_partial_aside(target, os.path.join(partial, path))
            _move(held, target)
            back.append(path)
    remove(place)
    return back


def discard(place: str, replaced: str) -> list[str]:
    """Drop what a folder of `Aside` holds, but for what is nowhere else: that goes to `replaced`.

    Gives the paths that were kept.
    """
    _, paths, precious = _read(place)
    kept = []
    for number, path in enumerate(paths):
        held = os.path.join(place, str(number))
        if path in precious and os.path.lexists(held):
            keep_replaced(held, os.path.join(replaced, path))
            kept.append(path)
    remove(place)
    return kept


def keep_replaced(source: str, target: str) -> None:
    """Move content that is nowhere else out of the way of what replaces it.

    Raises:
        WorkspaceError: it cannot be moved; it is still where it was.
    """
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"cannot keep {source}: {error}", hint="make room") from error
    while os.path.lexists(target):
        target += "~"
    _move(source, target)


def _make_way(project: str, parent: str, partial: str) -> None:
    """Have the folder above an out as it was, whatever a step put in its place."""
    place = ""
    for part in parent.split("/") if parent else ():
        place = os.path.join(place, part)
        full = os.path.join(project, place)
        if os.path.lexists(full) and (leads_out(project, place) or not os.path.isdir(full)):
            set_partial_aside(full, os.path.join(partial, place))
    os.makedirs(os.path.join(project, parent), exist_ok=True)


def held_step(place: str) -> str:
    """Tell whose outs a folder of `Aside` holds; empty when it was not filled yet."""
    return _read(place)[0]


def set_partial_aside(source: str, target: str) -> None:
    """Keep what a failed step wrote, out of the way; an older one is replaced.

    When there is no room for it, it goes: what was there before must come back.
    """
    if not os.path.lexists(source):
        return
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        remove(target)
        _move(source, target)
    except (OSError, WorkspaceError):
        remove(source)


def remove(path: str) -> None:
    """Delete a file, a link or a whole folder; nothing there is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        import shutil  # noqa: PLC0415  # imported only where it is used

        shutil.rmtree(path, ignore_errors=True)


def _read(place: str) -> tuple[str, list[str], list[str]]:
    try:
        with open(os.path.join(place, PATHS), encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        # Nothing was moved yet: the paths are written before the first move.
        return "", [], []
    if not _is_sound(document):
        document = {"step": "", "paths": []}
    return document["step"], document["paths"], document.get("precious", [])


def _is_sound(document: object) -> bool:
    """Tell whether a run can have written it: the file may be anybody's."""
    if not isinstance(document, dict) or not isinstance(document.get("step"), str):
        return False
    lists = document.get("paths"), document.get("precious", [])
    return all(isinstance(each, list) and all(map(_can_be_an_out, each)) for each in lists)


def _can_be_an_out(path: object) -> bool:
    if not isinstance(path, str) or normal(path) != path:
        return False
    return not trouble_with_out(path, "MLproject")


def _write(path: str, document: object) -> None:
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.rename(path + ".part", path)


def _move(source: str, target: str) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise WorkspaceError(
                f"cannot move {source}: {error.strerror}",
                hint="make the folder writable, or remove what stands there",
            ) from error
        _copy(source, target)
        remove(source)


def _copy(source: str, target: str) -> None:
    import shutil  # noqa: PLC0415  # imported only where it is used

    part = target + ".part"
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, part, symlinks=True)
    else:
        shutil.copy2(source, part, follow_symlinks=False)
    os.rename(part, target)
