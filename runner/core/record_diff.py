"""What differs between two records: `{"code", "parameters", "data", …}`, old and new.

Each section maps a name to `{"old", "new"}` and holds only what differs; None stands for what
one of the two does not have. A file that git keeps counts as code, any other input as data
unless a step of the same run wrote it: then it is an output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runner.core.record import metrics, named

SECTIONS = (
    "code",
    "parameters",
    "data",
    "environment",
    "variables",
    "machine",
    "metrics",
    "outputs",
)
CODE_FIELDS = ("commit", "tree", "state")
ENVIRONMENT_FIELDS = ("kind", "exact", "platform", "python", "image")

Values = Mapping[str, object]
Difference = dict[str, dict[str, object]]


def diff(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Difference]:
    """Compare two records, section by section; `a` is the old one."""
    result = {
        section: _differences(old, new)
        for section, old, new in zip(SECTIONS, _sections(a), _sections(b), strict=True)
    }
    result["environment"] = _environments(a, b)
    return result


def _sections(record: Mapping[str, Any]) -> Iterator[Values]:
    steps: list[Mapping[str, Any]] = record["steps"]
    outputs = {out["path"]: out["md5"] for step in steps for out in step["outputs"]}
    inputs = [version for step in steps for version in step["inputs"]]
    read = [
        version for version in inputs if version["kind"] != "out" and version["path"] not in outputs
    ]
    code = record.get("code") or {}
    yield {
        **{key: code[key] for key in CODE_FIELDS if key in code},
        **{version["path"]: version["md5"] for version in read if version["kind"] == "git"},
    }
    yield _parameters(record, steps)
    yield {version["path"]: version["md5"] for version in read if version["kind"] != "git"}
    yield {}
    yield record.get("variables") or {}
    yield dict(_flat(record.get("machine") or {}))
    yield metrics(record)
    yield outputs


def _parameters(record: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> Values:
    bound = (record.get("request") or {}).get("parameters") or {}
    logged = [(step["step"], step.get("params_logged") or {}) for step in steps]
    names = named(logged)
    return {
        **{names[step, name]: value for step, values in logged for name, value in values.items()},
        **{name: parameter["value"] for name, parameter in bound.items()},
    }


def _environments(a: Mapping[str, Any], b: Mapping[str, Any]) -> Difference:
    """Compare the environments of each step that both have, package by package.

    A package that changed differently in two of them gets the step in front: `train:numpy`.
    """
    new_ids = {step["step"]: step["env_id"] for step in b["steps"]}
    pairs: dict[tuple[str, str], str] = {}
    for step in a["steps"]:
        old, new = step["env_id"], new_ids.get(step["step"], "")
        if old and new and old != new:
            pairs.setdefault((old, new), step["step"])
    result: Difference = {}
    for (old, new), name in pairs.items():
        before, after = a["environments"].get(old, {}), b["environments"].get(new, {})
        changed = _differences(_contents(before), _contents(after))
        for what, change in (changed or {"env_id": {"old": old, "new": new}}).items():
            free = result.get(what, change) == change
            result[what if free else f"{name}:{what}"] = change
    return dict(sorted(result.items()))


def _contents(environment: Mapping[str, Any]) -> Values:
    fields = {key: environment[key] for key in ENVIRONMENT_FIELDS if key in environment}
    return {**fields, **dict(map(_package, environment.get("packages") or ()))}


def _package(package: Any) -> tuple[str, str]:
    """Read `{"name", "version", "build"}` or `name==version`."""
    if isinstance(package, str):
        name, _, version = package.partition("==")
        return name, version
    parts = (package.get("version"), package.get("build"))
    return package["name"], " ".join(str(part) for part in parts if part)


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _differences(old: Values, new: Values) -> Difference:
    return {
        name: {"old": old.get(name), "new": new.get(name)}
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }
