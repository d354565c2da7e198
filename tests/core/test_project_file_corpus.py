"""The example files beside the schema: what is right is read, what is wrong is told in full."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from runner import project_files
from runner.core.mlproject.findings import Findings
from runner.core.mlproject.yaml_text import read
from runner.core.model import Project
from runner.core.project_file import parse
from runner.errors import Problem, ProjectFileError, describe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "schemas" / "mlproject"
SCHEMA = project_files.schema("mlproject")
FILES = ("python_env.yaml", "conda.yaml", "envs/light.yaml", "envs/bio.yaml")


def examples(kind: str) -> list[Any]:
    return [pytest.param(file, id=file.stem) for file in sorted((FOLDER / kind).glob("*.yaml"))]


def load(file: Path) -> tuple[Project, tuple[Problem, ...]]:
    with file.open(encoding="utf-8", newline="") as stream:
        text = stream.read()
    return parse(text, file="MLproject", schema=SCHEMA, folder_has=FILES.__contains__)


def expected(file: Path) -> str:
    told = file.with_suffix(".txt")
    return told.read_text(encoding="utf-8") if told.exists() else ""


@pytest.mark.parametrize("file", examples("valid"))
def test_a_valid_example_is_read_with_exactly_its_warnings(file: Path) -> None:
    project, warnings = load(file)
    assert isinstance(project, Project)
    assert "".join(describe("MLproject", warning) + "\n" for warning in warnings) == expected(file)


@pytest.mark.parametrize("file", examples("invalid"))
def test_an_invalid_example_is_refused_with_exactly_its_problems(file: Path) -> None:
    with pytest.raises(ProjectFileError) as caught:
        load(file)
    assert f"{caught.value}\n" == expected(file)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("file", examples("valid"))
def test_the_schema_alone_accepts_every_valid_example_that_has_no_warning(file: Path) -> None:
    if not expected(file):
        jsonschema.validate(read(file.read_text(encoding="utf-8"), Findings()), SCHEMA)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for part in schema.values():
            yield from properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from properties(part)


def test_every_key_of_the_schema_says_what_it_is_for_editors() -> None:
    for name, key in properties(SCHEMA):
        target = SCHEMA["$defs"].get(key.get("$ref", "").removeprefix("#/$defs/"), {})
        assert key.get("title"), name
        assert key.get("description") or target.get("description"), name


def used(schema: Any, document: Any, path: str = "") -> Iterator[str]:
    """Name every key of the schema that the document has, by its place in the schema."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from used(SCHEMA["$defs"][name], document, name)
    if isinstance(document, dict):
        for key, value in document.items():
            known = schema.get("properties", {}).get(key)
            if known is not None:
                yield f"{path}.{key}"
            part = known if known is not None else schema.get("additionalProperties")
            if isinstance(part, dict):
                yield from used(part, value, f"{path}.{key}" if known is not None else path)
    elif isinstance(document, list):
        for item in document:
            yield from used(schema.get("items", {}), item, path)


def all_keys(schema: Any, path: str = "") -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from all_keys(part, f"{path}.{key}")


def test_the_example_uses_every_key_there_is() -> None:
    text = (ROOT / "MLproject.example").read_text(encoding="utf-8")
    document = read(text, Findings())
    every = set(all_keys(SCHEMA))
    for name, part in SCHEMA["$defs"].items():
        every |= set(all_keys(part, name))
    missing = every - set(used(SCHEMA, document))
    # A file has one default environment, so the other two ways to give it stand in comments.
    commented = set(re.findall(r"^# (\w+_env):", text, re.MULTILINE))
    assert missing - {f".{key}" for key in commented} == {".databricks_spark_job"}
    assert commented == {"conda_env", "docker_env"}


def test_the_example_names_every_parameter_type() -> None:
    text = (ROOT / "MLproject.example").read_text(encoding="utf-8")
    assert "string, float, int, bool, path, uri, choice" in text


def test_the_example_is_valid_and_worth_no_warning() -> None:
    project, warnings = load(ROOT / "MLproject.example")
    assert warnings == ()
    assert list(project.entry_points) == ["prepare", "train", "main"]


def test_the_schema_file_is_written_as_people_read_it() -> None:
    text = (ROOT / "schemas" / "mlproject.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == SCHEMA
    assert max(map(len, text.splitlines())) < 200
