"""Typed values from text, text from values, and MLflow's template rule."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.command import compile_template, parse_value, value_text
from runner.core.model import Parameter
from runner.errors import ParameterError


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", " a b ", " a b "),
        ("string", "", ""),
        ("float", "0.50", 0.5),
        ("float", "1e-3", 0.001),
        ("float", "-.5", -0.5),
        ("float", "1", 1.0),
        ("int", "010", 10),
        ("int", "-3", -3),
        ("bool", "true", True),
        ("bool", "No", False),
        ("uri", "s3://bucket/key", "s3://bucket/key"),
        ("uri", "models:/wine/1", "models:/wine/1"),
        ("path", "a b/c", "a b/c"),
    ],
)
def test_text_becomes_a_value_of_the_parameters_type(kind, text, value):
    read = parse_value(Parameter("p", kind), text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("float", "abc"),
        ("float", "nan"),
        ("float", "1e999"),
        ("float", "1_0"),
        ("float", "\u0663"),
        ("int", "0.5"),
        ("int", "1_000"),
        ("int", ""),
        ("int", "9" * 5000),
        ("bool", "maybe"),
        ("uri", "data/x.csv"),
        ("uri", "s3:"),
        ("string", "a\0b"),
        ("string", "\udcff"),
    ],
)
def test_text_of_another_type_is_refused_with_what_was_expected(kind, text):
    with pytest.raises(ParameterError, match=r"^p: expected "):
        parse_value(Parameter("p", kind), text)


def test_an_error_never_repeats_an_endless_text():
    with pytest.raises(ParameterError) as caught:
        parse_value(Parameter("p", "int"), "x" * 10_000)
    assert len(caught.value.message) < 200


def test_a_choice_is_one_of_its_choices_and_keeps_their_type():
    parameter = Parameter("p", "choice", None, ("adam", 0.5, 2, True))
    assert parse_value(parameter, "adam") == "adam"
    assert parse_value(parameter, "0.50") == 0.5
    assert parse_value(parameter, "2") == 2
    assert parse_value(parameter, "true") is True


def test_a_misspelt_choice_is_answered_with_the_nearest_one():
    with pytest.raises(ParameterError, match=r"one of adam, sgd") as caught:
        parse_value(Parameter("p", "choice", None, ("adam", "sgd")), "adma")
    assert caught.value.hint == 'did you mean "adam"?'


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans())
def test_the_text_of_a_value_reads_back_as_the_value(value):
    kind = {float: "float", int: "int", bool: "bool"}[type(value)]
    assert parse_value(Parameter("p", kind), value_text(value)) == value


def test_one_value_has_one_text_however_it_was_typed():
    values = [parse_value(Parameter("p", "float"), text) for text in ("0.50", ".5", "5e-1")]
    assert {value_text(value) for value in values} == {"0.5"}


def rendered(template: str, **texts: str) -> str:
    compiled = compile_template(template, texts)
    assert not compiled.problems, compiled.problems
    return compiled.render(texts)


def test_names_may_hold_dashes_and_dots():
    compiled = compile_template("{batch-size} {model.depth}", ["batch-size", "model.depth"])
    assert compiled.render({"batch-size": "8", "model.depth": "2"}) == "8 2"


def test_a_template_without_braces_is_kept_as_it_is():
    assert rendered("python train.py --x 'a b'") == "python train.py --x 'a b'"


def test_doubled_braces_become_single_ones():
    assert rendered("awk '{{print $1}}' {f}", f="x") == "awk '{print $1}' x"
    assert rendered("{{{f}}}", f="x") == "{x}"


@pytest.mark.parametrize(
    "template",
    ["{x.__class__}", "{x[0]}", "{x!r}", "{x:>10}", "{x:{x}}", "{}", "{0}", "{y}", "{", "}", "{x"],
)
def test_anything_else_in_braces_is_a_problem_and_never_evaluated(template):
    assert compile_template(template, ["x"]).problems


def test_a_problem_names_line_and_column_and_how_to_write_it():
    (problem,) = compile_template("echo {x}\nawk '{print $1}'", ["x"]).problems
    assert (problem.line, problem.column) == (2, 6)
    assert "{print $1}" in problem.message
    assert problem.hint == "write {{print $1}} if the braces are meant"


def test_a_misspelt_placeholder_is_answered_with_the_nearest_parameter():
    (problem,) = compile_template("{alhpa}", ["alpha"]).problems
    assert problem.hint == 'did you mean "alpha"?'


def test_nonsense_made_of_braces_gives_a_few_problems():
    compiled = compile_template("{{" * 500_000 + "}" * 300_001, [])
    assert 0 < len(compiled.problems) <= 20


PIECES = st.lists(
    st.sampled_from(["{a}", "{b_2}", "{{", "}}", "x", " ", "$(y)", "'", "{c}", "{", "}"]),
    max_size=12,
)


@given(PIECES, st.text(), st.text())
def test_rendering_agrees_with_str_format(pieces, first, second):
    template = "".join(pieces)
    texts = {"a": shlex.quote(first), "b_2": shlex.quote(second)}
    try:
        expected = template.format(**texts)
    except (ValueError, KeyError, IndexError):
        assert compile_template(template, texts).problems
    else:
        assert rendered(template, **texts) == expected
