"""What is wrong with text that is not YAML, in words that say what to do."""

from __future__ import annotations

from typing import Any, NamedTuple

from runner.core.mlproject.findings import Finding
from runner.core.mlproject.wording import quoted


class _Explanation(NamedTuple):
    """What both parsers (C and Python) say of a mistake, what it means, and what to do."""

    words: tuple[str, ...]
    meaning: str
    hint: str


# The first one that is found counts.
_EXPLANATIONS = (
    _Explanation(
        ("mapping values are not allowed",),
        "a `: ` where no key can stand",
        "quote the value, or indent the line like its neighbours",
    ),
    _Explanation(
        ("unknown escape", "escape sequence", "escape code"),
        "an unknown escape in a text with double quotes",
        "double the backslash, or use single quotes",
    ),
    _Explanation(
        ("could not find expected ':'",),
        "a line without `:` where a key is expected",
        "write `key: value`",
    ),
    _Explanation(
        ("expected ',' or",),
        "a comma or a closing bracket is missing",
        "close the bracket, or quote the value",
    ),
    _Explanation(
        ("expected key", "expected <block end>"),
        "this does not continue the mapping or list around it",
        "check its indentation, and the quotes before it",
    ),
    _Explanation(
        ("expected '-' indicator",),
        "this line does not belong to the list around it",
        "check its indentation",
    ),
    _Explanation(
        ("expected node content", "expected the node content"),
        "a value is missing",
        "write a value, or quote it",
    ),
    _Explanation(
        ("sequence entries are not allowed",),
        "a `- ` where no list can start",
        "start the list on a line of its own, or quote the value",
    ),
    _Explanation(
        ("<document start>",), "nothing can follow here", "check the quotes and brackets before it"
    ),
    _Explanation(("directive",), "a line that starts with `%`", "quote it, or remove it"),
    _Explanation(
        ("alphabetic or numeric character",),
        "`&` and `*` have a meaning of their own in YAML",
        "quote the value",
    ),
)


def explain(error: Any, text: str) -> Finding:
    """Turn an error of the YAML parser into one of ours."""
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    if "cannot start any token" in said or "tab character" in said:
        return _wrong_start(mark, text)
    if "unexpected end of stream" in said and opened is not None:
        return Finding("this quote is never closed", hint="close it", place=_place(opened))
    for explanation in _EXPLANATIONS:
        if any(words in said or words in context for words in explanation.words):
            since = ""
            if "flow" in context and opened is not None and mark is not None:
                since = f" (opened on line {opened.line + 1})" * (opened.line != mark.line)
            message = f"this is not YAML: {explanation.meaning}{since}"
            return Finding(message, hint=explanation.hint, place=_place(mark or opened))
    return Finding(f"this is not YAML: {said}"[:200], place=_place(mark or opened))


def _wrong_start(mark: Any, text: str) -> Finding:
    character = text[mark.index : mark.index + 1] if mark is not None else ""
    if character in ("\t", ""):
        return Finding(
            "a tab where YAML wants spaces", hint="indent with spaces", place=_place(mark)
        )
    message = f"this is not YAML: a value cannot start with {quoted(character)}"
    return Finding(message, hint="quote the value", place=_place(mark))


def _place(mark: Any) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
