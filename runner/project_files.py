"""Find a folder's project file, read it, and keep the validated project for the next command.

The cached project lies in `.runner/project/`, named by everything its meaning depends on: the
file's bytes, the schema, the version, the folder's name, strictness. What was asked about other
files (which environment files are there) is kept inside, and asked again. With a cached project
neither yaml nor jsonschema is imported.
"""

# Every command passes here, so it does without pathlib, which costs more than the rest of it.

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

import runner
from runner.core.project_document import from_document, to_document
from runner.core.project_file import PARSER, parse
from runner.errors import Problem, ProjectFileError, UsageError
from runner.workspace.origin import make, refuse_foreign

if TYPE_CHECKING:
    from pathlib import Path

    from runner.core.model import Project

NAME = "mlproject"
LARGEST = 16 * 1024 * 1024
KEPT = 16
_CACHE = os.path.join(".runner", "project")

Loaded = tuple["Project", tuple[Problem, ...]]


def load(folder: Path | str, *, strict: bool = False) -> Loaded:
    """Give a folder's project, and what in its file is worth a warning.

    Raises:
        UsageError: there is no project file in the folder.
        ProjectFileError: the file cannot be used; holds all problems.
        WorkspaceError: `.runner` is a link or another user's.
    """
    place = os.fspath(folder)
    refuse_foreign(os.path.join(place, ".runner"))
    name = find(place)
    shown = _shown(os.path.join(place, name))
    content = _read(os.path.join(place, name), shown)
    folder_name = os.path.basename(os.path.abspath(place))
    cached = os.path.join(place, _CACHE, _key(content, name, folder_name, strict=strict))
    known = _recall(cached, place)
    if known is not None:
        return known
    asked: dict[str, bool] = {}

    def folder_has(path: str) -> bool:
        asked[path] = os.path.isfile(os.path.join(place, path))
        return asked[path]

    project, warnings = parse(
        _decode(content, shown),
        file=name,
        schema=schema("mlproject"),
        folder_has=folder_has,
        folder_name=folder_name,
        shown_as=shown,
        strict=strict,
    )
    _remember(cached, place, project, warnings, asked)
    return project, warnings


def find(folder: str) -> str:
    """Give the name of the folder's project file: MLproject, in whatever case.

    Raises:
        UsageError: there is none, or no such folder.
    """
    try:
        names = sorted(name for name in os.listdir(folder) if name.lower() == NAME)
    except OSError as error:
        raise UsageError(
            f"cannot look into {folder}: {error.strerror}", hint="name the project's folder"
        ) from error
    if not names:
        raise UsageError(f"there is no MLproject file in {_shown(folder)}", hint="runner init")
    return names[0]


def schema(name: str) -> dict[str, Any]:
    """Give the JSON Schema of that name, such as `mlproject` or `run-record`."""
    document: dict[str, Any] = json.loads(_schema_text(name))
    return document


def _schema_text(name: str) -> bytes:
    package = os.path.dirname(os.path.abspath(__file__))
    file = f"{name}.schema.json"
    installed = os.path.join(package, "schemas", file)
    # An editable install has no copy inside the package: the schemas lie beside it.
    beside = os.path.join(os.path.dirname(package), "schemas", file)
    with open(installed if os.path.exists(installed) else beside, "rb") as stream:
        return stream.read()


def _shown(path: str) -> str:
    """Write a path as people would type it here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _read(path: str, shown: str) -> bytes:
    def refuse(message: str, hint: str) -> ProjectFileError:
        return ProjectFileError(shown, (Problem(message, hint=hint),))

    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise refuse("this is not a file", "a project file is a text file")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror}", "check its permissions") from error
    if len(content) > LARGEST:
        message = f"larger than {LARGEST // 1024 // 1024} MiB"
        raise refuse(message, "a project file only names data: keep the data beside it")
    return content


def _decode(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8", "replace")) + 1
        source = content[start:].split(b"\n", 1)[0][:160].decode("utf-8", "backslashreplace")
        wrong = Problem(
            f"this is not UTF-8 (byte 0x{content[error.start]:02x})",
            "",
            line,
            column,
            "".join(c if c.isprintable() else ascii(c)[1:-1] for c in source.strip()),
            f"save it as UTF-8: iconv -f latin1 -t utf-8 {os.path.basename(shown)}",
        )
        raise ProjectFileError(shown, (wrong,)) from None


def _key(content: bytes, name: str, folder_name: str, *, strict: bool) -> str:
    facts = [runner.__version__, PARSER, name, folder_name, strict]
    key = hashlib.sha256(_schema_text("mlproject"))
    key.update(json.dumps(facts).encode("utf-8", "surrogatepass"))
    key.update(content)
    return f"{key.hexdigest()}.json"


def _recall(cached: str, folder: str) -> Loaded | None:
    """Give the cached project, or None: not there, not whole, or other files have come or gone."""
    try:
        with open(cached, "rb") as file:
            document = json.loads(file.read())
        for path, there in document["asked"].items():
            if os.path.isfile(os.path.join(folder, path)) is not there:
                return None
        warnings = tuple(Problem(*fields) for fields in document["warnings"])
        return from_document(document["project"]), warnings
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _remember(
    cached: str,
    folder: str,
    project: Project,
    warnings: tuple[Problem, ...],
    asked: dict[str, bool],
) -> None:
    """Cache the project; where that is impossible, the next command reads the file again."""
    document = {
        "project": to_document(project),
        "warnings": [list(warning) for warning in warnings],
        "asked": asked,
    }
    try:
        _make_cache(folder)
        temporary = f"{cached}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(json.dumps(document, separators=(",", ":")))
        os.replace(temporary, cached)
        _forget_oldest(os.path.dirname(cached))
    except (OSError, UnicodeError):
        return


def _make_cache(folder: str) -> None:
    make(os.path.join(folder, ".runner"))
    os.makedirs(os.path.join(folder, _CACHE), exist_ok=True)


def _forget_oldest(cache: str) -> None:
    with os.scandir(cache) as entries:
        by_age = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
    for _, path in by_age[:-KEPT]:
        os.unlink(path)
