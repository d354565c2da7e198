"""A document that fits the schema -> a Project, with everything checked that a schema cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core.mlproject import entry_point, environments
from runner.core.mlproject.quantities import bytes_of
from runner.core.mlproject.yaml_values import YamlMap
from runner.core.model import EntryPoint, Project, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.core.mlproject.findings import Findings

OURS = ("environments", "env", "secrets", "runner")
_SIZES = ("snapshot_file_limit", "snapshot_total_limit")


def is_mlflow_only(root: YamlMap) -> bool:
    """Tell whether a file uses nothing but what MLflow knows."""
    entries = root.get("entry_points")
    if not isinstance(entries, YamlMap):
        return not any(key in root for key in OURS)
    return not (
        any(key in root for key in OURS)
        or any(entry_point.uses_ours(entry) for entry in entries.values())
    )


def build(
    root: YamlMap,
    file: str,
    folder_name: str,
    folder_has: Callable[[str], bool],
    findings: Findings,
) -> Project:
    """Give the project; whatever is wrong goes to the findings, and then it is not usable."""
    specs, default = environments.read(root, folder_has, findings)
    entries: YamlMap = root.get("entry_points") or YamlMap()
    around = entry_point.Surroundings(
        tuple(entries), (*specs, *(root.get("environments") or ())), file, findings
    )
    return Project(
        root.text("name") if root.get("name") is not None else folder_name,
        {
            name: _entry(name, document, entries, around)
            for name, document in entries.items()
            if document is not None
        },
        specs,
        default,
        environments.variables(root.get("env")),
        entry_point.read_secrets(root, (), findings),
        _settings(root.get("runner")),
        file,
    )


def _entry(
    name: str, document: YamlMap, entries: YamlMap, around: entry_point.Surroundings
) -> EntryPoint:
    read = entry_point.read(name, document, around)
    return read._replace(line=entries.marks[name].key_line)


def _settings(document: YamlMap | None) -> dict[str, Value]:
    known: dict[str, Value] = {}
    for name, value in (document or {}).items():
        if value is None or isinstance(value, dict | list):
            continue
        known[name] = bytes_of(value) if name in _SIZES else value
    return known
