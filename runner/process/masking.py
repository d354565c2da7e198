"""Keep secret values out of what is stored or shown, also when they arrive in pieces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

MASK = b"***"
# A key of several lines is printed line by line; shorter lines than this tell nobody anything.
SHORTEST_LINE = 8


class Mask:
    """Replaces every secret value in a stream of bytes by `***`, the longest first."""

    def __init__(self, secret_values: Collection[str]) -> None:
        self._secrets = _spellings(secret_values)
        self._pattern = re.compile(b"|".join(map(re.escape, self._secrets)))
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece and give what is safe to show: a secret's possible beginning is held."""
        if not self._secrets:
            return piece
        data = self._held + piece
        safe_to = self._safe_length(data)
        shown = []
        start = 0
        for match in self._pattern.finditer(data):
            if match.start() >= safe_to:
                break
            shown += [data[start : match.start()], MASK]
            start = match.end()
        shown.append(data[start:safe_to])
        self._held = data[max(start, safe_to) :]
        return b"".join(shown)

    def rest(self) -> bytes:
        """Give what was held back, at the end of the stream."""
        if not self._secrets:
            return b""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held)

    def _safe_length(self, data: bytes) -> int:
        """Tell up to where no secret that is still incomplete begins."""
        longest = len(self._secrets[0])
        for start in range(max(0, len(data) - longest + 1), len(data)):
            tail = data[start:]
            if any(len(secret) > len(tail) and secret.startswith(tail) for secret in self._secrets):
                return start
        return len(data)


def hide(text: str, secret_values: Collection[str]) -> str:
    """Give a text without the secret values that it holds."""
    if not secret_values:
        return text
    mask = Mask(secret_values)
    shown = mask.feed(text.encode("utf-8", "surrogateescape")) + mask.rest()
    return shown.decode("utf-8", "surrogateescape")


def _spellings(secret_values: Collection[str]) -> list[bytes]:
    texts = set(secret_values)
    for value in secret_values:
        texts.update(line for line in value.splitlines() if len(line) >= SHORTEST_LINE)
    encoded = {text.encode("utf-8", "surrogateescape") for text in texts if text}
    return sorted(encoded, key=len, reverse=True)
