from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runner.core.record import StepRun, record_id
from runner.core.record_check import check
from runner.core.record_fold import fold
from tests.records import events, record, run_id, step_run

SCHEMAS = Path(__file__).parents[2] / "schemas"
VALID = sorted((SCHEMAS / "run-record/valid").glob("*.json"))
INVALID = sorted((SCHEMAS / "run-record/invalid").glob("*.json"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = (SCHEMAS / "run-record.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema)


def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_passes_with_its_own_id(
    path: Path, validator: Draft202012Validator
) -> None:
    document = json.loads(path.read_text())
    assert [error.message for error in validator.iter_errors(document)] == []
    assert check(document) == []
    assert document["record_id"] == record_id(document)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_is_refused_for_one_reason(
    path: Path, validator: Draft202012Validator
) -> None:
    assert len(list(validator.iter_errors(json.loads(path.read_text())))) == 1


def test_there_are_examples_of_both() -> None:
    assert len(VALID) >= 5
    assert len(INVALID) >= 15


def test_the_schema_knows_every_field_of_a_step_and_of_a_record(schema: dict[str, Any]) -> None:
    assert set(StepRun._fields) == set(schema["$defs"]["step"]["properties"])
    assert set(record()) <= set(schema["properties"])
    assert set(schema["required"]) == set(record())


def test_everything_in_the_schema_is_described_or_plain(schema: dict[str, Any]) -> None:
    step = schema["$defs"]["step"]["properties"]
    assert all("description" in step[name] for name in ("peak_memory", "samples", "components"))


@given(
    st.integers(1, 12),
    st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
    st.sampled_from(["succeeded", "failed", "restored", "up-to-date"]),
)
def test_every_folded_record_passes(
    validator: Draft202012Validator, count: int, metrics: dict[str, float], status: str
) -> None:
    steps = [step_run("a", metrics=metrics, status=status), step_run("b"), step_run("c")]
    document = json.loads(json.dumps(fold(events(steps=steps)[:count], run_id())))
    assert [error.message for error in validator.iter_errors(document)] == []
