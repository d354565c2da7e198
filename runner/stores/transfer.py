"""Take in records from elsewhere: one JSON document a line, each held to the schema."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.core.record import Record, canonical, record_id, result_id
from runner.core.record_check import check
from runner.core.run_id import new_run_id
from runner.errors import Problem, StoreError, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema.protocols import Validator

SCHEMA = "run-record.schema.json"
MOST_PROBLEMS = 20
MALFORMED = (TypeError, KeyError, AttributeError, ValueError, RecursionError)


class Incoming(NamedTuple):
    """Records that are new here, and the number of those that are not."""

    records: list[Record]
    known: int


def read_records(
    lines: Iterable[str | bytes], name: str, record_id_of: Callable[[str], str | None]
) -> Incoming:
    """Read and check records; `record_id_of` tells the record_id of a run that is here already.

    Ids that are absent are made: record_id and result_id from the content, run_id from the
    content and the time it began, so that the same line gives the same run.

    Raises:
        StoreError: naming each line that is wrong.
    """
    validator = schema_validator()
    known: dict[str, str | None] = {}
    new: list[Record] = []
    repeated = 0
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record, wrong = _read(line, validator)
        if record is not None:
            run_id = record.run_id
            kept = known.setdefault(run_id, record_id_of(run_id))
            if kept is None:
                new.append(record)
                known[run_id] = record.record_id
            elif kept == record.record_id:
                repeated += 1
            else:
                wrong = [Problem(f"run {run_id} is here already, with another record", "run_id")]
        problems += [problem._replace(line=number, column=problem.column or 1) for problem in wrong]
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        texts = [describe(name, problem) for problem in problems[:MOST_PROBLEMS]]
        raise StoreError("\n".join(texts), hint="nothing was imported; correct the file first")
    return Incoming(new, repeated)


def schema_validator() -> Validator:
    """Give the validator of `schemas/run-record.schema.json`."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # 60 ms that only imports pay

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = (os.path.join(package, "schemas"), os.path.join(package, os.pardir, "schemas"))
    folder = next(folder for folder in folders if os.path.isdir(folder))
    with open(os.path.join(folder, SCHEMA), encoding="utf-8") as file:
        schema = json.load(file)
    return Draft202012Validator(_without_references(schema, schema["$defs"]))


def schema_problems(document: dict[str, Any], validator: Validator) -> Iterator[Problem]:
    """Say where a record is not as the schema wants it."""
    for error in validator.iter_errors(document):
        yield Problem(error.message[:300], ".".join(str(part) for part in error.absolute_path))


def _without_references(schema: Any, definitions: dict[str, Any]) -> Any:
    """Put each definition where it is referred to: looking them up is a third of the work."""
    if isinstance(schema, list):
        return [_without_references(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {key: _without_references(item, definitions) for key, item in schema.items()}
    name = rest.pop("$ref", "").removeprefix("#/$defs/")
    return {**_without_references(definitions[name], definitions), **rest} if name else rest


def _read(line: str | bytes, validator: Validator) -> tuple[Record | None, list[Problem]]:
    try:
        document = json.loads(line, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        column = getattr(error, "colno", 1)
        return None, [Problem(f"this is not JSON: {getattr(error, 'msg', error)}", column=column)]
    if not isinstance(document, dict):
        return None, [Problem("a record is a JSON object")]
    with suppress(*MALFORMED):  # what is wrong with it, the schema says better
        _complete(document)
    problems = list(schema_problems(document, validator)) or check(document)
    return (None, problems) if problems else (Record.of(document), [])


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(f"{digits[:40]} is too large for a number")
    return number


def _complete(document: dict[str, Any]) -> None:
    if not document.get("result_id"):
        outputs = [out for step in document["steps"] for out in step["outputs"]]
        document["result_id"] = result_id((out["path"], out["md5"]) for out in outputs)
    if not document.get("run_id"):
        content = {key: value for key, value in document.items() if key != "record_id"}
        started = datetime.fromisoformat(document["started"]).astimezone(UTC)
        chance = hashlib.sha256(canonical(content)).digest()
        document["run_id"] = new_run_id(int(started.timestamp() * 1000), chance)
    if not document.get("record_id"):
        document["record_id"] = record_id(document)
