"""What `.dvc` files and dvc.lock (2.0) promise: which path holds which content.

Only DVC 3.x entries are promises we can keep; others (2.x hashes, etags, cloud versions) are told
as problems.
"""

# pathlib costs too much here
from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from runner.errors import DataError, Problem
from runner.versioning.dvc_listing import is_oid

LOCK_FILE = "dvc.lock"
MAX_BYTES = 64 << 20
MAX_DEPTH = 200
DEEP_LINE = re.compile(r"^[ ?-]{200}", re.MULTILINE)
CONFLICT = re.compile(r"^(<<<<<<< |>>>>>>> |=======$)", re.MULTILINE)
PLAIN = re.compile(
    r"outs:\n- md5: ([0-9a-f]{32}(?:\.dir)?)\n  size: (\d+)\n(?:  nfiles: (\d+)\n)?"
    r"  hash: md5\n  path: (?!(?:true|false|null|yes|no|on|off|y|n)\n)([a-z_][\w./-]*)\n",
    re.IGNORECASE | re.ASCII,
)


class Promise(NamedTuple):
    """One out of a `.dvc` file or a dvc.lock; `path` and `file` are absolute.

    `size` and `nfiles` are None when the file does not say; `remote` is the one it names itself.
    """

    path: str
    md5: str
    size: int | None
    nfiles: int | None
    is_executable: bool
    remote: str
    file: str


class Promises(NamedTuple):
    """What one file promises, and what it says that we cannot take."""

    outs: list[Promise]
    problems: list[Problem]


def read_promises(file: str) -> Promises:
    """Read an absolute `.dvc` file or dvc.lock; one that is not there promises nothing.

    Raises:
        DataError: it is not what DVC writes; the message names the file.
    """
    text = _read_text(file)
    if text is None:
        return Promises([], [])
    if plain := PLAIN.fullmatch(text):
        oid, size, nfiles, path = plain.groups()
        there = os.path.normpath(f"{os.path.dirname(file)}/{path}")
        count = int(nfiles) if nfiles else None
        return Promises([Promise(there, oid, int(size), count, False, "", file)], [])  # noqa: FBT003  # positional is faster
    document = _parse(file, text)
    if document is None:
        return Promises([], [])
    if os.path.basename(file) == LOCK_FILE:
        return _lock_promises(file, document)
    folder = os.path.dirname(file)
    wdir = document.get("wdir") or "."
    if not isinstance(wdir, str):
        raise _not_dvc(file, "its wdir is not a path")
    return _out_promises(file, os.path.join(folder, wdir), document.get("outs"))


