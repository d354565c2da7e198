"""Read parameter files and metric files: JSON, YAML or TOML, by their names' endings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from runner.errors import WorkspaceError

if TYPE_CHECKING:
    from runner.core.model import Dep

LARGEST = 16 * 1024 * 1024
YAML_ENDINGS = (".yaml", ".yml")


def parameters(folder: str, deps: Iterable[Dep]) -> dict[str, object]:
    """Give the values of all declared keys of parameters files, as `file:key`.

    Raises:
        WorkspaceError: a file cannot be read, or keys are not in it; all of them are named.
    """
    values: dict[str, object] = {}
    lost: list[str] = []
    for dep in deps:
        if not dep.keys:
            continue
        document = read(folder, dep.path)
        for key in dep.keys:
            try:
                values[f"{dep.path}:{key}"] = _lookup(document, key)
            except KeyError:
                lost.append(_lost(dep.path, key, document))
    if lost:
        raise WorkspaceError("\n".join(lost), hint="correct `keys:` in the project file")
    return values


def metrics(folder: str, paths: Iterable[str]) -> tuple[dict[str, float], list[str]]:
    """Read the numbers of metric files, by dotted name; what cannot be read is said.

    A name that several files have gets the file in front: `metrics/train.json:rmse`.
    """
    found: dict[str, dict[str, float]] = {}
    problems: list[str] = []
    for path in paths:
        try:
            document = read(folder, path)
        except WorkspaceError as error:
            problems.append(error.message)
            continue
        for name, number in _numbers(document, ""):
            found.setdefault(name, {})[path] = number
    result: dict[str, float] = {}
    for name, by_path in found.items():
        for path, number in by_path.items():
            result[name if len(by_path) == 1 else f"{path}:{name}"] = number
    return result, problems


def read(folder: str, path: str) -> object:
    """Parse one JSON, YAML or TOML file.

    Raises:
        WorkspaceError: it is missing, too large, or not what its name says.
    """
    full = os.path.join(folder, path)
    try:
        if os.path.getsize(full) > LARGEST:
            raise WorkspaceError(f"{path}: larger than 16 MiB, too large for a file of values")
        with open(full, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise WorkspaceError(f"{path}: {reason}") from error
    return _parse(path, text)


def _parse(path: str, text: str) -> object:
    try:
        if path.endswith(YAML_ENDINGS):
            return _parse_yaml(text)
        if path.endswith(".toml"):
            import tomllib  # noqa: PLC0415  # imported only where it is used

            return tomllib.loads(text)
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        first = str(error).partition("\n")[0]
        raise WorkspaceError(f"{path}: cannot be read as its name says: {first}") from error


def _parse_yaml(text: str) -> object:
    import yaml  # noqa: PLC0415  # imported only where it is used

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506  # both are safe loaders
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _lookup(document: object, key: str) -> object:
    if isinstance(document, Mapping) and key in document:
        return document[key]
    value = document
    for part in key.split("."):
        if isinstance(value, Mapping):
            value = value[part] if part in value else value[_number(part)]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(key)
    return value


def _number(part: str) -> int:
    if part.isdigit():
        return int(part)
    raise KeyError(part)


def _lost(path: str, key: str, document: object) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # imported only where it is used

    names = [name for name, _ in _leaves(document, "")]
    close = get_close_matches(key, names, n=1)
    return f"{path}: has no key `{key}`" + (f"; did you mean `{close[0]}`?" if close else "")


def _numbers(document: object, prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in _leaves(document, prefix):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, value


def _leaves(document: object, prefix: str) -> Iterator[tuple[str, object]]:
    pending: list[tuple[str, object]] = [(prefix, document)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping):
            inner = [(f"{name}.{key}" if name else str(key), item) for key, item in value.items()]
            pending.extend(reversed(inner))
        elif name:
            yield name, value
