"""Read `python_env.yaml` as MLflow writes it, or a requirements file in its place."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.core.spelling import did_you_mean, listed
from runner.environments.virtualenv_requirements import (
    Line,
    Requirements,
    limited_content,
    logical_lines,
    read,
)
from runner.errors import EnvironmentFailure, Problem, describe

if TYPE_CHECKING:
    from pathlib import Path

    from runner.core.model import EnvironmentSpec

KEYS = ("python", "build_dependencies", "dependencies")
VERSION = re.compile(r"\d+(\.\d+){0,2}")
DEFAULT_FILE = "python_env.yaml"


class Specification(NamedTuple):
    """What a virtualenv is made from.

    `python` is the version asked for ("3.10", "3.10.4"; empty: the running one). `lines` are
    those of the file itself, paths in them relative to the project's folder.
    """

    file: str
    python: str
    lines: tuple[Line, ...]
    requirements: Requirements


def read_specification(spec: EnvironmentSpec, folder: Path) -> Specification:
    """Read the file an environment is made from, and the requirements files it names.

    Raises:
        EnvironmentFailure: The file is missing or has problems: all of them, with their lines.
    """
    name = spec.file or DEFAULT_FILE
    path = folder / name
    if not path.is_file():
        raise EnvironmentFailure(
            f"the environment {spec.name} is read from {name}, but there is no such file",
            hint=f"write {name} (python, dependencies), or name another file under python_env",
        )
    content = limited_content(path)
    if path.suffix in {".txt", ".in"}:
        python, lines = "", [Line(f"-r {name}", name, 1)]
    else:
        python, lines = _python_env(name, content)
    requirements = read(lines, folder)
    texts = {**requirements.texts, str(path): hashlib.sha256(content).hexdigest()}
    return Specification(name, python, tuple(lines), requirements._replace(texts=texts))


def _python_env(file: str, content: bytes) -> tuple[str, list[Line]]:
    root = _parsed(file, content)
    if root is None:
        return "", []
    document = _Document(file, content.decode("utf-8", "replace").splitlines())
    fields = document.mapping(root)
    python = document.version(fields["python"]) if "python" in fields else ""
    lines = [
        line
        for key in ("build_dependencies", "dependencies")
        if key in fields
        for line in document.requirements(key, fields[key])
    ]
    if document.problems:
        raise EnvironmentFailure("\n".join(describe(file, each) for each in document.problems))
    return python, lines


def _parsed(file: str, content: bytes) -> Any:
    import yaml  # noqa: PLC0415  # read only when the file changed

    # Composed, not loaded: nothing is constructed, aliases are not expanded, lines are known.
    try:
        return yaml.compose(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = Problem(error.problem or "not YAML", line=mark.line + 1 if mark else 0, column=1)
        raise EnvironmentFailure(describe(file, problem)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise EnvironmentFailure(f"{file}: not YAML: {str(error).splitlines()[0]}") from error


class _Document:
    """A YAML document under examination, and all that is wrong with it."""

    def __init__(self, file: str, source: list[str]) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._source = source

    def mapping(self, root: Any) -> dict[str, Any]:
        """Give the known keys of the document's mapping."""
        if root.id != "mapping":
            self._wrong(root, f"expected a mapping with the keys {listed(KEYS)}")
            return {}
        fields: dict[str, Any] = {}
        for key, value in root.value:
            name = str(key.value) if key.id == "scalar" else f"a {key.id}"
            if name not in KEYS:
                hint = did_you_mean(name, KEYS) or f"the keys are {listed(KEYS)}"
                self._wrong(key, f"unknown key {name}", name, hint)
            elif name in fields:
                self._wrong(key, f"the key {name} stands here twice", name)
            else:
                fields[name] = value
        return fields

    def version(self, node: Any) -> str:
        """Give the Python version, which has to be a text: YAML reads 3.10 as the number 3.1."""
        if node.id != "scalar":
            self._wrong(node, f"expected a version, found a {node.id}", "python")
            return ""
        if node.tag != "tag:yaml.org,2002:str" and not VERSION.fullmatch(node.value):
            self._wrong(node, "expected a version such as 3.11", "python")
        elif node.tag != "tag:yaml.org,2002:str":
            hint = f'quote it: python: "{node.value}"'
            self._wrong(node, "a Python version has to be a text", "python", hint)
        elif not VERSION.fullmatch(node.value.strip()):
            hint = "versions are exact to the given digits, without operators"
            self._wrong(
                node, f'expected a version such as 3.11, found "{node.value}"', "python", hint
            )
        return str(node.value).strip()

    def requirements(self, key: str, node: Any) -> list[Line]:
        """Give the requirement lines of a list, which may be left empty."""
        if node.tag == "tag:yaml.org,2002:null":
            return []
        if node.id != "sequence":
            self._wrong(node, f"expected a list of requirements, found a {node.id}", key)
            return []
        lines = []
        for number, entry in enumerate(node.value):
            if entry.tag != "tag:yaml.org,2002:str" or not entry.value.strip():
                self._wrong(entry, "expected a requirement as a text", f"{key}[{number}]")
            elif "\n" in entry.value.strip():
                self._wrong(entry, "one requirement per entry", f"{key}[{number}]")
            else:
                first = entry.start_mark.line
                lines += [
                    line._replace(number=first + line.number)
                    for line in logical_lines(entry.value.strip(), self._file)
                ]
        return lines

    def _wrong(self, node: Any, message: str, where: str = "", hint: str = "") -> None:
        line = node.start_mark.line
        source = self._source[line].strip() if line < len(self._source) else ""
        self.problems.append(
            Problem(message, where, line + 1, node.start_mark.column + 1, source, hint)
        )
