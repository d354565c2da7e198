"""Canonical JSON and the ids made from it: one text for one value, on every machine."""

from __future__ import annotations

import hashlib
import json


def canonical(document: object) -> bytes:
    """Render a JSON document as its one canonical text: sorted keys, no spaces, UTF-8.

    Surrogates that stand for undecodable bytes of a file name survive as JSON escapes.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest(document: object) -> str:
    """Give the sha256 of a document's canonical text, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()
