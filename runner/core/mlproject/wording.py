"""How values and names are written in messages, and what a wrong word was meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

# What people write for a word of ours, because another tool calls it so.
SAME_THING = {
    "args": ("parameters",),
    "boolean": ("bool",),
    "categorical": ("choice",),
    "cmd": ("command",),
    "cpu": ("cpus",),
    "dependencies": ("deps",),
    "depends_on": ("needs",),
    "description": ("desc",),
    "directory": ("path",),
    "double": ("float",),
    "enum": ("choice",),
    "environment_variables": ("env",),
    "file": ("path", "params"),
    "folder": ("path",),
    "gpu": ("gpus",),
    "inputs": ("deps",),
    "integer": ("int",),
    "mem": ("memory",),
    "number": ("float",),
    "options": ("choices",),
    "outputs": ("outs",),
    "params": ("parameters",),
    "requires": ("needs",),
    "run": ("command",),
    "script": ("command",),
    "str": ("string",),
    "text": ("string",),
    "url": ("uri",),
    "values": ("choices",),
    "vars": ("env",),
}
LONGEST = 60


def quoted(text: object) -> str:
    """Write a name or a value of the file in quotes, short, with nothing unprintable in it."""
    written = str(text)
    if len(written) > LONGEST:
        written = written[:LONGEST] + "…"
    return f'"{written}"' if written.isprintable() else ascii(written)


def kind_of(value: object) -> str:
    """Say what a value of the file is, as people call it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {str(value)[:LONGEST]}"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"


def either(words: Collection[str]) -> str:
    """Write `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def meant(word: str, known: Collection[str]) -> str:
    """Give the known word that was probably meant, or an empty text."""
    for same in SAME_THING.get(word.lower(), ()):
        if same in known:
            return same
    return nearest(word[:LONGEST], known)
