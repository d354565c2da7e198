"""From texts to typed parameter values and back, and from a command template to a command.

A value is what its type says; its text is a function of the value alone (a float's is Python's
`repr`, a bool's is `True` or `False`, as MLflow writes a default). So `0.50` and `0.5` are one
value, one command and one set of output paths, and a recorded value gives its command back.

Templates follow MLflow: `{name}` stands for the quoted value, doubled braces for single ones.
Nothing in braces is ever evaluated: no format specs, no attributes, no indexing.
"""

from __future__ import annotations

import re
from math import isfinite
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from runner.core.model import Parameter, Value
from runner.core.spelling import did_you_mean, listed
from runner.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Template", "TemplateProblem", "compile_template", "parse_value", "quote", "value_text"]

WORDS = {"true": True, "yes": True, "on": True, "1": True}
WORDS |= {"false": False, "no": False, "off": False, "0": False}
LONGEST_SHOWN = 60
MOST_PROBLEMS = 20

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"\w[\w.-]*")


def value_text(value: Value) -> str:
    """Write a value as it stands in commands, paths and step names."""
    return value if isinstance(value, str) else str(value)


def parse_value(parameter: Parameter, text: str) -> Value:
    """Read a value of the parameter's type from command-line text.

    Raises:
        ParameterError: the text is not of that type; the message tells what is expected.
    """
    if "\0" in text or not _is_unicode(text):
        raise _wrong(parameter, text, "text without NUL and in valid UTF-8")
    if parameter.type == "choice":
        return _choice(parameter, text)
    read = _READERS.get(parameter.type)
    return text if read is None else read(parameter, text)


def _integer(parameter: Parameter, text: str) -> int:
    stripped = text.strip()
    if not _INTEGER.fullmatch(stripped):
        raise _wrong(parameter, text, "an int such as 10")
    try:
        return int(stripped)
    except ValueError as error:
        raise _wrong(parameter, text, "an int of fewer digits") from error


def _float(parameter: Parameter, text: str) -> float:
    stripped = text.strip()
    value = float(stripped) if _FLOAT.fullmatch(stripped) else float("nan")
    if not isfinite(value):
        raise _wrong(parameter, text, "a finite float such as 0.5 or 1e-3")
    return value


def _bool(parameter: Parameter, text: str) -> bool:
    value = WORDS.get(text.strip().lower())
    if value is None:
        raise _wrong(parameter, text, "a bool: true or false")
    return value


def _uri(parameter: Parameter, text: str) -> str:
    if not _URI.fullmatch(text):
        raise _wrong(parameter, text, "a URI with a scheme, such as s3://bucket/key")
    return text


def _choice(parameter: Parameter, text: str) -> Value:
    by_text = {value_text(choice): choice for choice in parameter.choices}
    if text in by_text:
        return by_text[text]
    for choice in parameter.choices:
        if _reads_as(choice, text):
            return choice
    expected = f"one of {listed(by_text)}"
    raise _wrong(parameter, text, expected, did_you_mean(text, by_text))


def _reads_as(choice: Value, text: str) -> bool:
    """Whether the text is another spelling of a choice that is no text: 0.50 for 0.5."""
    if isinstance(choice, str):
        return False
    kind = "bool" if isinstance(choice, bool) else "float"
    try:
        return parse_value(Parameter("", kind), text) == choice
    except ParameterError:
        return False


_READERS: dict[str, Callable[[Parameter, str], Value]] = {
    "int": _integer,
    "float": _float,
    "bool": _bool,
    "uri": _uri,
}


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(parameter: Parameter, text: str, expected: str, hint: str = "") -> ParameterError:
    shown = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
    visible = ascii(shown) if not shown.isprintable() else f'"{shown}"'
    return ParameterError(f"{parameter.name}: expected {expected}, got {visible}", hint=hint)


class TemplateProblem(NamedTuple):
    """What is wrong in a template, and where: line and column count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


class Template(NamedTuple):
    """A template, read once: literals and the names between them, in turn.

    `pieces` has one literal more than there are `names`; every second piece is a name's place.
    """

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    problems: tuple[TemplateProblem, ...] = ()

    def render(self, texts: Mapping[str, str]) -> str:
        """Put the texts into their places.

        Raises:
            KeyError: a name has no text.
        """
        if not self.names:
            return self.pieces[0]
        parts = list(self.pieces)
        parts[1::2] = [texts[name] for name in self.names]
        return "".join(parts)


def compile_template(text: str, known: Iterable[str]) -> Template:
    """Read a template whose placeholders may be the `known` names.

    Everything else in braces becomes one of the template's `problems` (the first few of them).
    """
    if "{" not in text and "}" not in text:
        return Template((text,), ())
    pieces = _PLACEHOLDER.split(text)
    names = pieces[1::2]
    known_names = frozenset(known)
    if text.count("{") == text.count("}") == len(names) and known_names.issuperset(names):
        return Template(tuple(pieces), tuple(names))
    return _compile_with_braces(text, known_names)


def _compile_with_braces(text: str, known: frozenset[str]) -> Template:
    names: list[str] = []
    pieces: list[str] = []
    literal: list[str] = []
    problems: list[TemplateProblem] = []
    end = 0
    for found in _BRACES.finditer(text):
        literal.append(text[end : found.start()])
        end = found.end()
        token, name = found.group(), found.group(1)
        if name is None and len(token) == len("{{"):
            literal.append(token[0])
        elif name in known:
            names.append(name)
            pieces += ["".join(literal), token]
            literal.clear()
        elif len(problems) < MOST_PROBLEMS:
            problems.append(_problem(text, found, known))
    literal.append(text[end:])
    return Template((*pieces, "".join(literal)), tuple(names), tuple(problems))


def _problem(text: str, found: re.Match[str], known: frozenset[str]) -> TemplateProblem:
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    token, inner = found.group(), found.group(1)
    if inner is None:
        return TemplateProblem(line, column, f"single {token}", f"write {token * 2} for one brace")
    shown = token if len(token) <= LONGEST_SHOWN else token[:LONGEST_SHOWN] + "…}"
    doubled = f"write {{{shown}}} if the braces are meant"
    if _NAME.fullmatch(inner):
        suggestion = did_you_mean(inner, known)
        return TemplateProblem(line, column, f"{shown} is no parameter", suggestion or doubled)
    message = f"only a parameter's name may stand in braces, not {shown}"
    return TemplateProblem(line, column, message, doubled)
