"""A `Project` as a plain JSON document and back: how a validated project file is cached.

Entry points are lists in the order of their fields, cut after the last that is not the default,
and a plain path stands for a dep or an out that is nothing else: most of a document is read by
`json` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.core.model import (
    Dep,
    EntryPoint,
    EnvironmentSpec,
    Out,
    Parameter,
    Project,
    Resources,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def to_document(project: Project) -> dict[str, Any]:
    """Give the JSON document that `from_document` turns back into the same project."""
    return {
        "name": project.name,
        "file": project.file,
        "settings": dict(project.settings),
        "variables": [list(variable) for variable in project.variables],
        "secrets": list(project.secrets),
        "default_environment": project.default_environment,
        "environments": [
            [spec.name, spec.kind, spec.file, dict(spec.settings)]
            for spec in project.environments.values()
        ],
        "entry_points": [_write_entry(entry) for entry in project.entry_points.values()],
    }


def from_document(document: Mapping[str, Any]) -> Project:
    """Give the project that `to_document` made the document of.

    Raises:
        KeyError, TypeError, ValueError: the document is not one of those.
    """
    entries = [_read_entry(fields) for fields in document["entry_points"]]
    specs = [EnvironmentSpec(*fields) for fields in document["environments"]]
    return Project(
        document["name"],
        {entry.name: entry for entry in entries},
        {spec.name: spec for spec in specs},
        document["default_environment"],
        tuple(Variable(*fields) for fields in document["variables"]),
        tuple(document["secrets"]),
        document["settings"],
        document["file"],
    )


def _write_entry(entry: EntryPoint) -> dict[str, Any]:
    """Keep the fields that are not the default."""
    written: dict[str, Any] = {"name": entry.name, "line": entry.line}
    for name, default in EntryPoint._field_defaults.items():
        value = getattr(entry, name)
        if value != default:
            written[name] = _WRITERS[name](value) if name in _WRITERS else value
    return written


def _read_entry(written: dict[str, Any]) -> EntryPoint:
    fields = {
        name: _READERS[name](value) if name in _READERS else value
        for name, value in written.items()
    }
    return EntryPoint(**fields)


def _lists(values: Iterable[Iterable[object]]) -> list[list[object]]:
    return [list(value) for value in values]


def _write_deps(deps: Iterable[Dep]) -> list[Any]:
    return [dep.path if dep.keys is None else [dep.path, list(dep.keys)] for dep in deps]


def _read_deps(written: Iterable[Any]) -> tuple[Dep, ...]:
    return tuple(
        [Dep(dep) if isinstance(dep, str) else Dep(dep[0], tuple(dep[1])) for dep in written]
    )


def _write_outs(outs: Iterable[Out]) -> list[Any]:
    return [out.path if out == Out(out.path) else list(out) for out in outs]


def _read_outs(written: Iterable[Any]) -> tuple[Out, ...]:
    return tuple([Out(out) if isinstance(out, str) else Out(*out) for out in written])


def _read_parameters(written: Iterable[list[Any]]) -> tuple[Parameter, ...]:
    return tuple(
        [Parameter(name, kind, default, tuple(choices)) for name, kind, default, choices in written]
    )


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "parameters": _lists,
    "deps": _write_deps,
    "outs": _write_outs,
    "needs": list,
    "matrix": lambda axes: [[name, list(values)] for name, values in axes],
    "variables": _lists,
    "secrets": list,
    "resources": list,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "parameters": _read_parameters,
    "deps": _read_deps,
    "outs": _read_outs,
    "needs": tuple,
    "matrix": lambda axes: tuple([(name, tuple(values)) for name, values in axes]),
    "variables": lambda written: tuple([Variable(*fields) for fields in written]),
    "secrets": tuple,
    "resources": lambda fields: Resources(*fields),
}
