"""Reading YAML: what comes out, and what is refused before it can do any harm."""

from __future__ import annotations

import pytest

from runner.core.mlproject.findings import Findings, UnreadableError
from runner.core.mlproject.yaml_scalars import plain
from runner.core.mlproject.yaml_text import MAX_DEPTH, MAX_VALUES, read
from runner.core.mlproject.yaml_values import YamlMap, place


def document(text: str) -> YamlMap:
    findings = Findings()
    root = read(text, findings)
    assert findings.errors == []
    return root


def refusal(text: str) -> tuple[str, tuple[int, int] | None]:
    with pytest.raises(UnreadableError) as refused:
        read(text, Findings())
    return refused.value.finding.message, refused.value.finding.place


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-0", 0),
        ("0.50", 0.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("6.02E23", 6.02e23),
        ("yes", "yes"),
        ("on", "on"),
        ("010", "010"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.2.3", "1.2.3"),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_plain_scalar_means_what_it_looks_like(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_quoted_and_tagged_scalars_are_text() -> None:
    root = document("""a: '1'\nb: "true"\nc: !!str 3.10\nd: ! 4\ne: |\n  5\n""")
    assert root == {"a": "1", "b": "true", "c": "3.10", "d": "4", "e": "5\n"}


def test_a_scalar_remembers_how_it_was_written() -> None:
    root = document("python: 3.10\nlist: [0.50, True, x]\n")
    assert root["python"] == 3.1
    assert root.text("python") == "3.10"
    assert [root["list"].text(index) for index in range(3)] == ["0.50", "True", "x"]


def test_keys_are_text_as_they_were_written() -> None:
    assert list(document("on: 1\n1: 2\n3.10: 3\nnull: 4\n")) == ["on", "1", "3.10", "null"]


def test_every_value_knows_its_place() -> None:
    root = document("a: 1\nb:\n  - x\n  - {c: d}\n")
    assert place(root, ("a",)) == (1, 4)
    assert place(root, ("a",), at_key=True) == (1, 1)
    assert place(root, ("b",)) == (2, 1)
    assert place(root, ("b", 0)) == (3, 5)
    assert place(root, ("b", 1, "c")) == (4, 9)
    assert place(root, ("b", 1, "lost")) == (4, 5)
    assert place(root, ()) == (1, 1)


def test_anchors_and_merge_keys_are_followed() -> None:
    root = document("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a]\nd: {<<: [*a, {x: 9, z: 4}]}\n")
    assert root["b"] == {"x": 1, "y": 3}
    assert root["c"] == [{"x": 1, "y": 2}]
    assert root["d"] == {"x": 1, "y": 2, "z": 4}


def test_a_merge_key_in_quotes_is_a_key_like_any_other() -> None:
    assert document('"<<": 1\n') == {"<<": 1}


def test_duplicate_keys_are_all_found_and_the_first_counts() -> None:
    findings = Findings()
    root = read("a: 1\nb: {c: 1, c: 2}\na: 3\n", findings)
    assert root == {"a": 1, "b": {"c": 1}}
    assert [(finding.path, finding.place) for finding in findings.errors] == [
        (("b", "c"), (2, 11)),
        (("a",), (3, 1)),
    ]


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? ", "[{a: ", "&a ["])
def test_twenty_thousand_levels_of_nesting_are_refused(opening: str) -> None:
    message, _ = refusal("a: " + opening * 20_000)
    assert "levels of nesting" in message or "not YAML" in message or "key has to be" in message


def test_the_deepest_nesting_that_is_allowed_works() -> None:
    levels = MAX_DEPTH - 1
    assert document("a: " + "[" * levels + "]" * levels)
    assert "levels" in refusal("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)[0]


def test_aliases_cannot_hide_depth() -> None:
    half = MAX_DEPTH // 2
    deep = "[" * half + "x" + "]" * half
    text = f"a: &a {deep}\nb: " + "[" * half + "*a" + "]" * half
    assert refusal(text)[0] == f"more than {MAX_DEPTH} levels of nesting"


def test_aliases_that_expand_beyond_all_bounds_are_refused() -> None:
    lines = ["a0: &a0 [" + ",".join("x" * 10) + "]"]
    lines += [f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 12)]
    message, place_of_it = refusal("\n".join(lines))
    assert "aliases" in message
    assert place_of_it is not None
    assert place_of_it[0] < 8


def test_merge_keys_that_expand_beyond_all_bounds_are_refused() -> None:
    keys = ", ".join(f"k{n}: {n}" for n in range(1_000))
    text = f"a: &a {{{keys}}}\nb: {{<<: [{','.join(['*a'] * 1_000)}]}}\n"
    assert "aliases" in refusal(text)[0]


def test_too_many_values_are_refused_where_they_become_too_many() -> None:
    message, place_of_it = refusal("a:\n" + "- b\n" * (MAX_VALUES + 10))
    assert "more than 500,000 values" in message
    assert place_of_it == (MAX_VALUES + 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [ls]",
        "a: !!python/name:os.system ''",
        "a: !!timestamp 2024-01-01",
        "a: !!set {a}",
        "a: !!binary aGk=",
        "a: !mine 1",
        "a: !!int abc",
        "!!python/object:x {a: 1}",
        "!!str a: 1\n!!int 2: 3",
    ],
)
def test_tags_are_refused(text: str) -> None:
    message, _ = refusal(text)
    assert "!" in message


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("a:\n\tb: 1\n", "a tab where", 2, 1),
        ("a: b: c\n", "no key can stand", 1, 5),
        ("a: 1\nfoo\nb: 2\n", "without `:`", 3, 1),
        ("a:\n  b: 1\n c: 2\n", "does not continue", 3, 2),
        ("a: `b\n", 'cannot start with "`"', 1, 4),
        ("a: 'b\n", "quote is never closed", 1, 4),
        ("a: [1\nb: 2\n", "opened on line 1", 2, 2),
        ("a: ]\n", "a value is missing", 1, 4),
        ("a: *\n", "meaning of their own", 1, 5),
        ('a: "\\q"\n', "unknown escape", 1, 5),
        ("a: 1\n---\nb: 2\n", "second document", 2, 1),
        ("a: *b\n", "*b names nothing above", 1, 4),
        ("a: &b [*b]\n", "stands inside", 1, 8),
        ("x: &a k\n*a : 1\n", "cannot be a key", 2, 1),
        ("? [a]\n: b\n", "a key has to be a word", 1, 3),
        ("a: {<<: 1}\n", "takes a mapping", 1, 9),
        ("[a, b]", "a list", 1, 1),
        ("a b", "text", 1, 1),
        ("a: \x07\n", "does not belong", 1, 4),
        ("a: 1\nb: \udc80\n", "does not belong", 2, 4),
        ('a: "\\0"\n', "is refused", 1, 4),
        ("%FOO\na: 1\n", "%", 1, 5),
    ],
)
def test_what_is_not_yaml_is_said_in_plain_words_and_located(
    text: str, words: str, line: int, column: int
) -> None:
    message, place_of_it = refusal(text)
    assert words in message
    assert place_of_it == (line, column)


@pytest.mark.parametrize("text", ["", "# only this\n", "---\n", "~\n", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert refusal(text)[0] == "the file is empty"


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert document("\ufeffa: 1\n") == {"a": 1}
