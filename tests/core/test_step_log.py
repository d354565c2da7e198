"""Lines that steps append to RUNNER_LOG, from any language and in any state."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.step_log import LONGEST_LINE, parse


def only(line: str | bytes):
    entries, problems = parse(line if isinstance(line, bytes) else line.encode())
    assert problems == []
    (entry,) = entries
    return entry


def test_a_metric_needs_only_its_name_and_value():
    fields = {"name": "loss", "value": 0.5, "number": None, "time": None}
    assert only('{"metric":"loss","value":0.5}') == ("metric", fields)


def test_a_metric_may_have_its_number_and_time():
    line = '{"metric": "loss", "value": 2, "number": 3, "time": "2026-01-01T00:00:00.000Z"}'
    fields = {"name": "loss", "value": 2.0, "number": 3, "time": "2026-01-01T00:00:00.000Z"}
    assert only(line) == ("metric", fields)


@pytest.mark.parametrize("number", ['"step": 3', '"number": 3.0', '"step": 9, "number": 3'])
def test_the_number_may_be_spelled_in_other_ways(number):
    assert only(f'{{"metric": "m", "value": 1, {number}}}')[1]["number"] == 3


@pytest.mark.parametrize("text", ['"NaN"', "NaN"])
def test_nan_is_a_value(text):
    assert math.isnan(only(f'{{"metric": "m", "value": {text}}}')[1]["value"])


@pytest.mark.parametrize(
    ("text", "value"),
    [('"-Infinity"', -math.inf), ("Infinity", math.inf), ("1e999", math.inf), ("true", 1.0)],
)
def test_infinities_and_truths_are_values(text, value):
    assert only(f'{{"metric": "m", "value": {text}}}')[1]["value"] == value


@pytest.mark.parametrize(
    ("value", "text"),
    [('"a"', "a"), ("0.1", "0.1"), ("null", "null"), ('["\u00e4"]', '["\\u00e4"]')],
)
def test_a_parameter_is_text_whatever_it_was(value, text):
    assert only(f'{{"param": "p", "value": {value}}}')[1]["value"] == text


def test_an_artifact_has_its_path_and_source():
    fields = {"path": "a/b.png", "source": "/x/b.png", "time": None}
    assert only('{"artifact": "a/b.png", "source": "/x/b.png"}') == ("artifact", fields)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hello", "is not JSON"),
        ('{"metric": "m", "val', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("{}", "names no metric, param or artifact"),
        ('{"metric": "m"}', "value is not a number"),
        ('{"metric": "m", "value": "0.5"}', "value is not a number"),
        ('{"metric": "m", "value": []}', "value is not a number"),
        ('{"metric": "m", "value": 1' + "0" * 400 + "}", "value is too large"),
        ('{"metric": "", "value": 1}', "metric is not a text"),
        ('{"metric": 3, "value": 1}', "metric is not a text"),
        ('{"metric": "m", "value": 1, "number": "x"}', "number is not an integer"),
        ('{"metric": "m", "value": 1, "number": true}', "number is not an integer"),
        ('{"param": "p"}', "has no value"),
        ('{"artifact": "../x"}', "leads out of"),
        ('{"artifact": "/x"}', "leads out of"),
        ('"' + "x" * LONGEST_LINE + '"', f"is longer than {LONGEST_LINE} bytes"),
    ],
)
def test_a_line_of_another_kind_is_named_and_the_others_are_kept(line, problem):
    bad = line if isinstance(line, bytes) else line.encode()
    good = b'{"param": "p", "value": "v"}'
    entries, problems = parse(good + b"\n\n" + bad + b"\r\n" + good)
    assert len(entries) == 2
    assert problems[0].startswith("line 3: ")
    assert problem in problems[0]


def test_of_many_bad_lines_only_the_first_are_named():
    _, problems = parse(b"x\n" * 1000)
    assert len(problems) == 21
    assert problems[-1] == "and 980 more lines"


def test_half_characters_are_replaced():
    assert only(r'{"param": "p\ud800", "value": "\udc00"}')[1] == {
        "name": "p?",
        "value": "?",
        "time": None,
    }


def test_nothing_is_nothing():
    assert parse(b"") == ([], [])


@given(
    st.binary()
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(
        lambda value: json.dumps({"metric": "m", "value": value, "number": value}).encode()
    )
)
def test_no_line_is_an_error(line):
    entries, problems = parse(line)
    assert len(entries) + len(problems) <= line.count(b"\n") + 1
