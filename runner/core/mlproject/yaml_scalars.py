"""What a YAML scalar means: the plain forms of YAML 1.2, and text for everything else.

So `yes`, `on`, `010`, `1:30` and `2024-01-01` are text, where YAML 1.1 makes a truth value, 8, 90
and a date of them; and `1e-3` is a number, where YAML 1.1 makes text of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Scalar = str | float | int | bool | None

STANDARD = "tag:yaml.org,2002:"
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})")
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]{1,300}|(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{0,300})?)(?:[eE][-+]?[0-9]{1,4})?"
)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


class Refused(NamedTuple):
    """Why a scalar is not accepted."""

    message: str
    hint: str


def plain(text: str) -> Scalar:
    """Give the value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def tagged(text: str, tag: str) -> Scalar | Refused:
    """Give the value of a scalar with an explicit tag such as `!!str`."""
    name = tag.removeprefix(STANDARD)
    if name in ("!", "str"):
        return text
    if name not in _KINDS or name == tag:
        return Refused(f"the tag {shown_tag(tag)} is refused", "a project file holds plain values")
    value = plain(text)
    fits = isinstance(value, _KINDS[name]) and not (name == "int" and isinstance(value, bool))
    return value if fits else Refused(f"this is not what {shown_tag(tag)} says", "remove the tag")


def shown_tag(tag: str) -> str:
    """Write a tag as people do: `!!python/object`."""
    short = "!!" + tag.removeprefix(STANDARD) if tag.startswith(STANDARD) else tag
    return short[:60].encode("unicode_escape").decode()
