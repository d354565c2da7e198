"""Parse filters and sort orders; a mistake is named with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner.core.record_filter import (
    COMPARISONS,
    IDS,
    NUMBERS,
    NUMERAL,
    SECTIONS,
    TEXTS,
    AllOf,
    AnyOf,
    Compare,
    Field,
    Not,
    SortKey,
    Tree,
    clean,
    number_of,
)
from runner.core.spelling import nearest
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = re.compile(
    r"""(?P<sign>[(),])|(?P<op><>|[<>!=]=?)|(?P<quoted>'[^']*'|"[^"]*"|`[^`]*`)"""
    r"""|(?P<word>[^\s(),<>!='"`]+)"""
)
SPELLINGS = {"==": "=", "<>": "!="}
PATTERNS = ("like", "ilike")
KEYWORDS = ("and", "or", "not", "in", *PATTERNS)
DEEPEST = 50
MOST = 200
HINT = "for example: metrics.rmse < 0.8 and params.alpha = 0.1 and status = succeeded"


class Token(NamedTuple):
    """A piece of a filter; `kind` is sign, op, quoted, word, keyword or end."""

    kind: str
    text: str
    start: int


def parse_filter(source: str) -> Tree:
    """Read a filter; an empty one holds for every run.

    Raises:
        UsageError: it cannot be read; the message shows where.
    """
    return _Parser(source).whole()


def parse_sort(source: str) -> tuple[SortKey, ...]:
    """Read a sort order such as `-metrics.rmse,started`; `-` is for descending.

    Raises:
        UsageError: it names what is no field of a run.
    """
    keys = []
    for part in filter(None, (part.strip() for part in source.split(","))):
        name = part.removeprefix("-")
        keys.append(SortKey(_Parser(source, "sort").field(name, source.find(name)), name != part))
    return tuple(keys)


class _Parser:
    """Reads one filter from left to right."""

    def __init__(self, source: str, what: str = "filter") -> None:
        self._source = source
        self._what = what
        self._tokens: list[Token] = []
        self._next = 0
        self._compared = 0

    def whole(self) -> Tree:
        self._tokens = self._split()
        if self._peek.kind == "end":
            return AllOf(())
        tree = self._either(0)
        if self._peek.kind != "end":
            raise self._error(
                self._peek, f"`{self._peek.text}` follows where `and` or `or` is expected"
            )
        return tree

    def field(self, text: str, start: int) -> Field:
        section, dot, name = text.partition(".")
        if dot and section in SECTIONS and name:
            return Field(section, name)
        if text in TEXTS or text in NUMBERS:
            return Field("", text)
        raise self._error(
            Token("word", text, start), f"`{text}` is no field of a run", _fields_like(text)
        )

    def _either(self, depth: int) -> Tree:
        return self._chain("or", AnyOf, lambda: self._both(depth))

    def _both(self, depth: int) -> Tree:
        return self._chain("and", AllOf, lambda: self._part(depth))

    def _chain(
        self, word: str, join: Callable[[tuple[Tree, ...]], Tree], part: Callable[[], Tree]
    ) -> Tree:
        parts = [part()]
        while self._takes(word):
            parts.append(part())
        return join(tuple(parts)) if len(parts) > 1 else parts[0]

    def _part(self, depth: int) -> Tree:
        if depth > DEEPEST:
            raise self._error(self._peek, f"this is nested deeper than {DEEPEST}")
        if self._takes("not"):
            return Not(self._part(depth + 1))
        if self._takes("("):
            tree = self._either(depth + 1)
            self._expect(")")
            return tree
        return self._comparison()

    def _comparison(self) -> Tree:
        field = self._field()
        negated = self._takes("not")
        tree = self._values(field) if self._takes("in") else self._single(field, negated=negated)
        return Not(tree) if negated else tree

    def _field(self) -> Field:
        token = self._take()
        if token.kind != "word":
            raise self._error(token, "a field is expected")
        text = token.text
        if text.endswith(".") and self._peek.kind == "quoted":
            text += self._take().text[1:-1]
        return self.field(text, token.start)

    def _values(self, field: Field) -> Tree:
        self._expect("(")
        parts = [self._compare(field, "=")]
        while self._takes(","):
            parts.append(self._compare(field, "="))
        self._expect(")")
        return AnyOf(tuple(parts))

    def _single(self, field: Field, *, negated: bool) -> Tree:
        token = self._take()
        op = SPELLINGS.get(token.text, token.text.lower())
        is_operator = op in PATTERNS or (op in COMPARISONS and not negated)
        if token.kind not in {"op", "keyword"} or not is_operator:
            wanted = "like, ilike or in" if negated else "one of = != < <= > >= like ilike in"
            raise self._error(token, f"after `{field.text}` {wanted} is expected")
        if op in PATTERNS and field.is_number:
            raise self._error(token, f"`{field.text}` is a number, `{op}` is for texts")
        return self._compare(field, op)

    def _compare(self, field: Field, op: str) -> Tree:
        token = self._take()
        if token.kind not in {"quoted", "word"}:
            raise self._error(token, "a value is expected")
        self._compared += 1
        if self._compared > MOST:
            raise self._error(token, f"there are more than {MOST} comparisons")
        value = self._value(field, op, token)
        if field.text in IDS and op in {"=", "!="} and value:
            return _by_beginning(field, op, str(value))
        return Compare(field, op, value)

    def _value(self, field: Field, op: str, token: Token) -> str | float:
        text = token.text[1:-1] if token.kind == "quoted" else token.text
        if text != clean(text):
            raise self._error(token, "this is not UTF-8")
        if op in PATTERNS or field.is_text or (token.kind == "quoted" and not field.is_number):
            return text
        number = number_of(text) if NUMERAL.fullmatch(text) else None
        if number is None and field.is_number:
            raise self._error(token, f"`{field.text}` is a number, and `{text}` is not")
        return text if number is None else number

    def _split(self) -> list[Token]:
        tokens: list[Token] = []
        place = 0
        while True:
            place += len(self._source[place:]) - len(self._source[place:].lstrip())
            if place == len(self._source):
                return [*tokens, Token("end", "", place)]
            found = TOKEN.match(self._source, place)
            if found is None:
                raise self._error(Token("", "", place), "this quote is not closed")
            text = found.group()
            kind = str(found.lastgroup)
            if kind == "word" and text.lower() in KEYWORDS:
                kind, text = "keyword", text.lower()
            tokens.append(Token(kind, text, place))
            place = found.end()

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _takes(self, text: str) -> bool:
        token = self._peek
        if token.text != text or token.kind not in {"sign", "keyword"}:
            return False
        self._next += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._error(self._peek, f"`{sign}` is expected")

    def _error(self, token: Token, message: str, hint: str = HINT) -> UsageError:
        place = f"{self._what}, column {token.start + 1}"
        pointer = " " * token.start + "^"
        return UsageError(f"{place}: {message}\n    {self._source}\n    {pointer}", hint=hint)


def _by_beginning(field: Field, op: str, value: str) -> Tree:
    text = value.upper() if field.text == "run_id" else value.lower()
    compare = Compare(field, "starts", text)
    if op == "=":
        return compare
    return AllOf((Compare(field, ">=", ""), Not(compare)))


def _fields_like(text: str) -> str:
    section, dot, name = text.partition(".")
    words = SECTIONS if dot else TEXTS | NUMBERS
    close = nearest(section if dot else text, words)
    known = ", ".join([*sorted(TEXTS | NUMBERS), *(f"{section}.NAME" for section in SECTIONS)])
    meant = f'did you mean "{close}{dot}{name}"? ' if close else ""
    return f"{meant}Fields: {known}"
