"""How runner and spawner speak over their two pipes: a length, then a marshalled tuple.

Marshal is safe and right here: both ends are the same interpreter, and nobody else can write.
"""

import marshal

LENGTH_BYTES = 4

TYPE_CHECKING = False  # `typing` is not imported here
if TYPE_CHECKING:
    from typing import Any

# Of what marshal can carry; `client` and `loop` know the fields.
Message = tuple["Any", ...]


def frame(message: Message) -> bytes:
    """Render one message as it goes over the pipe."""
    body = marshal.dumps(message)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


class Frames:
    """Puts messages together again from whatever pieces a pipe gives."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, piece: bytes) -> list[Message]:
        """Take a piece, and give the messages that are complete by it."""
        data = self._pending + piece if self._pending else piece
        messages: list[Message] = []
        start = 0
        while len(data) - start >= LENGTH_BYTES:
            body = start + LENGTH_BYTES
            end = body + int.from_bytes(data[start:body], "little")
            if end > len(data):
                break
            messages.append(marshal.loads(data[body:end]))  # noqa: S302  # see above
            start = end
        self._pending = data[start:]
        return messages
