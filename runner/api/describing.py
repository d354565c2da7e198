"""What the record says of a run before any step ran."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner import __version__
from runner.core.fingerprint import data_version
from runner.workspace import machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.api.planning import Prepared
    from runner.core.model import BoundParameter, DataVersion


def run_document(
    prepared: Prepared, run_id: str, started: str, inputs: Iterable[DataVersion]
) -> dict[str, object]:
    """Give the fields of the record that are known at the start; `inputs` come from outside."""
    revision = prepared.revision
    return {
        "schema": 1,
        "run_id": run_id,
        "kind": "run",
        "project": {
            "name": prepared.project.name or os.path.basename(prepared.ports.folder),
            "root": revision.root,
            "repo_url": revision.repo_url,
            "branch": revision.branch,
        },
        "code": {
            "commit": revision.commit,
            "tree": revision.tree,
            "state": revision.state,
            "snapshot": revision.snapshot,
            "base_commit": revision.base_commit,
        },
        "commit": revision.commit,
        "dirty": revision.state != "clean",
        "request": {
            "entry_point": _entry_point(prepared),
            "targets": list(prepared.bound.targets),
            "parameters": dict(_parameters(prepared)),
        },
        "data_version": data_version(inputs),
        "plan_id": prepared.plan_id,
        "environments": {
            env_id: {"kind": spec.kind, "exact": False}
            for spec, env_id in prepared.environments.values()
        },
        "variables": _variables(prepared),
        "machine": machine.describe(),
        "runner": {"version": __version__},
        "started": started,
        "rerun_of": None,
        "verdict": None,
        "tags": {},
    }


def _entry_point(prepared: Prepared) -> str:
    asked = prepared.request.targets
    if asked:
        return asked[0] if len(asked) == 1 else ""
    return "main" if "main" in prepared.project.entry_points else ""


def _variables(prepared: Prepared) -> dict[str, object]:
    """Declared variables by name, or as `step.name` where steps disagree; secrets by name alone."""
    by_name: dict[str, dict[str, str]] = {}
    for step, variables in prepared.variables.items():
        for name, value in variables.items():
            by_name.setdefault(name, {})[step] = value
    found: dict[str, object] = {}
    for name, values in by_name.items():
        if len(set(values.values())) == 1:
            found[name] = next(iter(values.values()))
        else:
            found |= {f"{step}.{name}": value for step, value in values.items()}
    for secrets in prepared.secrets.values():
        found.update(dict.fromkeys(secrets))
    return found


def _parameters(prepared: Prepared) -> Iterator[tuple[str, dict[str, object]]]:
    """Give each parameter once; one that entry points disagree about as `entry_point.name`."""
    found: dict[str, dict[str, BoundParameter]] = {}
    for step in prepared.dag.steps.values():
        for name, bound in step.parameters.items():
            if bound.source != "matrix":
                found.setdefault(name, {})[step.entry_point] = bound
    for name, by_entry_point in found.items():
        agreed = len(set(by_entry_point.values())) == 1
        for entry_point, bound in by_entry_point.items():
            yield (name if agreed else f"{entry_point}.{name}"), bound._asdict()
