"""The environments of a project file: the default one, and those it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.core.mlproject.quantities import bytes_of
from runner.core.mlproject.wording import quoted
from runner.core.mlproject.yaml_values import Path, YamlList, YamlMap
from runner.core.model import SYSTEM, EnvironmentSpec, Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.core.mlproject.findings import Findings

DEFAULT = "default"
RESERVED = (DEFAULT, SYSTEM)
KINDS = {"python_env": "virtualenv", "conda_env": "conda", "docker_env": "docker"}
# What MLflow looks for in a folder whose project file names no environment, in this order.
DEFAULT_FILES = {"python_env.yaml": "virtualenv", "conda.yaml": "conda"}


def read(
    root: YamlMap, folder_has: Callable[[str], bool], findings: Findings
) -> tuple[dict[str, EnvironmentSpec], str]:
    """Give the environments by name, and the name of the default one."""
    specs: dict[str, EnvironmentSpec] = {SYSTEM: EnvironmentSpec(SYSTEM)}
    default = _of(DEFAULT, root, (), folder_has, findings) or _found(folder_has, root)
    if default is not None:
        specs[DEFAULT] = default
    for name, document in (root.get("environments") or {}).items():
        path = ("environments", name)
        if name in RESERVED:
            findings.error(
                f"{quoted(name)} is the name of an environment that is always there",
                path,
                hint="choose another name",
            )
        elif document is not None:
            specs[name] = _of(name, document, path, folder_has, findings) or EnvironmentSpec(name)
    return specs, SYSTEM if default is None else DEFAULT


def _of(
    name: str,
    document: YamlMap,
    path: Path,
    folder_has: Callable[[str], bool],
    findings: Findings,
) -> EnvironmentSpec | None:
    for key, kind in KINDS.items():
        value = document.get(key)
        if value is None:
            continue
        if kind == "docker":
            return EnvironmentSpec(name, kind, None, _docker(value))
        _check_file(value, (*path, key), folder_has, findings)
        return EnvironmentSpec(name, kind, value)
    return None


def _found(folder_has: Callable[[str], bool], root: YamlMap) -> EnvironmentSpec | None:
    if any(key in root for key in KINDS):
        return None  # there is one, and what is wrong with it was said
    for file, kind in DEFAULT_FILES.items():
        if folder_has(file):
            return EnvironmentSpec(DEFAULT, kind, file)
    return None


def _check_file(
    file: str, path: Path, folder_has: Callable[[str], bool], findings: Findings
) -> None:
    if file.startswith("/") or ".." in file.split("/"):
        findings.warn(
            f"{quoted(file)} lies outside of the project: a clone does not have it",
            path,
            hint="move it into the project's folder",
        )
    if not folder_has(file):
        findings.error(
            f"{path[-1]}: no such file: {quoted(file)}",
            path,
            hint="create it, or correct its path (relative to the project's folder)",
            word=file,
            known=tuple(name for name in DEFAULT_FILES if folder_has(name)),
        )


def _docker(document: YamlMap) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in document.items():
        if value is None:
            continue
        if key == "environment":
            settings[key] = [list(variable) for variable in variables(value)]
        elif key == "shm_size":
            settings[key] = bytes_of(value)
        elif isinstance(value, YamlMap):
            settings[key] = {name: item for name, item in value.items() if item is not None}
        elif isinstance(value, YamlList):
            settings[key] = [item for item in value if item is not None]
        else:
            settings[key] = str(value) if key == "user" else value
    return settings


def variables(entries: YamlList | None) -> tuple[Variable, ...]:
    """Read a list of `NAME` and `[NAME, value]`."""
    found = []
    for entry in entries or ():
        if isinstance(entry, str):
            found.append(Variable(entry))
        elif isinstance(entry, YamlList) and None not in entry:
            found.append(Variable(entry[0], entry.text(1)))
    return tuple(found)