def _read_text(file: str) -> str | None:
    try:
        with open(file, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}", hint=f"ls -l {file}") from error
    if len(content) > MAX_BYTES:
        raise _not_dvc(file, f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _not_dvc(file, "it is not UTF-8 text") from error


def _parse(file: str, text: str) -> dict[str, Any] | None:
    if conflict := CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        raise DataError(
            f"{file}:{line}: has git conflict markers",
            hint=f"resolve the conflict in {file}, then: git add {file}",
        )
    import yaml  # noqa: PLC0415  # only for files that are not in DVC's plainest form

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(file, text, yaml, loader)
        document = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark is not None else file
        reason = getattr(error, "problem", None) or "no YAML"
        raise DataError(f"{place}: {reason}", hint=f"git checkout -- {file}") from error
    except (RecursionError, ValueError, OverflowError, MemoryError) as error:
        raise _not_dvc(file, "it cannot be parsed") from error
    if document is None:
        return None
    if not isinstance(document, dict):
        raise _not_dvc(file, "it is not a mapping")
    return document


def _refuse_depth(file: str, text: str, yaml: Any, loader: Any) -> None:
    """Refuse nesting that would exhaust the C composer's stack; DVC's files are a few deep.

    Only a text that could nest so deeply is looked at event by event.
    """
    if text.count("[") + text.count("{") < MAX_DEPTH and not DEEP_LINE.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _not_dvc(file, "it is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _lock_promises(file: str, document: dict[str, Any]) -> Promises:
    if str(document.get("schema", "")) != "2.0":
        problem = Problem(
            "is not a dvc.lock of schema 2.0, so it promises nothing here", where=file
        )
        return Promises([], [problem])
    stages = document.get("stages") or {}
    if not isinstance(stages, dict):
        raise _not_dvc(file, "its stages are not a mapping")
    folder = os.path.dirname(file)
    wdirs = _stage_folders(folder) if stages else {}
    found = Promises([], [])
    for name, stage in stages.items():
        if not isinstance(stage, dict):
            raise _not_dvc(file, f"its stage {name!r} is not a mapping")
        wdir = wdirs.get(str(name).partition("@")[0], ".")
        outs, problems = _out_promises(file, os.path.join(folder, wdir), stage.get("outs"))
        found.outs.extend(outs)
        found.problems.extend(problems)
    return found


def _stage_folders(folder: str) -> dict[str, str]:
    """Read from dvc.yaml in which folder each stage runs: its outs are relative to it."""
    file = f"{folder}/dvc.yaml"
    text = _read_text(file)
    document = _parse(file, text) if text and "wdir" in text else None
    stages = (document or {}).get("stages") or {}
    folders = {}
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        definition = stage.get("do", stage) if isinstance(stage, dict) else {}
        wdir = definition.get("wdir") if isinstance(definition, dict) else None
        if isinstance(wdir, str) and "${" not in wdir:
            folders[str(name)] = wdir
    return folders


def _out_promises(file: str, wdir: str, outs: object) -> Promises:
    if outs is None:
        return Promises([], [])
    if not isinstance(outs, list):
        raise _not_dvc(file, "its outs are not a list")
    found = Promises([], [])
    for out in outs:
        if not isinstance(out, dict) or not isinstance(out.get("path"), str):
            raise _not_dvc(file, "it has an out without a path")
        problem = _why_not(out)
        if problem:
            found.problems.append(Problem(f"{out['path']}: {problem}", where=file))
        elif out.get("cache", True):
            found.outs.append(_promise(file, wdir, out))
    return found


def _why_not(out: dict[str, Any]) -> str:
    """Say why an out is no promise that we can keep; nothing when it is one."""
    if not out.keys().isdisjoint(("files", "version_id", "cloud")):
        return "is versioned by its cloud storage: only DVC can check it (dvc pull)"
    if not out.keys().isdisjoint(("etag", "checksum")):
        return "is identified by its storage's checksum: only DVC can check it (dvc status)"
    if os.path.isabs(out["path"]) or "://" in out["path"]:
        return "lies outside of the repository: only DVC can check it"
    if not out.get("md5"):
        return "has no hash yet: run `dvc commit` or `dvc repro`"
    return _why_not_hash(out)


def _why_not_hash(out: dict[str, Any]) -> str:
    if "hash" not in out:
        return "was hashed by DVC 2.x: run `dvc cache migrate --dvc-files`"
    if out["hash"] != "md5" or not is_oid(str(out["md5"])):
        return f"has a hash of an unknown kind ({out['hash']!r})"
    return ""


def _promise(file: str, wdir: str, out: dict[str, Any]) -> Promise:
    size, nfiles, remote = out.get("size"), out.get("nfiles"), out.get("remote")
    return Promise(
        path=os.path.normpath(os.path.join(wdir, out["path"])),
        md5=str(out["md5"]),
        size=size if isinstance(size, int) else None,
        nfiles=nfiles if isinstance(nfiles, int) else None,
        is_executable=out.get("isexec") is True,
        remote=remote.lower() if isinstance(remote, str) else "",
        file=file,
    )


def _not_dvc(file: str, reason: str) -> DataError:
    return DataError(
        f"{file} is not a file that DVC writes: {reason}",
        hint=f"restore it (git checkout -- {file}), or remove it and run `dvc add` again",
    )
