"""The schedule: who may start, who is blocked, who gets which device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.model import SYSTEM, Resources, Step
from runner.core.schedule import ENDED, Schedule, counts


def schedule(text: str, *, slots: int = 2, gpus: tuple[str, ...] = (), **more) -> Schedule:
    """Make a schedule from lines such as `b < a` (b waits for a) or `c 2cpu 1gpu`."""
    steps: dict[str, Step] = {}
    upstream: dict[str, list[str]] = {}
    for line in text.split(","):
        head, _, waits = line.partition("<")
        name, *wanted = head.split()
        cpus = next((float(word[:-3]) for word in wanted if word.endswith("cpu")), 1.0)
        memory = next((int(word[:-2]) for word in wanted if word.endswith("gb")), 0)
        devices = next((int(word[:-3]) for word in wanted if word.endswith("gpu")), 0)
        steps[name] = step(name, Resources(cpus, memory, devices))
        upstream[name] = waits.split()
    downstream: dict[str, list[str]] = {name: [] for name in steps}
    for name, others in upstream.items():
        for other in others:
            downstream[other].append(name)
    return Schedule(steps, upstream, downstream, slots=slots, gpus=gpus, **more)


def step(name: str, resources: Resources) -> Step:
    return Step(
        name, name, "true", "true", "true", {}, (), (), (), SYSTEM, (), (), resources, None, 0
    )


def taken(plan: Schedule) -> list[str]:
    """Start everything that may start now, as the engine does."""
    started, held = [], []
    while (name := plan.take_ready()) is not None:
        if plan.fits(plan._steps[name].resources):
            plan.start(name)
            started.append(name)
        else:
            held.append(name)
    for name in held:
        plan.give_back(name)
    return started


def test_only_steps_without_upstream_start() -> None:
    plan = schedule("a, b < a, c < a b")

    assert taken(plan) == ["a"]


def test_a_step_starts_when_all_its_upstream_ended_well() -> None:
    plan = schedule("a, b, c < a b")
    taken(plan)

    plan.end("a", "succeeded")
    assert taken(plan) == []
    plan.end("b", "up-to-date")
    assert taken(plan) == ["c"]


def test_no_more_steps_start_than_there_are_slots() -> None:
    plan = schedule("a, b, c", slots=2)

    assert taken(plan) == ["a", "b"]
    assert not plan.fits(Resources())
    plan.end("a", "succeeded")
    assert taken(plan) == ["c"]


def test_a_step_that_wants_more_cores_than_slots_runs_alone() -> None:
    plan = schedule("a, big 16cpu, c", slots=2)

    assert taken(plan) == ["a", "c"]
    plan.end("a", "succeeded")
    assert taken(plan) == []
    plan.end("c", "succeeded")
    assert taken(plan) == ["big"]


def test_steps_whose_memory_does_not_fit_wait() -> None:
    plan = schedule("a 6gb, b 6gb, c 1gb", slots=8, memory=8)

    assert taken(plan) == ["a", "c"]
    plan.end("a", "succeeded")
    assert taken(plan) == ["b"]


def test_a_step_that_wants_more_memory_than_there_is_runs_alone() -> None:
    plan = schedule("a 1gb, big 16gb", slots=8, memory=8)

    assert taken(plan) == ["a"]
    plan.end("a", "succeeded")
    assert taken(plan) == ["big"]


def test_what_is_stuck_is_passed_over_for_others() -> None:
    plan = schedule("a 8gb, b 8gb, c", slots=8, memory=8)

    assert plan.take_ready() == "a"
    assert plan.take_ready({Resources(1, 8)}) == "c"
    assert plan.take_ready({Resources(1, 8)}) is None
    assert plan.take_ready() == "b"


def test_devices_are_never_shared() -> None:
    plan = schedule("a 1gpu, b 1gpu, c 1gpu", slots=8, gpus=("0", "1"))

    first, second = plan.take_ready(), plan.take_ready()
    assert first
    assert second
    devices = plan.start(first) + plan.start(second)

    assert devices == ["0", "1"]
    assert not plan.fits(Resources(1, 0, 1))
    plan.end("a", "succeeded")
    assert plan.start("c") == ["0"]


def test_what_waits_for_a_failed_step_is_blocked_all_the_way_down() -> None:
    plan = schedule("a, b < a, c < b, d", keep_going=True)
    taken(plan)

    assert plan.end("a", "failed") == ["b", "c"]

    assert plan.status["d"] == "running"
    assert not plan.stopped()


def test_a_failure_stops_new_steps_unless_told_to_keep_going() -> None:
    plan = schedule("a, b, c", slots=1)
    taken(plan)

    plan.end("a", "failed")

    assert plan.stopped()
    assert plan.cancel_rest() == ["b", "c"]
    assert plan.over


def test_a_chain_of_ten_thousand_is_walked_without_recursion() -> None:
    text = "s0," + ",".join(f"s{i} < s{i - 1}" for i in range(1, 10_000))
    plan = schedule(text)
    for i in range(10_000):
        assert taken(plan) == [f"s{i}"]
        plan.end(f"s{i}", "succeeded")

    assert plan.over


def test_statuses_are_counted() -> None:
    assert counts(["failed", "succeeded", "failed"]) == {"failed": 2, "succeeded": 1}


@pytest.mark.parametrize("keep_going", [True, False])
@given(data=st.data())
def test_every_step_ends_whatever_happens(keep_going: bool, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    lines = []
    for i in range(size):
        waits = data.draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        lines.append(f"s{i} < {' '.join(f's{j}' for j in sorted(waits))}")
    plan = schedule(",".join(lines), slots=data.draw(st.integers(1, 4)), keep_going=keep_going)
    while not plan.over:
        if plan.stopped():
            plan.cancel_rest()
        else:
            taken(plan)
        running = [name for name, status in plan.status.items() if status == "running"]
        if running:
            ended = data.draw(st.sampled_from(running))
            plan.end(ended, data.draw(st.sampled_from(["succeeded", "failed", "restored"])))

    assert set(plan.status.values()) <= ENDED
    assert plan.running == 0
