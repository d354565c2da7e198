"""Runs as they are recorded: live, killed at any point, and on a full disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.core.events import Event, Metric, StepOutput
from runner.core.record import canonical
from runner.core.record_fold import fold, fold_lines
from runner.errors import StoreError
from runner.recording import Recorder
from runner.stores.sql import RunStore
from tests.fakes import MemoryStore
from tests.recorded_runs import STEPS, recorder
from tests.records import at, events, record, run_id

ROOT = Path(__file__).parents[2]
RECORDED = record(1, steps=STEPS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".runner"


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(str(home))


def elsewhere(command: str, home: Path, *arguments: object, fault: str = "") -> tuple[int, str]:
    """Run one command of tests/recorded_runs.py; its exit code and what it said."""
    words = [sys.executable, "-m", "tests.recorded_runs", command, home, *arguments]
    process = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={"PATH": os.defpath, "RUNNER_FAULT": fault},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout


def die_after(home: Path, count: int, number: int = 1) -> None:
    """A runner that is killed after some of its events."""
    assert elsewhere("die", home, count, number)[0] == -signal.SIGKILL


def event_lines(home: Path, number: int = 1) -> list[dict[str, Any]]:
    text = (home / "runs" / run_id(number) / "events.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_is_recorded_as_its_events_fold(home: Path, store: RunStore) -> None:
    with recorder(home) as listener:
        for event in events(1, steps=STEPS):
            listener(event)
    assert listener.record is not None
    assert dict(listener.record) == store.load(run_id(1)) == RECORDED
    assert store.find()[0]["record_id"] == RECORDED["record_id"]
    assert store.problems() == []
    assert list((home / "active").iterdir()) == []


def test_the_lines_on_disk_fold_into_the_same_record(home: Path) -> None:
    with recorder(home) as listener:
        for event in events(1, steps=STEPS):
            listener(event)
    assert canonical(fold_lines(event_lines(home))) == canonical(RECORDED)


def test_any_store_will_do(tmp_path: Path) -> None:
    memory = MemoryStore()
    with Recorder(str(tmp_path / "runs" / run_id(1)), run_id(1), memory) as listener:
        for event in events(1, steps=STEPS):
            listener(event)
    assert memory.load(run_id(1)) == RECORDED


def test_output_is_shown_but_not_kept_among_the_events(home: Path) -> None:
    shown: list[bytes] = []
    found: list[Event] = [*events(1, steps=STEPS)]
    found.insert(3, StepOutput(at(1, 12), "a", "stdout", "hello\n"))
    with recorder(home, on_line=shown.append) as listener:
        for event in found:
            listener(event)
    lines = [json.loads(text) for text in shown]
    assert all(text.endswith(b"\n") and text.count(b"\n") == 1 for text in shown)
    assert lines.pop(3)["text"] == "hello\n"
    assert lines == event_lines(home)
    assert {"schema", "event", "time", "run_id"} <= set(lines[0])
    assert lines[-1]["record_id"] == RECORDED["record_id"]
    assert lines[-1]["result_id"] == RECORDED["result_id"]
    assert lines[-1]["counts"] == {"succeeded": 3}


def test_the_end_is_shown_when_the_record_is_on_disk(home: Path) -> None:
    recorded_by_then: list[bool] = []
    path = home / "runs" / run_id(1) / "record.json"
    with recorder(home, on_line=lambda _: recorded_by_then.append(path.exists())) as listener:
        for event in events(1):
            listener(event)
    assert recorded_by_then == [False] * (len(recorded_by_then) - 1) + [True]


def test_each_event_is_on_disk_at_once(home: Path, store: RunStore) -> None:
    with recorder(home) as listener:
        for count, event in enumerate(events(1, steps=STEPS)[:-1], 1):
            listener(event)
            assert len(event_lines(home)) == count
        assert store.load(run_id(1))["status"] == "running"


def test_numbers_that_json_lacks_do_not_stop_a_run(home: Path, store: RunStore) -> None:
    found = events(1)
    found.insert(3, Metric(at(1, 12), "train", "loss", float("nan"), 0))
    with recorder(home) as listener:
        for event in found:
            listener(event)
    assert store.load(run_id(1))["steps"][0]["metrics"] == {"loss": "NaN"}


def test_a_live_run_is_never_taken_for_a_dead_one(home: Path, store: RunStore) -> None:
    with recorder(home) as listener:
        for event in events(1)[:3]:
            listener(event)
        assert store.live() == [run_id(1)]
        assert store.close_interrupted() == []
        assert elsewhere("close", home, 1) == (0, "\n")
        assert store.rebuild() == 0
        assert store.resolve(run_id(1)[:20]) == run_id(1)
        for event in events(1)[3:]:
            listener(event)
    assert store.live() == []
    assert store.load(run_id(1)) == record(1)


def test_a_child_of_the_runner_does_not_keep_it_alive(home: Path, store: RunStore) -> None:
    listener = recorder(home)
    listener(events(1)[0])
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(b"are you there?\n")
        child.stdin.flush()
        child.stdout.readline()
        listener.close()
        assert store.close_interrupted() == [run_id(1)]


def test_a_run_that_never_began_leaves_no_trace(home: Path, store: RunStore) -> None:
    with recorder(home):
        assert store.live() == [run_id(1)]
    assert list((home / "active").iterdir()) == []
    assert list((home / "runs").iterdir()) == []


@pytest.mark.parametrize("count", range(1, 9))
def test_a_killed_run_is_closed_by_the_next_command(
    home: Path, store: RunStore, count: int
) -> None:
    die_after(home, count)
    assert store.close_interrupted() == [run_id(1)]
    document = store.load(run_id(1))
    assert document == fold(events(1, steps=STEPS)[:count], run_id(1))
    assert document["status"] == "interrupted"
    assert [row["status"] for row in store.find()] == ["interrupted"]
    assert store.problems() == []
    assert store.close_interrupted() == []


def test_a_run_that_was_killed_before_it_began_is_dropped(home: Path, store: RunStore) -> None:
    die_after(home, 0)
    assert store.close_interrupted() == [run_id(1)]
    assert list((home / "runs").iterdir()) == list((home / "active").iterdir()) == []


def test_a_torn_last_line_is_passed_over(home: Path, store: RunStore) -> None:
    die_after(home, 4)
    with (home / "runs" / run_id(1) / "events.jsonl").open("ab") as file:
        file.write(b'{"event":"step_fin')
    store.close_interrupted()
    assert store.load(run_id(1)) == fold(events(1, steps=STEPS)[:4], run_id(1))


@pytest.mark.parametrize(
    "point", ["record.before", "record.after", "index.before", "index.after", "active.before"]
)
def test_a_run_killed_while_it_is_recorded_is_recorded_as_it_ended(
    home: Path, store: RunStore, point: str
) -> None:
    assert elsewhere("whole", home, fault=point)[0] == -signal.SIGKILL
    assert store.close_interrupted() == [run_id(1)]
    assert store.load(run_id(1)) == RECORDED
    assert [row["status"] for row in store.find()] == ["succeeded"]
    assert store.last_step(["a"])["a"].run_id == run_id(1)
    assert store.problems() == []


def test_what_a_dead_run_left_is_seen_to_before_it_is_recorded(home: Path, store: RunStore) -> None:
    die_after(home, 5)
    seen: list[tuple[str, bool]] = []

    def recover(name: str) -> None:
        seen.append((name, (home / "runs" / name / "record.json").exists()))

    def fail(name: str) -> None:
        raise StoreError(f"cannot recover {name}")

    with pytest.raises(StoreError, match="cannot recover"):
        store.close_interrupted(fail)
    assert store.close_interrupted(recover) == [run_id(1)]
    assert seen == [(run_id(1), False)]


def test_several_commands_close_a_dead_run_once(home: Path) -> None:
    die_after(home, 5)
    die_after(home, 6, number=2)
    code, said = elsewhere("close", home, 6)
    assert code == 0
    assert sorted(said.split()) == [run_id(1), run_id(2)]


def test_a_run_without_lock_and_record_is_closed_by_a_rebuild(home: Path, store: RunStore) -> None:
    die_after(home, 5)
    (home / "active" / run_id(1)).unlink()
    assert [problem.message for problem in store.problems()] == ["the run was never closed"]
    assert store.rebuild() == 1
    assert store.load(run_id(1))["status"] == "interrupted"


def test_sixteen_first_starts_at_once_all_succeed(home: Path, store: RunStore) -> None:
    assert elsewhere("start", home, 16) == (0, "")
    assert [row["run_id"] for row in store.find()] == [run_id(n) for n in reversed(range(16))]
    assert store.problems() == []


def test_runners_and_closers_never_lose_the_lock_to_each_other(home: Path, store: RunStore) -> None:
    assert elsewhere("mixed", home, 15) == (0, "")
    rows = store.find()
    assert len(rows) == 30
    assert {row["status"] for row in rows} == {"succeeded"}


ROOMS = [0, 100, 900, 2000, 4000, 6000, 9000, 20_000, 40_000]


@pytest.mark.parametrize("room", ROOMS)
def test_without_room_there_is_a_clear_error_and_nothing_is_lost(
    home: Path, store: RunStore, room: int
) -> None:
    earlier = record(0)
    store.save(earlier)
    store.close()
    code, said = elsewhere("squeezed", home, room)
    assert code == 0
    is_recorded = not (home / "active" / run_id(1)).exists()
    assert is_recorded != ("hint: make room" in said)
    store.close_interrupted()
    assert store.load(run_id(0)) == earlier
    assert run_id(0) in [row["run_id"] for row in store.find()]
    assert store.problems() == []


def test_a_run_is_squeezed_out_at_every_stage(tmp_path: Path) -> None:
    said = []
    for room in ROOMS:
        RunStore(str(tmp_path / str(room))).save(record(0))
        said.append(elsewhere("squeezed", tmp_path / str(room), room)[1])
    assert any("cannot be recorded" in text for text in said)
    assert any("index of runs cannot be used" in text for text in said)
