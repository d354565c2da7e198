"""Ctrl-C and SIGTERM, noted at once and acted on where it is safe: between two waits."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Interruption:
    """Holds signals back until the engine asks, so that no output is left half kept.

    `wake` ends the engine's wait; it is called inside the signal handler. `received` is the
    first signal (0: none).
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.received = 0
        self._wake = wake
        self._count = 0
        self._answered = 0
        self._at_once = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM; off the main thread they stay as they are."""
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._note)
            except ValueError:
                break
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from there

    @property
    def insists(self) -> bool:
        """Whether the user asked more than once."""
        return self._count > 1

    def is_new(self) -> bool:
        """Tell, once for each signal, whether one came since the last answer."""
        count, answered = self._count, self._answered
        self._answered = count
        return count > answered

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal end what is done inside, which may take long and can be left half done.

        Raises:
            KeyboardInterrupt: a signal came, or had come before.
        """
        self._at_once = True
        try:
            if self._count > self._answered:
                raise KeyboardInterrupt
            yield
        finally:
            self._at_once = False

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or number
        self._count += 1
        self._wake()
        if self._at_once:
            raise KeyboardInterrupt
