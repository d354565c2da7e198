from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.events import Artifact, Event, Metric, Parameter, StepStarted, line
from runner.core.record import canonical
from runner.core.record_check import check
from runner.core.record_fold import Draft, fold, fold_lines
from tests.records import ENV_ID, at, events, run_id, step_run


def lines(found: list[Event]) -> list[dict[str, Any]]:
    return [json.loads(canonical(line(event, run_id()))) for event in found]


def test_a_finished_run_is_folded_into_a_sound_record() -> None:
    document = fold(events(), run_id())
    assert check(document) == []
    assert document["status"] == "succeeded"
    assert document["started"] == at(0)
    assert document["ended"] == at(0, 30)
    assert document["seconds"] == 0.03
    assert document["environments"] == {ENV_ID: {"kind": "system", "exact": False}}
    assert document["steps"] == [step_run("train")]


def test_events_and_their_lines_give_the_same_record() -> None:
    found = events(steps=[step_run("a"), step_run("b", metrics={"x": float("nan")})])
    assert canonical(fold_lines(lines(found))) == canonical(fold(found, run_id()))


def test_steps_stand_in_the_order_of_the_graph() -> None:
    found = events(steps=[step_run("a"), step_run("b")])
    found[2:6] = [*found[4:6], *found[2:4]]
    assert [step["step"] for step in fold(found, run_id())["steps"]] == ["a", "b"]  # type: ignore[attr-defined]


def test_what_is_known_at_the_end_is_recorded_and_derived_values_are_ours() -> None:
    end = {"undeclared_writes": ["x"], "seconds": 9.0, "counts": {"a": 1}, "result_id": "no"}
    document = fold(events(status="failed", end=end), run_id())
    assert document["status"] == "failed"
    assert document["undeclared_writes"] == ["x"]
    assert document["seconds"] == 9.0
    assert "counts" not in document
    assert document["result_id"] == fold(events(), run_id())["result_id"]


def test_what_the_first_event_repeats_for_its_readers_is_recorded_once() -> None:
    document = fold(events(commit="c", dirty=True), run_id())
    assert document == fold(events(), run_id())


def test_the_result_covers_the_outputs_of_all_steps() -> None:
    one = fold(events(steps=[step_run("a")]), run_id())
    two = fold(events(steps=[step_run("a"), step_run("b", status="up-to-date")]), run_id())
    assert one["result_id"] != two["result_id"]


def test_logged_values_land_in_their_step_the_last_one_counts() -> None:
    found = events(steps=[step_run("train", metrics={"rmse": 0.5})])
    found[3:3] = [
        Metric(at(0, 11), "train", "loss", 2.0, 0),
        Metric(at(0, 12), "train", "loss", 1.0, 1),
        Metric(at(0, 12), "train", "rmse", 9.0, 0),
        Parameter(at(0, 12), "train", "seed", "4"),
        Artifact(at(0, 12), "train", "plot.png", 7),
    ]
    (step,) = fold(found, run_id())["steps"]  # type: ignore[attr-defined]
    assert step["metrics"] == {"loss": 1.0, "rmse": 0.5}
    assert step["params_logged"] == {"seed": "4"}
    assert step["artifacts"] == [{"path": "plot.png", "size": 7}]


def test_what_a_repeated_attempt_logged_before_is_forgotten() -> None:
    found = events()
    found[3:3] = [
        Metric(at(0, 11), "train", "loss", 2.0, 0),
        StepStarted(at(0, 12), "train", ENV_ID, 2),
    ]
    (step,) = fold(found, run_id())["steps"]  # type: ignore[attr-defined]
    assert step["metrics"] == {}


def test_an_interrupted_run_says_what_ran_and_what_waited() -> None:
    found = events(steps=[step_run("a"), step_run("b@1"), step_run("c")])[:5]
    found.append(Metric("2030-01-01T00:00:00Z", "b@1", "loss", 1.0, 0))
    document = fold(found, run_id())
    assert check(document) == []
    assert document["status"] == "interrupted"
    assert document["ended"] == at(0, 10)
    done, running, waiting = document["steps"]  # type: ignore[misc]
    assert done["status"] == "succeeded"
    assert (running["status"], running["entry_point"], running["attempts"]) == ("cancelled", "b", 1)
    assert running["env_id"] == ENV_ID
    assert running["metrics"] == {"loss": 1.0}
    assert "interrupted" in running["problem"]
    assert (waiting["status"], waiting["attempts"]) == ("waiting", 0)


def test_a_run_under_way_can_be_looked_at() -> None:
    draft = Draft(run_id())
    for event in events()[:3]:
        draft.add(line(event, run_id()))
    assert draft.record("running")["status"] == "running"
    assert draft.counts() == {"cancelled": 1}


def test_events_of_a_newer_runner_are_passed_over() -> None:
    known = lines(events())
    strange = {"schema": 1, "event": "step_dreamt", "time": at(0, 12), "run_id": run_id()}
    assert fold_lines([*known[:3], strange, *known[3:]]) == fold_lines(known)


def test_without_a_beginning_there_is_no_record() -> None:
    with pytest.raises(ValueError, match="no run_started"):
        fold_lines([])
    with pytest.raises(ValueError, match="no run_started"):
        fold_lines(lines(events())[1:])


@given(st.integers(1, 12))
def test_every_beginning_of_a_run_folds_into_a_sound_record(count: int) -> None:
    found = events(steps=[step_run("a"), step_run("b"), step_run("c")])[:count]
    assert check(fold(found, run_id())) == []
