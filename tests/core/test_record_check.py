from __future__ import annotations

from typing import Any

import pytest

from runner.core.record_check import check
from tests.records import changed, record, step_run


def problems(**changes: Any) -> list[tuple[str, str]]:
    return [(problem.where, problem.message) for problem in check(changed(record(), **changes))]


def test_a_folded_record_is_sound() -> None:
    assert check(record()) == []


@pytest.mark.parametrize(
    ("changes", "where", "message"),
    [
        ({"schema": 2}, "schema", "schema 2 is not known here"),
        ({"run_id": "x"}, "run_id", "a ULID is wanted"),
        ({"status": "done"}, "status", "'done' is no status of a run"),
        ({"seconds": "1"}, "seconds", "a number is wanted"),
        ({"seconds": True}, "seconds", "a number is wanted"),
        ({"tags": []}, "tags", "an object is wanted"),
        ({"started": None}, "started", "a text is wanted"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], where: str, message: str) -> None:
    assert problems(**changes) == [(where, message)]


def test_a_missing_field_is_named() -> None:
    document = record()
    del document["project"]
    assert [problem.where for problem in check(document)] == ["project"]


@pytest.mark.parametrize(
    ("step", "where"),
    [
        (step_run("a", status="done"), "steps.0.status"),
        (step_run("a", outputs=[{"path": "/etc/x", "md5": ""}]), "steps.0.outputs.0.path"),
        (step_run("a", inputs=[{"path": ""}]), "steps.0.inputs.0.path"),
        (step_run("a", metrics=3), "steps.0.metrics"),
    ],
)
def test_a_wrong_step_is_named(step: dict[str, Any], where: str) -> None:
    assert [place for place, _ in problems(steps=[step])] == [where]


def test_a_step_that_stands_twice_is_named() -> None:
    found = problems(steps=[step_run("a"), step_run("a")])
    assert found == [("steps.1.step", "step `a` stands here twice")]


def test_a_wrong_record_id_is_named() -> None:
    (problem,) = check({**record(), "data_version": "other"})
    assert problem.where == "record_id"


@pytest.mark.parametrize("document", [None, [], "x", {}])
def test_what_is_no_record_is_refused(document: object) -> None:
    assert len(check(document)) == 1


def test_steps_that_are_no_objects_are_named() -> None:
    document = {**record(), "steps": [3]}
    assert [problem.where for problem in check(document)] == ["steps.0"]
