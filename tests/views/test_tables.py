"""Tables that fit the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from runner.core.record import summary
from runner.views.tables import HEAD, aligned, metrics, runs, short_ids, when
from runner.views.words import Painter
from tests.records import record, run_id
from tests.views.screens import Stream

PLAIN = Painter(colours=False)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    return summary(record(number)) | changes


def test_columns_stand_below_each_other_and_empty_ones_are_left_out() -> None:
    lines = aligned(("A", "B", "C"), [("1", "", "x"), ("22", "", "yy")], (), 80, PLAIN)

    assert lines == ["A   C", "1   x", "22  yy"]


def test_a_line_is_cut_visibly_at_the_width_there_is() -> None:
    lines = aligned((), [("name", "a long text"), ("b", "short")], (), 12, PLAIN)

    assert lines == ["name  a lon…", "b     short"]
    assert all(len(line) <= 12 for line in lines)


def test_colours_do_not_move_the_columns() -> None:
    painted = aligned((), [("a", "b"), ("ccc", "d")], [("red",)], 80, Painter(colours=True))

    assert painted == ["\x1b[31ma\x1b[0m    b", "ccc  d"]


def test_a_run_is_one_line_with_a_short_id() -> None:
    found = [row(0, dirty=True), row(1, params={"alpha": 0.1, "l1": 3}, metrics={"rmse": 0.123456})]

    lines = runs(found, Stream(), color="never").splitlines()

    assert lines[0].split() == list(HEAD)
    assert lines[1].startswith(f"{run_id(0)[:10]}  succeeded  2026-01-01 00:00  ")
    assert "c0ffee0*" in lines[1]
    assert lines[2].endswith("alpha=0.1 l1=3  rmse=0.12346")


def test_ids_are_as_long_as_it_takes_to_tell_them_apart() -> None:
    first, second = "01ABCDEFGHJKMNPQRSTVWXYZ00", "01ABCDEFGHJKMNPQRSTVWXYZ01"

    assert short_ids([first]) == {first: first[:10]}
    assert short_ids([first, second]) == {first: first, second: second}
    assert short_ids([]) == {}


def test_metrics_are_a_line_a_name_or_a_line_a_point() -> None:
    assert metrics({"rmse": 0.5, "accuracy": 1}) == "accuracy  1\nrmse      0.5"
    assert metrics({"loss": [[0, "noon", 2.0], [1, "later", 1.0]]}) == (
        "loss  0  noon   2.0\nloss  1  later  1.0"
    )


def test_times_are_the_readers_own() -> None:
    assert when("2026-01-01T00:30:00.000Z") == "2026-01-01 00:30"
    assert when("") == ""
