"""Read what a step has appended to RUNNER_LOG: one JSON object a line, from any language.

A metric is `{"metric": "loss", "value": 0.5}`, with `"number"` (or `"step"`) and `"time"` if it
likes; a parameter `{"param": "seed", "value": "7"}`; an artifact `{"artifact": "plot.png"}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from re import compile as pattern

LONGEST_LINE = 1_000_000
NAMED_PROBLEMS = 20
RFC_3339 = pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
NOT_IN_JSON = ("NaN", "Infinity", "-Infinity")

Entry = tuple[str, Mapping[str, object]]


def parse(lines: bytes, first: int = 1) -> tuple[list[Entry], list[str]]:
    """Give the entries in their order, and what is wrong with the lines that are none.

    Entries are `("metric", {name, value: float, number: int | None, time: str | None})`,
    `("param", {name, value: str, time})` and `("artifact", {path, source: str | None, time})`.
    Lines that are torn, too long (1 MB) or of some other shape are left out, never an error;
    `first` is the number of the first line.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(lines.split(b"\n"), first):
        if not line.strip():
            continue
        try:
            entries.append(_entry(line))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if len(problems) > NAMED_PROBLEMS:
        more = len(problems) - NAMED_PROBLEMS
        problems[NAMED_PROBLEMS:] = [f"and {more} more lines"]
    return entries, problems


def _entry(line: bytes) -> Entry:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE} bytes")
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004  # all that is wrong is a ValueError
    if "metric" in document:
        return "metric", _metric(document)
    if "param" in document:
        return "param", _param(document)
    if "artifact" in document:
        return "artifact", _artifact(document)
    raise ValueError("names no metric, param or artifact")


def _metric(document: dict[str, object]) -> dict[str, object]:
    number = document.get("number", document.get("step"))
    if isinstance(number, float) and number.is_integer():
        number = int(number)  # some languages have no other numbers
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise ValueError("number is not an integer")
    return {
        "name": _text(document, "metric"),
        "value": _value(document.get("value")),
        "number": number,
        "time": _moment(document),
    }


def _param(document: dict[str, object]) -> dict[str, object]:
    if "value" not in document:
        raise ValueError("has no value")
    value = document["value"]
    return {
        "name": _text(document, "param"),
        "value": _storable(value if isinstance(value, str) else json.dumps(value)),
        "time": _moment(document),
    }


def _artifact(document: dict[str, object]) -> dict[str, object]:
    path = _text(document, "artifact")
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("artifact leads out of the run's artifacts")
    if "\0" in path:
        raise ValueError("artifact holds a NUL character")
    return {
        "path": path,
        "source": _optional_text(document, "source"),
        "time": _moment(document),
    }


def _value(value: object) -> float:
    if isinstance(value, int | float) or value in NOT_IN_JSON:
        try:
            return float(value)
        except OverflowError:
            raise ValueError("value is too large") from None
    raise ValueError("value is not a number")


def _text(document: dict[str, object], key: str) -> str:
    text = document[key]
    if not isinstance(text, str) or not text:
        raise ValueError(f"{key} is not a text")
    return _storable(text)


def _optional_text(document: dict[str, object], key: str) -> str | None:
    text = document.get(key)
    return _storable(text) if isinstance(text, str) else None


def _moment(document: dict[str, object]) -> str | None:
    """Give the line's time when it is one: views and stores compute with it."""
    text = document.get("time")
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        return None
    from datetime import datetime  # noqa: PLC0415  # only where steps log with a time

    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _storable(text: str) -> str:
    """Replace the halves of characters that JSON can spell but no file can hold."""
    return text.encode("utf-8", "replace").decode()
