from __future__ import annotations

from typing import Any

import pytest

from runner.core.record import summary
from runner.core.record_filter import facts, matches, ordered
from runner.core.record_filter_parser import parse_filter, parse_sort
from runner.errors import UsageError
from tests.records import COMMIT, record, run_id, step_run


def row(number: int = 0, metrics: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return summary(record(number, steps=[step_run("train", metrics=metrics or {})], **changes))


def passes(source: str, **changes: Any) -> bool:
    return matches(parse_filter(source), facts(row(**changes)))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  ",
        "metrics.rmse < 0.8 and params.alpha = 0.5 and status = succeeded",
        "metrics.rmse<.8",
        "metrics.rmse >= 0.7 AND NOT metrics.rmse > 0.7",
        "metrics.rmse = '0.7'",
        "params.alpha = '0.5'",
        "params.alpha != 0.50001",
        'params.name = "a b"',
        "params.name == `a b`",
        "params.name like 'a%'",
        "params.name not like 'b%'",
        "params.name ilike 'A_B'",
        "params.n = 7",
        "params.flag = true",
        "params.`odd name` = 1",
        "tags.team = 'red'",
        "tags.version > 9",
        "status in (failed, succeeded)",
        "status not in (failed)",
        "not (status = failed or status = running)",
        "commit = c0ffee0",
        "commit != c0ffee1",
        f"commit = '{COMMIT}'",
        "run_id = 01kdv",
        "data_version = da7a",
        "entry_point = main",
        "started >= 2026-01-01 and started < 2026-01-02",
        "seconds < 1",
        "dirty = false",
        "verdict = x or not verdict = x",
    ],
)
def test_a_filter_lets_a_run_through(source: str) -> None:
    parameters = {
        "alpha": {"value": 0.5},
        "name": {"value": "a b"},
        "n": {"value": "007"},
        "flag": {"value": True},
        "odd name": {"value": 1},
    }
    assert passes(
        source,
        metrics={"rmse": 0.7},
        request={"entry_point": "main", "parameters": parameters},
        tags={"team": "red", "version": "10"},
    )


@pytest.mark.parametrize(
    "source",
    [
        "metrics.rmse > 0.7",
        "metrics.none < 1",
        "metrics.none != 1",
        "metrics.broken < 1",
        "metrics.broken != 1",
        "params.alpha = 0.1",
        "params.alpha = '0.50'",
        "params.alpha = alpha",
        "status like 'SUCC%'",
        "status in (failed, running)",
        "commit = c0ffee1",
        "commit != c0ffee",
        "verdict != IDENTICAL",
        "rerun_of like '%'",
        "status = succeeded and status = failed",
        "not status = succeeded or seconds > 5",
    ],
)
def test_a_filter_keeps_a_run_out(source: str) -> None:
    assert not passes(source, metrics={"rmse": 0.7, "broken": float("nan")})


def test_and_binds_closer_than_or() -> None:
    assert passes("status = succeeded or status = failed and seconds > 5")
    assert not passes("(status = succeeded or status = failed) and seconds > 5")


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("stats = ok", 1, "`stats` is no field of a run"),
        ("status = ok and metric.rmse < 1", 17, "`metric.rmse` is no field"),
        ("metrics. < 1", 1, "`metrics.` is no field"),
        ("status ok", 8, "after `status` one of"),
        ("status =", 9, "a value is expected"),
        ("status = ok nonsense", 13, "where `and` or `or` is expected"),
        ("status = ok and", 16, "a field is expected"),
        ("(status = ok", 13, "`)` is expected"),
        ("status in failed", 11, "`(` is expected"),
        ("status in (a b)", 14, "`)` is expected"),
        ("status = 'ok", 10, "this quote is not closed"),
        ("metrics.rmse < low", 16, "`metrics.rmse` is a number, and `low` is not"),
        ("metrics.rmse like '1%'", 14, "`like` is for texts"),
        ("status not = ok", 12, "like, ilike or in is expected"),
        ("status ! ok", 8, "after `status` one of"),
        ("status = \udc80", 10, "this is not UTF-8"),
        ("seconds > 1 or or", 16, "a field is expected"),
    ],
)
def test_a_mistake_is_named_with_its_place(source: str, place: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(source)
    message, shown, pointer = caught.value.message.split("\n")
    assert message.startswith(f"filter, column {place}: ")
    assert words in message
    assert shown.strip() == source.strip()
    assert pointer.index("^") - 4 == place - 1


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("metric.rmse < 1", '"metrics.rmse"'),
        ("stats = a", '"status"'),
        ("parms.a = 1", '"params.a"'),
    ],
)
def test_a_misspelt_field_is_suggested(source: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(source)
    assert f"did you mean {meant}?" in caught.value.hint
    assert "tags.NAME" in caught.value.hint


@pytest.mark.parametrize("source", ["(" * 20_000 + "status = a", "not " * 20_000 + "status = a"])
def test_deep_nesting_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match="nested deeper"):
        parse_filter(source)


def test_endless_filters_are_refused() -> None:
    with pytest.raises(UsageError, match="more than 200 comparisons"):
        parse_filter(" and ".join(["seconds > 1"] * 201))
    with pytest.raises(UsageError, match="more than 200 comparisons"):
        parse_filter(f"status in ({','.join('a' * 201)})")


def test_rows_are_newest_first() -> None:
    rows = [row(1), row(3), row(2)]
    assert [r["run_id"] for r in ordered(rows, ())] == [run_id(3), run_id(2), run_id(1)]


def test_rows_are_sorted_and_those_without_the_field_come_last() -> None:
    rows = [row(1, {"x": 2}), row(2), row(3, {"x": 10}), row(4, {"x": float("nan")})]
    up = [r["run_id"] for r in ordered(rows, parse_sort("metrics.x"))]
    down = [r["run_id"] for r in ordered(rows, parse_sort("-metrics.x"))]
    assert up == [run_id(1), run_id(3), run_id(4), run_id(2)]
    assert down == [run_id(3), run_id(1), run_id(4), run_id(2)]


def test_parameters_sort_as_numbers_before_texts() -> None:
    values = [10, "b", 9, "a", True]
    rows = [
        row(n, request={"parameters": {"p": {"value": value}}}) for n, value in enumerate(values)
    ]
    assert [r["params"]["p"] for r in ordered(rows, parse_sort("params.p"))] == [
        9,
        10,
        "a",
        "b",
        True,
    ]


def test_several_keys_sort_by_the_first_one_first() -> None:
    rows = [row(1, {"x": 1, "y": 1}), row(2, {"x": 1, "y": 2}), row(3, {"x": 0, "y": 9})]
    keys = parse_sort("-metrics.x, metrics.y")
    assert [r["run_id"] for r in ordered(rows, keys)] == [run_id(1), run_id(2), run_id(3)]


def test_an_unknown_sort_field_is_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        parse_sort("started,-metric.rmse")
    assert caught.value.message.startswith("sort, column 10: `metric.rmse` is no field")
    assert 'did you mean "metrics.rmse"?' in caught.value.hint
