"""One run, or the difference of two, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from runner.views.tables import COLOURS, when
from runner.views.words import Painter, count_of, duration, memory, reason_text

SHOWN_PACKAGES = 5
SHORT = 12


def text(record: Mapping[str, Any], stream: IO[str], *, color: str) -> str:
    """Render `show`: what ran, from what, with what result."""
    paint = Painter.choose(stream, color)
    lines = [
        (
            f"{paint('run', 'bold')} {record['run_id']}  "
            f"{paint(record['status'], COLOURS.get(record['status'], 'dim'))}"
        ),
        *_facts(record),
    ]
    for title, found in (
        ("steps", list(_steps(record, paint))),
        ("inputs", list(_inputs(record))),
        ("outputs", list(_outputs(record))),
        ("environments", list(_environments(record))),
        ("written beside the outs", [w["path"] for w in record.get("undeclared_writes", ())]),
    ):
        if found:
            lines += ["", paint(title, "bold"), *(f"  {line}" for line in found)]
    return "\n".join(lines)


def difference(found: Mapping[str, Any], stream: IO[str], *, color: str) -> str:
    """Render `diff`: only what differs, old and new."""
    paint = Painter.choose(stream, color)
    lines: list[str] = []
    for section, entries in found.items():
        if entries:
            lines.append(paint(section, "bold"))
            lines += [f"  {line}" for line in _changes(entries)]
    return "\n".join(lines) if lines else "nothing differs"


def _facts(record: Mapping[str, Any]) -> Iterator[str]:
    code, request = record["code"], record["request"]
    base = (code.get("base_commit") or code.get("commit") or "")[:SHORT]
    dirty = f" with changes, kept as {code['snapshot'][:SHORT]}" if code.get("snapshot") else ""
    yield f"code      {base + dirty if base else 'not in git'}"
    if record["data_version"]:
        yield f"data      {record['data_version']}"
    yield f"started   {when(record['started'])}, took {duration(record['seconds'])}"
    targets = " ".join(request.get("targets", ()))
    if targets:
        yield f"targets   {targets}"
    parameters = request.get("parameters") or {}
    if parameters:
        shown = " ".join(f"{name}={bound['value']}" for name, bound in parameters.items())
        yield f"with      {shown}"
    yield f"plan      {record['plan_id'][:SHORT]}"
    yield f"result    {record['result_id'][:SHORT]}"
    yield f"record    {record['record_id'][:SHORT]}"


def _steps(record: Mapping[str, Any], paint: Painter) -> Iterator[str]:
    width = max((len(step["step"]) for step in record["steps"]), default=0)
    for step in record["steps"]:
        facts = [f"{step['step']:<{width}}", f"{step['status']:<10}"]
        if step["seconds"]:
            facts += [f"{duration(step['seconds']):>8}", f"{memory(step['peak_memory']):>8}"]
        if step["problem"]:
            facts.append(paint(step["problem"].partition("\n")[0], "red"))
        elif step["reasons"]:
            facts.append(paint(f"({reason_text(step['reasons'])})", "dim"))
        yield "  ".join(facts)
        for name, value in step["metrics"].items():
            yield f"{'':<{width}}  {name} = {value}"


def _inputs(record: Mapping[str, Any]) -> Iterator[str]:
    seen: dict[str, Mapping[str, Any]] = {}
    for step in record["steps"]:
        for version in step["inputs"]:
            if version["kind"] != "out":
                seen[version["path"]] = version
    yield from _versions(seen.values())


def _outputs(record: Mapping[str, Any]) -> Iterator[str]:
    yield from _versions([out for step in record["steps"] for out in step["outputs"]])


def _versions(versions: Any) -> Iterator[str]:
    width = max((len(version["path"]) for version in versions), default=0)
    for version in versions:
        files = "" if version["nfiles"] is None else f"  {count_of(version['nfiles'], 'file')}"
        yield f"{version['path']:<{width}}  {version['md5']}  {memory(version['size'])}{files}"


def _environments(record: Mapping[str, Any]) -> Iterator[str]:
    for env_id, environment in record["environments"].items():
        packages = environment.get("packages") or []
        exact = "exact" if environment.get("exact") else "not exact"
        shown = ", ".join(f"{p['name']} {p['version']}" for p in packages[:SHOWN_PACKAGES])
        more = (
            f" and {len(packages) - SHOWN_PACKAGES} more" if len(packages) > SHOWN_PACKAGES else ""
        )
        python = f", Python {environment['python']}" if environment.get("python") else ""
        yield f"{env_id[:SHORT]}  {environment['kind']}{python}, {exact}  {shown}{more}".rstrip()


def _changes(entries: Any) -> Iterator[str]:
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and entry.keys() == {"old", "new"}:
            yield f"{name}: {_shown(entry['old'])} -> {_shown(entry['new'])}"
        elif isinstance(entry, Mapping):
            yield f"{name}:"
            yield from (f"  {line}" for line in _changes(entry))
        else:
            yield f"{name}: {_shown(entry)}"


def _shown(value: object) -> str:
    return "not there" if value is None else str(value)
