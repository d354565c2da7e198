"""What is special to the real store: its files, its index, and what faults do to them."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from runner.core.events import Metric, StepStarted
from runner.core.record import canonical
from runner.errors import StoreError, UsageError
from runner.recording import Recorder
from runner.stores.sql import RunStore
from runner.stores.sql_schema import VERSION
from tests.records import COMMIT, ENV_ID, at, changed, events, record, run_id, step_run

if TYPE_CHECKING:
    from pathlib import Path

    from runner.core.events import Event


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".runner"


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(str(home))


def take_place(home: Path, number: int, found: list[Event] | None = None, **changes: Any) -> str:
    """Let a run happen here, from its first event to its last."""
    name = run_id(number)
    with Recorder(str(home / "runs" / name), name, RunStore(str(home))) as recorder:
        for event in found or events(number, **changes):
            recorder(event)
    return name


def one_line(document: dict[str, Any]) -> bytes:
    return canonical(document) + b"\n"


def test_asking_makes_no_folder(store: RunStore, home: Path) -> None:
    assert store.find() == []
    assert store.last_step(["train"]) == {}
    assert store.by_plan("p", "c", "r") is None
    assert store.live() == []
    assert store.close_interrupted() == []
    assert store.problems() == []
    assert list(store.export_records()) == []
    assert not home.exists()


def test_the_record_is_one_canonical_line_on_disk(store: RunStore, home: Path) -> None:
    store.save(record(1))
    folder = home / "runs" / run_id(1)
    assert [path.name for path in folder.iterdir()] == ["record.json"]
    assert (folder / "record.json").read_bytes() == one_line(record(1))


def test_the_index_can_be_thrown_away(store: RunStore, home: Path) -> None:
    for number in range(4):
        take_place(home, number, steps=[step_run("train", metrics={"x": number})])
    before = store.find(sort="metrics.x"), store.last_step(["train"])
    store.close()
    for path in home.glob("index.sqlite*"):
        path.unlink()
    assert (store.find(sort="metrics.x"), store.last_step(["train"])) == before
    assert store.rebuild() == 4
    assert (store.find(sort="metrics.x"), store.last_step(["train"])) == before


def garbage(path: Path) -> None:
    path.write_bytes(b"nonsense " * 5000)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def damaged_inside(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (something TEXT)")
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


@pytest.mark.parametrize("damage", [garbage, emptied, cut_off, damaged_inside, foreign, newer])
def test_an_index_that_cannot_be_used_is_made_anew(
    store: RunStore, home: Path, damage: Any
) -> None:
    take_place(home, 1)
    store.close()
    damage(home / "index.sqlite")
    assert [row["run_id"] for row in store.find()] == [run_id(1)]
    assert store.last_step(["train"])["train"].run_id == run_id(1)
    assert (home / "index.sqlite.unusable").exists()
    store.save(record(2))
    assert store.resolve("latest") == run_id(2)


def test_the_index_keeps_a_log_of_its_own_and_syncs_seldom(store: RunStore, home: Path) -> None:
    store.save(record(1))
    connection = sqlite3.connect(home / "index.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_last_good_state_of_a_step_is_remembered(store: RunStore, home: Path) -> None:
    take_place(home, 1, steps=[step_run("a", step_key="1" * 64), step_run("b")])
    take_place(home, 2, steps=[step_run("a", step_key="2" * 64, status="restored")])
    take_place(home, 3, steps=[step_run("a", step_key="3" * 64, status="failed")])
    state = store.last_step(["a", "b", "c"])
    assert sorted(state) == ["a", "b"]
    assert (state["a"].run_id, state["a"].step_key) == (run_id(2), "2" * 64)
    assert state["a"].outputs == {"out/a": "3" * 32}
    assert state["a"].components == {"version": 1, "deps": {"data.csv": "1" * 32}}
    assert state["b"].step_run == step_run("b")


def test_a_run_that_is_recorded_late_does_not_replace_a_newer_state(
    store: RunStore, home: Path
) -> None:
    take_place(home, 5, steps=[step_run("a")])
    take_place(home, 4, steps=[step_run("a")])
    assert store.last_step(["a"])["a"].run_id == run_id(5)


def test_a_rerun_is_no_memory_of_this_folder(store: RunStore, home: Path) -> None:
    take_place(home, 1)
    take_place(home, 2, kind="rerun")
    assert store.last_step(["train"])["train"].run_id == run_id(1)


def test_the_same_question_finds_its_newest_good_answer(store: RunStore, home: Path) -> None:
    for number, changes in enumerate([{}, {}, {"status": "failed"}, {"kind": "rerun"}]):
        take_place(home, number, **changes)
    plan = "b" * 64
    result = str(store.load(run_id(1))["result_id"])
    assert store.by_plan(plan, COMMIT, result) == run_id(1)
    assert store.by_plan(plan, "other", result) is None
    assert store.by_plan(plan, COMMIT, "other") is None
    (home / "runs" / run_id(1) / "record.json").unlink()
    assert store.by_plan(plan, COMMIT, result) == run_id(0)


def test_every_point_of_a_metric_is_kept(store: RunStore, home: Path) -> None:
    found = events(1, steps=[step_run("a", metrics={"loss": 0.5}), step_run("b@1")])
    found[3:3] = [
        Metric(at(1, 11), "a", "loss", 9.0, 0),
        StepStarted(at(1, 12), "a", ENV_ID, 2),
        Metric(at(1, 13), "a", "loss", 1.0, 0),
        Metric(at(1, 14), "a", "loss", float("nan"), 1),
    ]
    found[9:9] = [Metric(at(1, 16), "b@1", "acc", 0.9, 7)]
    take_place(home, 1, found)
    assert store.metrics_history(run_id(1)) == {
        "loss": [(0, at(1, 13), 1.0), (1, at(1, 14), "NaN")],
        "acc": [(7, at(1, 16), 0.9)],
    }


def test_the_history_of_a_name_that_several_steps_have_names_the_step(
    store: RunStore, home: Path
) -> None:
    found = events(1, steps=[step_run("a"), step_run("b", metrics={"loss": 1.0})])
    found[3:3] = [Metric(at(1, 11), "a", "loss", 9.0, 0)]
    take_place(home, 1, found)
    assert store.metrics_history(run_id(1)) == {"a:loss": [(0, at(1, 11), 9.0)]}


def test_a_forgotten_run_is_gone_and_its_steps_remember_the_one_before(
    store: RunStore, home: Path
) -> None:
    for number in range(3):
        take_place(home, number, steps=[step_run("a"), step_run("b")])
    store.forget(run_id(2))
    assert not (home / "runs" / run_id(2)).exists()
    assert [row["run_id"] for row in store.find()] == [run_id(1), run_id(0)]
    states = store.last_step(["a", "b"])
    assert {state.run_id for state in states.values()} == {run_id(1)}
    store.rebuild()
    assert store.last_step(["a", "b"]) == states
    with pytest.raises(UsageError):
        store.resolve(run_id(2))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"schema": 1, "run', "is damaged"),
        (b"[]", "is not the record of this run"),
        (b"\xff\xfe", "is damaged"),
        (b'{"schema": 2, "run_id": "%s"}' % run_id(1).encode(), "has schema 2"),
    ],
)
def test_a_damaged_record_is_named_and_hides_no_other(
    store: RunStore, home: Path, content: bytes, words: str
) -> None:
    store.save(record(1))
    store.save(record(2))
    (home / "runs" / run_id(1) / "record.json").write_bytes(content)
    with pytest.raises(StoreError, match=words):
        store.load(run_id(1))
    assert store.rebuild() == 1
    assert store.load(run_id(2)) == record(2)
    assert any(words in problem.message for problem in store.problems())


def test_doctor_sees_what_index_and_files_do_not_share(store: RunStore, home: Path) -> None:
    for number in range(3):
        store.save(record(number))
    (home / "runs" / run_id(0) / "record.json").write_bytes(
        one_line({**record(0), "data_version": "other"})
    )
    (home / "runs" / run_id(1)).rename(home / "elsewhere")
    (home / "runs" / run_id(7)).mkdir()
    found = {(problem.where, problem.message) for problem in store.problems()}
    assert found == {
        (f"{run_id(0)} record_id", "it is not the hash of this document"),
        (run_id(1), "the run has no record"),
        (run_id(7), "the run was never closed"),
    }
    store.rebuild()
    assert [problem.where for problem in store.problems()] == [f"{run_id(0)} record_id"]


def test_exported_records_come_in_elsewhere_as_they_were(store: RunStore, tmp_path: Path) -> None:
    for number in range(3):
        store.save(record(number))
    other = RunStore(str(tmp_path / "other"))
    lines = list(store.export_records())
    assert other.import_records(lines, "runs.jsonl") == (3, 0)
    assert other.find() == store.find()
    assert list(other.export_records()) == lines
    assert other.import_records(lines, "runs.jsonl") == (0, 3)


def test_imported_runs_are_found_but_are_no_memory_of_this_folder(store: RunStore) -> None:
    store.import_records([one_line(record(1))], "x")
    assert store.resolve("latest") == run_id(1)
    assert store.last_step(["train"]) == {}
    store.rebuild()
    assert store.last_step(["train"]) == {}


def test_absent_ids_are_made_and_the_same_line_gives_the_same_run(store: RunStore) -> None:
    document = record(1)
    for key in ("record_id", "result_id", "run_id"):
        del document[key]
    line = json.dumps(document)
    assert store.import_records([line, "", line], "x") == (1, 1)
    (row,) = store.find()
    assert row["run_id"][:10] == run_id(1)[:10]
    assert row["result_id"] == record(1)["result_id"]
    assert store.problems() == []
    assert store.import_records([line], "x") == (0, 1)


def test_wrong_lines_are_all_named_and_nothing_comes_in(store: RunStore, home: Path) -> None:
    store.save(record(3))
    lines = [
        one_line(record(1)),
        one_line({**record(2), "data_version": "other"}),
        b'{"schema": 1,, }\n',
        b"[]\n",
        one_line(changed(record(4), status="done")),
        one_line(changed(record(3), tags={"new": "tag"})),
    ]
    with pytest.raises(StoreError) as caught:
        store.import_records(lines, "runs.jsonl")
    places = [line.split(": ")[0] for line in caught.value.message.splitlines()]
    assert places == [f"runs.jsonl:{n}" for n in ("2:1", "3:14", "4:1", "5:1", "6:1")]
    assert "not the hash of this document" in caught.value.message
    assert "'done' is not one of" in caught.value.message
    assert "is here already, with another record" in caught.value.message
    assert [path.name for path in (home / "runs").iterdir()] == [run_id(3)]


def test_a_thousand_wrong_lines_do_not_flood_the_terminal(store: RunStore) -> None:
    with pytest.raises(StoreError) as caught:
        store.import_records(["nonsense"] * 1000, "x")
    assert len(caught.value.message.splitlines()) == 20


def test_deep_nesting_in_an_import_is_refused(store: RunStore) -> None:
    with pytest.raises(StoreError, match="x:1:1"):
        store.import_records(["[" * 20_000 + "]" * 20_000], "x")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(store: RunStore, word: str) -> None:
    line = b'{"seconds": %s}\n' % word.encode()

    with pytest.raises(StoreError, match=rf"runs\.jsonl:2:1: this is not JSON: {word} is"):
        store.import_records([b"\n", line], "runs.jsonl")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".runner").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written: Not a directory"):
        RunStore(str(tmp_path / ".runner")).save(record(1))
