"""One run in words: what ran, from what, with what result."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from runner.views.step_lines import environment_text
from runner.views.tables import COLOURS, aligned, room_of, when
from runner.views.words import (
    Painter,
    count_of,
    duration,
    memory,
    reason_text,
    values_text,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHORT = 12
SHOWN_PACKAGES = 8
STEP_HEAD = ("STEP", "STATUS", "TOOK", "MEMORY", "METRICS", "WHY")


def text(record: Mapping[str, Any], stream: IO[str], *, color: str, program: str = "runner") -> str:
    """Render `show`; `program` is what commands that are shown begin with."""
    paint = Painter.choose(stream, color)
    room = room_of(stream)
    status = record["status"]
    lines = [
        f"{paint('run', 'bold')} {record['run_id']}  {paint(status, COLOURS.get(status, 'dim'))}",
        *map(visible, _facts(record)),
        "",
        *_steps(record["steps"], room, paint),
    ]
    for title, found in (
        ("problems", list(_problems(record, program))),
        ("inputs", _versions(_inputs(record), room, paint)),
        ("outputs", _versions(_outputs(record), room, paint)),
        ("environments", list(_environments(record))),
        ("written beside the outs", [w["path"] for w in record.get("undeclared_writes", ())]),
    ):
        if found:
            lines += ["", paint(title, "bold"), *(f"  {visible(line)}" for line in found)]
    return "\n".join(lines)


def _facts(record: Mapping[str, Any]) -> Iterator[str]:
    code, request = record["code"], record["request"]
    project = record["project"]
    yield f"project   {project['name']}"
    base = (code.get("base_commit") or code.get("commit") or "")[:SHORT]
    branch = f" on {project['branch']}" if project.get("branch") else ""
    dirty = f" with changes, kept as {code['snapshot'][:SHORT]}" if code.get("snapshot") else ""
    yield f"code      {f'{base}{branch}{dirty}' if base else dirty.strip() or 'not in git'}"
    if record["data_version"]:
        yield f"data      {record['data_version'][:SHORT]}"
    yield f"started   {when(record['started'])}, took {duration(record['seconds'])}"
    targets = list(request.get("targets", ()))
    if targets:
        more = f" and {len(targets) - 3} more" if len(targets) > 3 else ""
        yield f"targets   {' '.join(targets[:3])}{more}"
    parameters = request.get("parameters") or {}
    if parameters:
        yield "with      " + " ".join(f"{name}={b['value']}" for name, b in parameters.items())
    if record.get("rerun_of"):
        yield f"rerun of  {record['rerun_of']}  {record.get('verdict') or ''}".rstrip()
    ids = (("plan", "plan_id"), ("result", "result_id"), ("record", "record_id"))
    for word, key in ids:
        yield f"{word:<10}{record[key][:SHORT]}"


def _steps(steps: Sequence[Mapping[str, Any]], room: int, paint: Painter) -> list[str]:
    rows, colours = [], []
    for step in steps:
        rows.append(
            (
                step["step"],
                step["status"].replace("-", " "),
                duration(step["seconds"]) if step["seconds"] else "",
                memory(step["peak_memory"]) if step["peak_memory"] else "",
                values_text(step["metrics"]),
                reason_text(step["reasons"]),
            )
        )
        colours.append(("", COLOURS.get(step["status"], "dim")))
    return aligned(STEP_HEAD, rows, colours, room, paint)


def _problems(record: Mapping[str, Any], program: str) -> Iterator[str]:
    for step in record["steps"]:
        if step.get("problem"):
            yield f"{step['step']}: {step['problem'].partition(chr(10))[0]}"
            yield f"  all it wrote: {program} logs {record['run_id']} {step['step']}"


def _inputs(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    every = [version for step in record["steps"] for version in step["inputs"]]
    return list({each["path"]: each for each in every if each["kind"] != "out"}.values())


def _outputs(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [out for step in record["steps"] for out in step["outputs"]]


def _versions(versions: Sequence[Mapping[str, Any]], room: int, paint: Painter) -> list[str]:
    rows = [
        (
            version["path"],
            _short_md5(version["md5"]),
            memory(version["size"]),
            "" if version["nfiles"] is None else count_of(version["nfiles"], "file"),
        )
        for version in versions
    ]
    return aligned((), rows, (), room, paint)


def _short_md5(md5: str) -> str:
    hashed, dot, ending = md5.partition(".")
    return hashed[:SHORT] + dot + ending


def _environments(record: Mapping[str, Any]) -> Iterator[str]:
    for env_id, environment in record["environments"].items():
        packages = environment.get("packages") or []
        exact = "exact" if environment.get("exact") else "not exact"
        yield f"{env_id[:SHORT]}  {environment_text(environment)}, {exact}"
        shown = [f"{each['name']} {each['version']}" for each in packages[:SHOWN_PACKAGES]]
        more = (
            f" and {len(packages) - SHOWN_PACKAGES} more" if len(packages) > SHOWN_PACKAGES else ""
        )
        if shown:
            yield f"  {', '.join(shown)}{more}"
