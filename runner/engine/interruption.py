"""Ctrl-C and SIGTERM, taken only where it is safe: while the engine waits."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType


class Interrupted(Exception):  # it is what happened, not an error
    """The user asked to stop; `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interruption:
    """Holds signals back until the engine waits, so that no output is left half kept.

    `received` is the first signal (0: none); `repeated` tells that the user insists.
    """

    def __init__(self) -> None:
        self.received = 0
        self.repeated = False
        self._waiting = False
        self._delivered = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM; off the main thread they stay as they are."""
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._note)
            except ValueError:
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from there

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal end the wait inside.

        Raises:
            Interrupted: a signal came, now or since the last wait; once for each new one.
        """
        self._waiting = True
        try:
            self._deliver()
            yield
        finally:
            self._waiting = False

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            self.repeated = True
            self._delivered = False
        else:
            self.received = number
        if self._waiting:
            self._deliver()

    def _deliver(self) -> None:
        if self.received and not self._delivered:
            self._delivered = True
            raise Interrupted(self.received)
