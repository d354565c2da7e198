from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core import canonical as shared
from runner.core import fingerprint
from runner.core.model import DataVersion
from runner.core.plan import Reason
from runner.core.record import (
    Record,
    StepRun,
    canonical,
    metrics,
    record_id,
    result_id,
    summary,
)
from tests.records import COMMIT, record, run_id, step_run

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
scalars = scalars.filter(lambda value: value not in {float("inf"), float("-inf")})
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
documents = st.dictionaries(texts, values, max_size=5)
steps = st.lists(documents.map(lambda more: {**more, **step_run("s")}), max_size=3)


@given(documents)
def test_canonical_text_is_json_of_the_same_value(document: dict[str, Any]) -> None:
    assert json.loads(canonical(document)) == document


@given(documents)
def test_canonical_text_does_not_depend_on_the_order_of_keys(document: dict[str, Any]) -> None:
    backwards = dict(reversed(document.items()))
    assert canonical(backwards) == canonical(document) == canonical(json.loads(canonical(document)))


@given(documents)
def test_it_is_the_canonical_text_of_all_our_ids(document: dict[str, Any]) -> None:
    assert canonical(document) == shared.canonical(document)


@given(documents, steps)
def test_a_record_made_of_texts_is_the_same_document(
    more: dict[str, Any], entries: list[dict[str, Any]]
) -> None:
    document = {**more, "run_id": run_id(), "steps": entries}
    whole = Record.of(document)
    assert dict(whole) == {**document, "record_id": whole.record_id}
    assert canonical(whole) == canonical(dict(whole))
    assert record_id(dict(whole)) == whole.record_id
    assert canonical(Record.of(json.loads(canonical(whole)))) == canonical(whole)


def test_the_record_id_is_the_sha256_of_the_rest() -> None:
    document = record()
    claimed = document.pop("record_id")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert claimed == hashlib.sha256(text.encode()).hexdigest()


def test_numbers_that_json_lacks_stand_as_texts() -> None:
    found = canonical({"a": [float("nan"), {"b": float("inf")}], "c": float("-inf"), "d": 1.5})
    assert found == b'{"a":["NaN",{"b":"Infinity"}],"c":"-Infinity","d":1.5}'


def test_a_file_name_that_is_not_utf8_survives() -> None:
    name = b"caf\xe9 \xc3\xa9".decode("utf-8", "surrogateescape")
    whole = Record.of({"run_id": run_id(), "steps": [step_run("s", problem=name)]})
    assert canonical(whole) == canonical(dict(whole))
    assert json.loads(canonical(whole))["steps"][0]["problem"] == name


def test_a_result_is_its_outputs_whatever_their_order() -> None:
    pairs = [("b", "2"), ("a", "1")]
    assert result_id(pairs) == result_id(reversed(pairs)) == fingerprint.result_id(dict(pairs))
    assert result_id(pairs) != result_id([("b", "1"), ("a", "2")])


def test_named_tuples_in_a_step_become_objects() -> None:
    entry = StepRun(
        "s",
        "s",
        "succeeded",
        inputs=(DataVersion("a", "1" * 32, 5),),
        reasons=(Reason("dep", "a", "0", "1"),),
    ).document()
    assert entry["inputs"] == [
        {"path": "a", "md5": "1" * 32, "size": 5, "nfiles": None, "kind": "file"}
    ]
    assert entry["reasons"] == [{"kind": "dep", "what": "a", "old": "0", "new": "1"}]


def test_the_summary_is_the_row_of_runs() -> None:
    document = record(steps=[step_run("train", metrics={"rmse": 0.7})])
    assert summary(document) == {
        "run_id": run_id(),
        "record_id": document["record_id"],
        "status": "succeeded",
        "entry_point": "main",
        "commit": COMMIT,
        "dirty": False,
        "data_version": "da7a",
        "plan_id": "b" * 64,
        "result_id": document["result_id"],
        "started": "2026-01-01T00:00:00.000Z",
        "seconds": 0.03,
        "params": {"alpha": 0.5},
        "metrics": {"rmse": 0.7},
        "tags": {},
        "rerun_of": None,
        "verdict": None,
    }


def test_a_snapshot_is_dirty() -> None:
    assert summary(record(code={"commit": COMMIT, "state": "snapshot"}))["dirty"]


def test_a_metric_of_several_steps_gets_the_step_in_front() -> None:
    document = record(
        steps=[
            step_run("train@1", metrics={"rmse": 0.7, "rows": 5}),
            step_run("train@2", metrics={"rmse": 0.8}),
        ]
    )
    assert metrics(document) == {"train@1:rmse": 0.7, "train@2:rmse": 0.8, "rows": 5}


def test_a_bound_parameter_wins_over_a_logged_one() -> None:
    entry = step_run("train", params_logged={"alpha": "9", "seed": "4"})
    assert summary(record(steps=[entry]))["params"] == {"alpha": 0.5, "seed": "4"}


@pytest.mark.parametrize("document", [{"run_id": run_id()}, {"run_id": run_id(), "steps": []}])
def test_a_record_without_steps_has_an_id_and_a_row(document: dict[str, Any]) -> None:
    assert len(record_id(document)) == 64
    assert summary(document)["metrics"] == {}
