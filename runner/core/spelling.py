"""Did you mean? The nearest known word to a misspelt one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MANY = 500
AFFIX = 4


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known word closest to `word`, or an empty text when none is close."""
    from difflib import get_close_matches  # noqa: PLC0415  # only mistakes need it

    candidates = sorted({other for other in known if other != word})
    if len(candidates) > MANY:
        ends = (word[:AFFIX], word[-AFFIX:])
        candidates = [o for o in candidates if o.startswith(ends[0]) or o.endswith(ends[1])]
        candidates = candidates[:MANY]
    found = get_close_matches(word, candidates, n=1, cutoff=0.6)
    if not found:
        folded = {other.casefold(): other for other in reversed(candidates)}
        found = [folded[match] for match in get_close_matches(word.casefold(), folded, n=1)]
    return found[0] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Ask `did you mean "…"?` when a known word is close; else an empty text."""
    match = nearest(word, known)
    return f'did you mean "{match}"?' if match else ""


def listed(words: Iterable[str], limit: int = 8) -> str:
    """Join words with commas; what is beyond `limit` is only counted."""
    every = list(words)
    if len(every) <= limit:
        return ", ".join(every)
    return f"{', '.join(every[:limit])} and {len(every) - limit:,} more"
