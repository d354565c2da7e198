"""The difference of two runs in words: only what differs, old and new."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from runner.views.words import Painter, count_of, number_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORT = 12
HASH_LENGTHS = frozenset({32, 40, 64})
HEXADECIMAL = frozenset("0123456789abcdef")
MOST_COMMITS = 10
MOST_ENTRIES = 100


def text(
    found: Mapping[str, Any], stream: IO[str], *, color: str, note: str = "", patch: str = ""
) -> str:
    """Render `diff`; `note` says what is missing from the code's section."""
    paint = Painter.choose(stream, color)
    lines: list[str] = []
    for section, entries in found.items():
        if entries:
            shown = list(_code(entries, paint) if section == "code" else _changes(entries))
            if section == "code" and note:
                shown.append(paint(note, "yellow"))
            more = len(shown) - MOST_ENTRIES
            shown[MOST_ENTRIES:] = [f"and {more:,} more"] if more > 0 else []
            lines += [paint(section, "bold"), *(f"  {line}" for line in shown)]
    if patch:
        lines += ["", *(_painted(visible(line), paint) for line in patch.rstrip("\n").split("\n"))]
    return "\n".join(lines) if lines else "nothing differs"


def _code(entries: Mapping[str, Any], paint: Painter) -> Iterator[str]:
    files = entries.get("files") or {}
    told = {"commits", "files", "tree", *files}
    yield from _changes({name: entry for name, entry in entries.items() if name not in told})
    commits = entries.get("commits") or {}
    for side, sign, colour in (("new", "+", "green"), ("old", "-", "red")):
        those = commits.get(side) or []
        for commit in those[:MOST_COMMITS]:
            yield f"{paint(sign, colour)} {commit['commit'][:7]} {visible(commit['subject'])}"
        if len(those) > MOST_COMMITS:
            yield f"{paint(sign, colour)} and {count_of(len(those) - MOST_COMMITS, 'commit')} more"
    width = max(map(len, files), default=0)
    for path, lines in files.items():
        yield f"{visible(path):<{width}}  {_lines(lines, paint)}"
    if not files and "commit" not in entries:
        yield from _changes({"tree": entries["tree"]} if "tree" in entries else {})


def _lines(lines: Mapping[str, Any], paint: Painter) -> str:
    if lines["added"] is None:
        return "binary"
    return (
        f"{paint('+' + str(lines['added']), 'green')} {paint('-' + str(lines['removed']), 'red')}"
    )


def _changes(entries: Mapping[str, Any]) -> Iterator[str]:
    width = max(map(len, entries), default=0)
    for name, entry in entries.items():
        yield visible(f"{name:<{width}}  {_shown(entry['old'])} -> {_shown(entry['new'])}")


def _shown(value: object) -> str:
    if value is None:
        return "not there"
    text = number_text(value)
    hashed, dot, ending = text.partition(".dir")
    if len(hashed) in HASH_LENGTHS and HEXADECIMAL.issuperset(hashed) and not ending:
        return hashed[:SHORT] + dot
    return text


def _painted(line: str, paint: Painter) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return paint(line, "bold")
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return paint(line, colour) if colour else line
