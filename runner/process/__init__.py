"""Start, stream, time and stop local processes: the one door to them."""

from __future__ import annotations

from runner.process.capture import Output, Pending, begin, capture

__all__ = ["Output", "Pending", "begin", "capture"]
