"""Run ids: how they are made, and the words by which people name a run.

A run id is a ULID (github.com/ulid/spec): 48 bits of milliseconds, 80 bits of chance, in
Crockford's base 32, so that ids sort by the time their runs began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.core.spelling import nearest
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
LATEST = "latest"
SHOWN = 5
MOST_DIGITS = 9
LIST = "`runner runs` lists them"


def new_run_id(now_ms: int, random_bytes: bytes) -> str:
    """Make an id from the milliseconds since 1970 and (at least) 10 random bytes."""
    value = (now_ms & (1 << 48) - 1) << 80 | int.from_bytes(random_bytes[:10])
    return "".join(ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def is_run_id(text: object) -> bool:
    """Tell whether a value has the form of a run id."""
    return isinstance(text, str) and len(text) == LENGTH and set(text) <= set(ALPHABET)


def steps_back(words: str) -> int | None:
    """Read `latest` as 0 and `latest~N` as N; None when the words are something else.

    Raises:
        UsageError: it begins like `latest~N` and is not.
    """
    name, mark, count = words.lower().partition("~")
    if name != LATEST:
        return None
    if not mark:
        return 0
    if not (count.isascii() and count.isdigit()):
        raise UsageError(
            f"`{words}` names no run: a number of runs has to follow the `~`",
            hint="`latest~1` is the run before the latest",
        )
    return int(count) if len(count) <= MOST_DIGITS else 10**MOST_DIGITS


def choose(words: str, ids: Sequence[str]) -> str:
    """Pick the one run that the words name among ids, which come newest first.

    Raises:
        UsageError: there is none, or there are several.
    """
    back = steps_back(words)
    if back is not None:
        if back < len(ids):
            return ids[back]
        counted = f"only {len(ids)} recorded" if ids else "nothing is recorded yet"
        raise UsageError(
            f"there is no run `{words}`: {counted}",
            hint=LIST if ids else "`runner run .` records the first one",
        )
    prefix = words.upper()
    matching = [run_id for run_id in ids if prefix and run_id.startswith(prefix)]
    if len(matching) == 1 or prefix in matching:
        return prefix if prefix in matching else matching[0]
    if matching:
        more = f" and {len(matching) - SHOWN} more" if len(matching) > SHOWN else ""
        raise UsageError(
            f"`{words}` begins several run ids: {', '.join(matching[:SHOWN])}{more}",
            hint="give more of the id",
        )
    raise UsageError(f"there is no run `{words}`", hint=_suggestion(prefix, ids))


def _suggestion(prefix: str, ids: Sequence[str]) -> str:
    beginnings = {run_id[: len(prefix)]: run_id for run_id in reversed(ids)}
    close = beginnings.get(nearest(prefix, beginnings))
    return f"did you mean {close}? {LIST}" if close else LIST
