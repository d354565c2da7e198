"""Numbers, times and reasons as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from runner.views.words import (
    Painter,
    ago,
    clock,
    count_of,
    duration,
    fitted,
    memory,
    reason_text,
    values_text,
)
from tests.views.screens import Stream


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.421, "0.42 s"),
        (12.34, "12.3 s"),
        (185, "3m 05s"),
        (3599.7, "1h 00m"),
        (7620, "2h 07m"),
    ],
)
def test_a_duration_has_as_many_digits_as_matter(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(7.9, "0:07"), (750, "12:30"), (7385, "2:03:05")])
def test_a_clock_shows_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (300, "5 min ago"),
        (7200, "2 h ago"),
        (90_000, "1 day ago"),
    ],
)
def test_what_has_passed_is_told_roughly(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (180 << 20, "180 MiB"), (3 << 40, "3.0 TiB")],
)
def test_a_size_has_the_unit_that_fits(size: int, text: str) -> None:
    assert memory(size) == text


def test_one_thing_is_no_plural() -> None:
    assert [count_of(number, "step") for number in (0, 1, 1234)] == [
        "0 steps",
        "1 step",
        "1,234 steps",
    ]


def test_a_text_is_cut_visibly() -> None:
    assert fitted("abcdef", 6) == "abcdef"
    assert fitted("abcdefg", 6) == "abcde…"


def reason(kind: str, what: str = "", old: object = None, new: object = None) -> dict[str, Any]:
    return {"kind": kind, "what": what, "old": old, "new": new}


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        ([reason("never-run")], "never run"),
        ([reason("dep", "a.py", "x", "y")], "a.py changed"),
        ([reason("dep", "a.py", None, "y")], "a.py is new"),
        ([reason("parameter", "alpha", 0.1, 0.2)], "alpha: 0.1 -> 0.2"),
        ([reason("parameter", "alpha", None, "x" * 50)], f"alpha: none -> {'x' * 39}…"),
        ([reason("output-missing", "out")], "out is missing"),
        ([reason("forced"), reason("code"), reason("command")], "forced, code changed and 1 more"),
        ([reason("upstream", name) for name in "abcd"], "waits for a, b and 2 more"),
        ([reason("code"), reason("upstream", "a")], "code changed, waits for a"),
    ],
)
def test_reasons_are_words(reasons: list[dict[str, Any]], text: str) -> None:
    assert reason_text(reasons) == text


def test_as_many_values_are_shown_as_fit() -> None:
    values = {"rmse": 0.123456789, "mae": 2, "a_rather_long_name": 1.0, "last": 0.5}

    assert values_text(values, 30) == "rmse=0.12346 mae=2 +2"
    assert values_text({"a_single_name_longer_than_the_room": 1}, 10) == (
        "a_single_name_longer_than_the_room=1"
    )
    assert values_text({}) == ""


@pytest.mark.parametrize(
    ("wish", "terminal", "variables", "colours"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_follow_the_flag_then_the_variables_then_the_terminal(
    wish: str,
    terminal: bool,
    variables: dict[str, str],
    colours: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert Painter.choose(Stream(terminal=terminal), wish).colours is colours
