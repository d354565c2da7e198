"""What people are told when a run begins: what it will do, and how to do a part of it again."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from runner.core.dag import closure
from runner.core.paths import file_name
from runner.views.progress import Beginning
from runner.views.step_lines import name_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.api.planning import Prepared


def beginning(prepared: Prepared, run_id: str, run_folder: str) -> Beginning:
    """Sum a prepared run up for whoever watches it."""
    commands = [name for name, step in prepared.dag.steps.items() if step.command is not None]
    actions = [prepared.decisions[name].action for name in commands]
    return Beginning(
        run_id,
        steps=len(commands),
        to_run=sum(action in {"run", "maybe"} for action in actions),
        to_restore=actions.count("restore"),
        width=name_width(commands),
        notes=prepared.notes,
        code=shown_code(prepared),
        record=_seen_by_caller(prepared, os.path.join(run_folder, "record.json")),
        retry=lambda step: retry_command(prepared, step),
        logs=lambda step: f"{program_inside(prepared)} logs {run_id} {quote(step)}",
        log_of=lambda step: os.path.join(run_folder, "logs", file_name(step) + ".log"),
    )


def retry_command(prepared: Prepared, step: str) -> str:
    """Give the command that runs one step of a run again, and of the rest what it needs."""
    request = prepared.request
    program = f"runner -C {quote(request.moved_to)}" if request.moved_to else "runner"
    words = [program, "run", quote(request.folder), quote(step)]
    if request.only or request.downstream:
        words.append("--only")
    if request.environment:
        words.append(f"--env-manager {request.environment}")
    words += [f"-P {quote(given)}" for given in _parameters_for(prepared, step)]
    return " ".join(words)


def program_inside(prepared: Prepared) -> str:
    """Give what a command about the project's runs begins with, where the caller is."""
    request = prepared.request
    folder = os.path.normpath(os.path.join(request.moved_to, request.folder))
    return "runner" if folder == os.curdir else f"runner -C {quote(folder)}"


def shown_code(prepared: Prepared) -> str:
    """Name the code as people know it: `1a2b3c4`, `1a2b3c4 with changes` or `not in git`."""
    revision = prepared.revision
    if revision.state == "nogit":
        return "not in git"
    base = (revision.base_commit or revision.commit)[:7]
    if not revision.base_commit and revision.state != "clean":
        return "no commit yet"
    return base if revision.state == "clean" else f"{base} with changes"


def _seen_by_caller(prepared: Prepared, path: str) -> str:
    return os.path.normpath(os.path.join(prepared.request.moved_to, os.path.relpath(path)))


def _parameters_for(prepared: Prepared, step: str) -> Iterator[str]:
    """Give the `-P` texts that reach the step or what it waits for; others would be appended."""
    steps = [prepared.dag.steps[name] for name in closure(prepared.dag.upstream, [step])]
    known = {name for each in steps for name in each.parameters}
    known |= {f"{each.entry_point}.{name}" for each in steps for name in each.parameters}
    for name, value in prepared.request.parameters:
        if name in known:
            yield f"{name}={value}"
