"""Durations and sizes as people write them."""

from __future__ import annotations

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def seconds(value: str | float) -> float:
    """Read `90s`, `5m`, `1h`, `2d` or a number of seconds.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, str) and value[-1:] in _SECONDS:
        return float(value[:-1]) * _SECONDS[value[-1]]
    return float(value)


def bytes_of(value: str | int) -> int:
    """Read `2GiB` (powers of 1024), `512MB` (powers of 1000) or a number of bytes.

    Raises:
        ValueError: it is none of these.
    """
    if not isinstance(value, str):
        return int(value)
    text = value.strip().upper()
    number, base = text.removesuffix("B"), 1000
    if number.endswith("I"):
        number, base = number[:-1], 1024
    power = _POWERS.get(number[-1:], 0)
    if power:
        number = number[:-1]
    return round(float(number) * float(base) ** power)
