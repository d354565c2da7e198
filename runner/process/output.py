"""What a command prints, on its way through the runner: to its log, and to whoever listens."""

from __future__ import annotations

import codecs
import os
from typing import TYPE_CHECKING

from runner.process.masking import Mask
from runner.process.spawner import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

STDOUT, STDERR = "stdout", "stderr"
CHUNK = 1 << 16
# What is still read once a command has ended: more than a pipe holds, and not for ever when a
# process that got away keeps writing.
LAST_BYTES = 1 << 20
LOG_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
LOG_MODE = 0o666


class CommandOutput:
    """The streams of one command. Secret values are masked in the log and for the listener.

    Without a listener both streams share a pipe, so that their order is exactly as written.

    Raises:
        OSError: The log cannot be opened.
    """

    def __init__(
        self,
        log: str,
        secret_values: Collection[str],
        listener: Callable[[str, str], None] | None,
    ) -> None:
        self.log = log
        self.problem = ""
        self._log = os.open(log, LOG_FLAGS, LOG_MODE)
        names = [STDOUT, STDERR] if listener else [STDOUT]
        self._streams = [_Stream(name, secret_values, log) for name in names]
        self._listener = listener

    def readers(self) -> list[int]:
        """Give the descriptors to watch; `take` one when it is readable."""
        return [stream.reader for stream in self._streams]

    def paths(self) -> tuple[bytes, bytes | None]:
        """Give what the command's stdout and stderr are to be opened as."""
        out, *err = [stream.path for stream in self._streams]
        return out, (err[0] if err else None)

    def take(self, reader: int) -> None:
        """Pass on what one read gives."""
        for stream in self._streams:
            if stream.reader == reader:
                self._pass_on(stream, stream.read())

    def finish(self) -> None:
        """Pass on what is left of a command that has ended, and free everything."""
        try:
            for stream in self._streams:
                read = 0
                while read < LAST_BYTES and (piece := stream.read()):
                    read += len(piece)
                    self._pass_on(stream, piece)
                self._show(stream, stream.mask.rest(), last=True)
        finally:
            self.close()

    def close(self) -> None:
        """Free everything; harmless when repeated."""
        for stream in self._streams:
            stream.close()
        self._streams = []
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def _pass_on(self, stream: _Stream, piece: bytes) -> None:
        self._show(stream, stream.mask.feed(piece))

    def _show(self, stream: _Stream, piece: bytes, *, last: bool = False) -> None:
        self._keep(piece)
        if self._listener is not None:
            text = stream.decoder.decode(piece, last)
            if text:
                self._listener(stream.name, text)

    def _keep(self, piece: bytes) -> None:
        if self.problem:
            return
        try:
            while piece:
                piece = piece[os.write(self._log, piece) :]
        except OSError as error:
            # The command has done nothing wrong: it goes on, and its end tells of this.
            self.problem = f"its log {self.log} is not complete: {error.strerror}"


class _Stream:
    """One pipe, what it decodes with and what it must not show.

    Our own writing end stays open: the end of the command is told by its exit, not by the end
    of the stream, which a process that lives on could put off for ever.
    """

    def __init__(self, name: str, secret_values: Collection[str], log: str) -> None:
        self.name = name
        self.mask = Mask(secret_values)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.reader, self._writer, self.path = _channel(f"{log}.{name}")
        os.set_blocking(self.reader, False)

    def read(self) -> bytes:
        """Give what has arrived; nothing when nothing has."""
        try:
            return os.read(self.reader, CHUNK)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.reader)
        os.close(self._writer)
        if not tree.ON_LINUX:
            os.unlink(self.path)


def _channel(name: str) -> tuple[int, int, bytes]:
    """Make a pipe that a process which did not inherit it can open; its path comes last."""
    if tree.ON_LINUX:
        reader, writer = os.pipe()
        return reader, writer, b"/proc/%d/fd/%d" % (os.getpid(), writer)
    os.mkfifo(name, 0o600)
    reader = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    return reader, os.open(name, os.O_WRONLY), os.fsencode(name)
