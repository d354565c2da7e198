"""Decisions and their reasons."""

from __future__ import annotations

from typing import NamedTuple

from runner.core import fingerprint, plan
from runner.core.model import SYSTEM, BoundParameter, DataVersion, Dep, Out, Resources, Step
from runner.core.plan import Reason


class Last(NamedTuple):
    step_key: str
    components: dict
    outputs: dict


def step(**changes) -> Step:
    plain = Step(
        "train",
        "train",
        "python train.py {alpha}",
        "python train.py 0.5",
        "python train.py 0.5",
        {"alpha": BoundParameter(0.5, "float", "default")},
        (Dep("data.csv"),),
        (Out("model"),),
        (),
        SYSTEM,
        (),
        (),
        Resources(),
        None,
        0,
    )
    return plain._replace(**changes)


def parts(of: Step | None = None, **changes) -> fingerprint.Components:
    given = {
        "deps": {"data.csv": "d1"},
        "params": {},
        "env_id": "e1",
        "variables": {},
        "code": "c1",
    }
    return fingerprint.components(of or step(), **{**given, **changes})


def decide(now: fingerprint.Components, last: Last | None = None, **changes) -> plan.Decision:
    key = fingerprint.step_key(now)
    known = last.outputs if last and last.step_key == key else None
    given = {
        "step_key": key,
        "parts": now,
        "last": last,
        "there": {"model": "m1"},
        "result": known,
        "restorable": False,
        "forced": False,
    }
    return plan.decide(changes.pop("of", step()), **{**given, **changes})


def recorded(now: fingerprint.Components) -> Last:
    return Last(fingerprint.step_key(now), dict(now), {"model": "m1"})


def test_a_step_that_never_ran_runs() -> None:
    decision = decide(parts())

    assert (decision.action, decision.reasons) == ("run", (Reason("never-run"),))


def test_a_step_with_the_same_key_and_outputs_is_up_to_date() -> None:
    assert decide(parts(), recorded(parts())).action == "up-to-date"


def test_each_changed_component_is_a_reason_with_old_and_new() -> None:
    last = recorded(parts())
    other = step(
        template="python train.py -v {alpha}",
        parameters={"alpha": BoundParameter(0.1, "float", "command-line")},
    )
    now = parts(
        other,
        deps={"data.csv": "d2", "more.csv": "x"},
        params={"params.yaml:lr": 1},
        env_id="e2",
        variables={"MODE": "fast"},
        code="c2",
    )

    reasons = decide(now, last).reasons

    assert reasons == (
        Reason("command", "", "python train.py {alpha}", "python train.py -v {alpha}"),
        Reason("parameter", "alpha", 0.5, 0.1),
        Reason("dep", "data.csv", "d1", "d2"),
        Reason("dep", "more.csv", None, "x"),
        Reason("parameter", "params.yaml:lr", None, 1),
        Reason("environment", "", "e1", "e2"),
        Reason("variable", "MODE", None, "fast"),
        Reason("code", "the project's code", "c1", "c2"),
    )


def test_a_missing_output_that_can_come_back_is_restored() -> None:
    decision = decide(parts(), recorded(parts()), there={"model": None}, restorable=True)

    assert decision.action == "restore"
    assert decision.word == "up-to-date"
    assert decision.reasons == (Reason("output-missing", "model", "m1", None),)


def test_a_missing_output_that_cannot_come_back_runs() -> None:
    decision = decide(parts(), recorded(parts()), there={"model": None})

    assert decision.action == "run"


def test_an_output_changed_by_hand_is_a_reason() -> None:
    decision = decide(parts(), recorded(parts()), there={"model": "edited"}, restorable=True)

    assert decision.reasons == (Reason("output-changed", "model", "m1", "edited"),)


def test_forced_runs_what_is_up_to_date() -> None:
    assert decide(parts(), recorded(parts()), forced=True).reasons == (Reason("forced"),)


def test_a_step_without_deps_and_outs_always_runs() -> None:
    bare = step(deps=(), outs=())
    now = parts(bare, deps={})

    assert decide(now, recorded(now), of=bare, there={}).reasons == (plan.NO_FINGERPRINT,)


def test_a_step_behind_one_that_runs_may_run() -> None:
    assert plan.waits_for(step(), ["prepare"], ()).action == "maybe"
    assert plan.waits_for(step(), ["prepare"], [Reason("command")]).action == "run"


def test_the_key_does_not_depend_on_the_order_of_declarations() -> None:
    one = parts(deps={"a": "1", "b": "2"}, variables={"X": "1", "Y": "2"})
    two = parts(deps={"b": "2", "a": "1"}, variables={"Y": "2", "X": "1"})

    assert fingerprint.step_key(one) == fingerprint.step_key(two)


def test_the_data_version_leaves_code_out_and_is_short() -> None:
    data, code = DataVersion("d.csv", "1", 1, None, "dvc"), DataVersion("a.py", "2", 1, None, "git")

    assert fingerprint.data_version([data, code]) == fingerprint.data_version([data])
    assert len(fingerprint.data_version([data])) == 16
    assert fingerprint.data_version([code]) == ""


def test_one_as_a_number_and_as_a_truth_are_two_values() -> None:
    last = recorded(parts(step(parameters={"alpha": BoundParameter(1, "int", "default")})))
    now = parts(step(parameters={"alpha": BoundParameter(True, "bool", "default")}))

    assert decide(now, last).reasons == (Reason("parameter", "alpha", 1, new=True),)


def test_the_shell_and_the_names_of_secrets_are_part_of_the_question() -> None:
    last = recorded(parts())

    assert decide(parts(shell="/bin/bash"), last).reasons == (
        Reason("command", "shell", None, "/bin/bash"),
    )
    assert decide(parts(step(secrets=("TOKEN",))), last).reasons == (
        Reason("command", "secrets", [], ["TOKEN"]),
    )
