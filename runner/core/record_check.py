"""Check the structure of a record without the weight of a schema validator.

It says less than `schemas/run-record.schema.json`, which imports and `doctor` hold a record to,
and it knows what a schema cannot say: that steps are named once and that the id is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.core.record import RUN_STATUSES, SCHEMA, STEP_STATUSES, record_id
from runner.core.run_id import is_run_id
from runner.errors import Problem

NUMBER = (int, float)
KIND_NAMES: Mapping[object, str] = {str: "a text", dict: "an object", list: "an array"}
TOP: Mapping[str, type | tuple[type, ...]] = {
    "kind": str,
    "status": str,
    "project": dict,
    "code": dict,
    "request": dict,
    "data_version": str,
    "plan_id": str,
    "result_id": str,
    "steps": list,
    "environments": dict,
    "variables": dict,
    "machine": dict,
    "runner": dict,
    "started": str,
    "ended": str,
    "seconds": NUMBER,
    "tags": dict,
}
STEP: Mapping[str, type | tuple[type, ...]] = {
    "step": str,
    "entry_point": str,
    "status": str,
    "step_key": str,
    "env_id": str,
    "inputs": list,
    "outputs": list,
    "metrics": dict,
    "reasons": list,
    "seconds": NUMBER,
}


def check(document: object) -> list[Problem]:
    """Name everything that is wrong with the structure of a record; nothing: it is sound."""
    if not isinstance(document, Mapping):
        return [Problem("a record is a JSON object")]
    if document.get("schema") != SCHEMA:
        return [Problem(f"schema {document.get('schema')!r} is not known here", "schema")]
    problems = list(_fields(document, TOP, ""))
    if not is_run_id(document.get("run_id")):
        problems.append(Problem("a ULID is wanted", "run_id"))
    if document.get("status") not in RUN_STATUSES:
        problems.append(Problem(f"{document.get('status')!r} is no status of a run", "status"))
    if isinstance(document.get("steps"), list):
        problems += _steps(document["steps"])
    if not problems and document.get("record_id", "") != record_id(document):
        problems.append(Problem("it is not the hash of this document", "record_id"))
    return problems


def _steps(steps: list[Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, step in enumerate(steps):
        where = f"steps.{number}"
        if not isinstance(step, dict):
            yield Problem("an object is wanted", where)
            continue
        wrong = list(_fields(step, STEP, where + "."))
        yield from wrong
        if wrong:
            continue
        if step["status"] not in STEP_STATUSES:
            yield Problem(f"{step['status']!r} is no status of a step", f"{where}.status")
        if step["step"] in seen:
            yield Problem(f"step `{step['step']}` stands here twice", f"{where}.step")
        seen.add(step["step"])
        yield from _versions(step["inputs"], f"{where}.inputs")
        yield from _versions(step["outputs"], f"{where}.outputs")


def _versions(versions: list[Any], where: str) -> Iterator[Problem]:
    for number, version in enumerate(versions):
        path = version.get("path") if isinstance(version, dict) else None
        if not isinstance(path, str) or not path:
            yield Problem("a path is wanted", f"{where}.{number}.path")
        elif path.startswith("/"):
            yield Problem(f"{path} is absolute", f"{where}.{number}.path")


def _fields(
    document: Mapping[str, Any], wanted: Mapping[str, type | tuple[type, ...]], where: str
) -> Iterator[Problem]:
    for key, kind in wanted.items():
        if key not in document:
            yield Problem("it is missing", where + key)
        elif not isinstance(document[key], kind) or isinstance(document[key], bool):
            yield Problem(f"{_name(kind)} is wanted", where + key)


def _name(kind: type | tuple[type, ...]) -> str:
    return KIND_NAMES.get(kind, "a number")
