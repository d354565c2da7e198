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
MOST_VALUES = 100_000
DEEPEST = 100
MOST_METRICS = 10_000
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
        numbers = list(_numbers(document, ""))
        if len(numbers) > MOST_METRICS:
            problems.append(f"{path}: only the first {MOST_METRICS:,} numbers became metrics")
        for name, number in numbers[:MOST_METRICS]:
            found.setdefault(name, {})[path] = number
    result: dict[str, float] = {}
    for name, by_path in found.items():
        for path, number in by_path.items():
            result[name if len(by_path) == 1 else f"{path}:{name}"] = number
    return result, problems


def read(folder: str, path: str) -> object:
    """Parse one JSON, YAML or TOML file into what JSON can hold: dates become ISO texts.

    Raises:
        WorkspaceError: it is missing, too large, not what its name says, or holds what JSON has
            no words for.
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
    return _Plain(path).value(_parse(path, text), "", 0)


class _Plain:
    """Makes the values of one file plain; counts them, as a few aliases may stand for billions."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._count = 0

    def value(self, value: object, where: str, depth: int) -> object:
        """Give a value as JSON can hold it; `where` is its dotted key."""
        self._count += 1
        if self._count > MOST_VALUES:
            raise WorkspaceError(f"{self._path}: holds more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise WorkspaceError(f"{self._path}: is nested more than {DEEPEST} levels deep")
        if value is None or isinstance(value, str | int | float):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, where, depth)
        if isinstance(value, list | tuple):
            return [
                self.value(item, f"{where}.{number}", depth + 1)
                for number, item in enumerate(value)
            ]
        if hasattr(value, "isoformat"):
            return value.isoformat()
        kind = "binary data" if isinstance(value, bytes) else f"a {type(value).__name__}"
        raise WorkspaceError(
            f"{self._path}: `{where.removeprefix('.')}` is {kind}, which no parameter can be",
            hint="write it as a text, a number, a list or a mapping",
        )

    def _mapping(self, mapping: Mapping[object, object], where: str, depth: int) -> object:
        plain: dict[str, object] = {}
        for key, item in mapping.items():
            name = _key_text(key)
            if name in plain:
                raise WorkspaceError(
                    f"{self._path}: `{f'{where}.{name}'.removeprefix('.')}` is there twice",
                    hint="keys are texts to runner: rename one of them",
                )
            plain[name] = self.value(item, f"{where}.{name}", depth + 1)
        return plain


def _key_text(key: object) -> str:
    """Give a key as the file has it: YAML takes `yes` for true and `2026-01-01` for a date."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return str(key.isoformat()) if hasattr(key, "isoformat") else str(key)


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
    except (yaml.YAMLError, TypeError) as error:  # TypeError: a key that no mapping can have
        raise ValueError(" ".join(str(error).split())) from error


def _lookup(document: object, key: str) -> object:
    if isinstance(document, Mapping) and key in document:
        return document[key]
    value = document
    for part in key.split("."):
        if isinstance(value, Mapping):
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(key)
    return value


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
