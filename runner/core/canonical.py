"""Canonical JSON and the ids made from it: one text for one value, on every machine."""

from __future__ import annotations

import hashlib
import json

# Made once: json.dumps with options makes an encoder for each call.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_encode_ascii = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical(document: object) -> bytes:
    """Render a JSON document as its one canonical text: sorted keys, no spaces, UTF-8.

    Surrogates that stand for undecodable bytes of a file name survive as JSON escapes.
    """
    try:
        return _encode(document).encode()
    except UnicodeEncodeError:
        return _encode_ascii(document).encode()


def digest(document: object) -> str:
    """Give the sha256 of a document's canonical text, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()
