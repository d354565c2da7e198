"""What every Store does: the fake and the real one are held to the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.core.record import Record, canonical, summary
from runner.core.record_filter_parser import parse_filter, parse_sort
from runner.errors import StoreError, UsageError
from runner.stores.sql import RunStore
from runner.stores.sql_index import RunIndex
from tests.fakes import MemoryStore
from tests.records import changed, record, run_id, step_run

if TYPE_CHECKING:
    from pathlib import Path

    from runner.ports import Store


@pytest.fixture(params=["memory", "sql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return RunStore(str(tmp_path / ".runner"))


def with_metric(number: int, value: float, **changes: Any) -> dict[str, Any]:
    return record(number, steps=[step_run("train", metrics={"rmse": value})], **changes)


def ids(rows: list[Any]) -> list[str]:
    return [row["run_id"] for row in rows]


def test_what_is_saved_is_loaded_whole(store: Store) -> None:
    document = with_metric(1, 0.7)
    store.save(document)
    assert canonical(store.load(run_id(1))) == canonical(document)


def test_saving_the_same_record_again_changes_nothing(store: Store) -> None:
    store.save(record(1))
    store.save(record(1))
    assert ids(store.find()) == [run_id(1)]


def test_a_record_never_changes(store: Store) -> None:
    store.save(record(1))
    with pytest.raises(StoreError, match="never changes"):
        store.save(changed(record(1), tags={"new": "tag"}))
    assert store.load(run_id(1))["tags"] == {}


def test_a_run_that_is_not_there_cannot_be_loaded(store: Store) -> None:
    with pytest.raises(StoreError, match=run_id(9)):
        store.load(run_id(9))


def test_an_empty_store_finds_nothing(store: Store) -> None:
    assert store.find() == []
    with pytest.raises(UsageError, match="nothing is recorded yet"):
        store.resolve("latest")


def test_runs_are_resolved_by_prefix_and_by_age(store: Store) -> None:
    for number in range(3):
        store.save(record(number))
    assert store.resolve("latest") == run_id(2)
    assert store.resolve("latest~2") == run_id(0)
    assert store.resolve(run_id(1).lower()) == run_id(1)
    with pytest.raises(UsageError, match="begins several run ids"):
        store.resolve(run_id(1)[:4])
    with pytest.raises(UsageError, match="only 3 recorded"):
        store.resolve("latest~3")
    with pytest.raises(UsageError, match="there is no run `nonsense`"):
        store.resolve("nonsense")


def test_a_mistyped_id_suggests_one(store: Store) -> None:
    store.save(record(1))
    typo = run_id(1)[:8] + "ZZ"
    with pytest.raises(UsageError) as caught:
        store.resolve(typo)
    assert f"did you mean {run_id(1)}?" in caught.value.hint


def test_runs_are_listed_newest_first_as_their_summaries(store: Store) -> None:
    for number in (1, 3, 2):
        store.save(record(number))
    assert ids(store.find()) == [run_id(3), run_id(2), run_id(1)]
    assert ids(store.find(limit=2)) == [run_id(3), run_id(2)]
    assert store.find(limit=0) == []
    assert store.find(limit=1) == [summary(record(3))]


def test_runs_are_filtered_sorted_and_limited(store: Store) -> None:
    for number, value in enumerate([0.9, 0.5, 0.7, float("nan")]):
        store.save(with_metric(number, value, tags={"team": "red" if number else "blue"}))
    assert ids(store.find(filter="metrics.rmse < 0.8", sort="metrics.rmse")) == [
        run_id(1),
        run_id(2),
    ]
    assert ids(store.find(sort="-metrics.rmse", limit=1)) == [run_id(0)]
    assert ids(store.find(filter="tags.team = blue or metrics.rmse = 0.5")) == [
        run_id(1),
        run_id(0),
    ]


@pytest.mark.parametrize("words", [{"filter": "no such"}, {"sort": "metric.x"}])
def test_a_wrong_filter_or_sort_is_said(store: Store, words: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        store.find(**words)


def test_nothing_in_a_filter_is_taken_for_sql(store: Store) -> None:
    store.save(record(1))
    evil = "x' OR 1=1; DROP TABLE runs; --"
    assert store.find(filter=f'tags.`{evil}` = "{evil}"') == []
    assert store.find(filter=f'status like "{evil}"', sort=f"tags.{evil.replace(',', '')}") == []
    assert ids(store.find()) == [run_id(1)]


# One filter language, two ways to evaluate it: they have to agree on everything.
names = st.sampled_from(["a", "b", "odd name", "ü"])
words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="'\"`"), max_size=4)
numbers = st.integers(-3, 3) | st.floats() | st.sampled_from([2**60, 10**400, 0.1])
values = words | numbers | st.booleans() | st.sampled_from(["1", "01", "1e0", "-0.0", "NaN"])
literals = (
    words.map(lambda word: f'"{word}"')
    | st.sampled_from(["1", "1.0", "-3", "1e0", "0.1", "true", "succeeded", "%", "1e999"])
    | st.sampled_from(["'_'", "'%a%'", "c0ffee", "2026-01-01"])
)
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "==", "<>"])
patterns = st.sampled_from(["like", "ilike", "not like"])
free_fields = st.builds(lambda s, n: f"{s}.`{n}`", st.sampled_from(["params", "tags"]), names)
text_fields = st.sampled_from(["status", "commit", "started", "verdict", "dirty", "run_id"])
metric_fields = names.map(lambda name: f"metrics.`{name}`") | st.just("seconds")
comparisons = (
    st.builds(" ".join, st.tuples(free_fields | text_fields, operators | patterns, literals))
    | st.builds(" ".join, st.tuples(metric_fields, operators, st.sampled_from(["1", "-0.5", ".1"])))
    | st.builds(lambda f, a, b: f"{f} in ({a}, {b})", free_fields | text_fields, literals, literals)
)
filters = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(lambda a, b: f"({a} and {b})", inner, inner)
        | st.builds(lambda a, b: f"({a} or {b})", inner, inner)
        | inner.map(lambda a: f"not ({a})")
    ),
    max_leaves=4,
)
sorts = st.lists(
    st.builds(
        lambda sign, field: sign + field,
        st.sampled_from(["", "-"]),
        st.sampled_from(["params.a", "metrics.b", "tags.ü", "seconds", "status", "verdict"]),
    ),
    max_size=2,
).map(",".join)
runs = st.fixed_dictionaries(
    {
        "params": st.dictionaries(names, values, max_size=3),
        "metrics": st.dictionaries(names, numbers, max_size=3),
        "tags": st.dictionaries(names, words, max_size=3),
        "status": st.sampled_from(["succeeded", "failed"]),
        "seconds": st.sampled_from([0.0, 1, 2.5]),
        "verdict": st.sampled_from([None, "IDENTICAL", "DIFFERENT"]),
    }
)


@pytest.fixture(scope="module")
def index_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("store") / "index.sqlite")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(runs, min_size=1, max_size=4), st.lists(filters, min_size=1, max_size=8), sorts)
def test_sql_and_python_agree_on_every_filter(
    index_file: str, made: list[dict[str, Any]], asked: list[str], sort: str
) -> None:
    memory = MemoryStore()
    documents = []
    for number, run in enumerate(made):
        document = record(
            number,
            steps=[step_run("train", metrics=run["metrics"])],
            request={"parameters": {name: {"value": v} for name, v in run["params"].items()}},
            tags=run["tags"],
            status=run["status"],
            end={"seconds": run["seconds"], "verdict": run["verdict"]},
        )
        memory.save(document)
        documents.append((Record.of(document), True))
    index = RunIndex(index_file, lambda: documents)
    index.rebuild()
    for question in asked:
        found = json.loads(index.find(parse_filter(question), parse_sort(sort), None))
        assert found == memory.find(filter=question, sort=sort)
    index.close()
