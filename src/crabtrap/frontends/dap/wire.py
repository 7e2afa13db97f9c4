"""Messages of the Debug Adapter Protocol on a stream of bytes: framing, and nothing of meaning."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, BinaryIO, cast

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Message = Mapping[str, object]

LARGEST = 64 << 20
"""Bytes of one message; a longer one is skipped, and answered by nothing."""

_LONGEST_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that is none, and why."""

    reason: str


class MessageReader:
    """Reads messages; a damaged one is told and the next one read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self) -> Message | Unreadable | None:
        """Return the next message, ``None`` at the end of the stream."""
        size = 0
        while (line := self._stream.readline(_LONGEST_HEADER)) != b"\r\n":
            if not line:
                return None
            if not line.strip() and size:
                break  # a header that ends as no header should
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                size = int(value)
        if not size:
            return Unreadable("a message without Content-Length")
        if size > LARGEST:
            self._skip(size)
            return Unreadable(f"a message of {size} bytes: at most {LARGEST} are read")
        body = self._stream.read(size)
        return parse_message(body) if len(body) == size else None

    def _skip(self, size: int) -> None:
        while size and (read := self._stream.read(min(size, 1 << 20))):
            size -= len(read)


def parse_message(body: bytes) -> Message | Unreadable:
    """Return the message that these bytes are.

    Example:
        >>> parse_message(b'{"seq": 1}')
        {'seq': 1}
        >>> parse_message(b"[]")
        Unreadable(reason='a message that is no object')
    """
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"a message that is no JSON: {error}")
    if not isinstance(found, dict):
        return Unreadable("a message that is no object")
    return cast("Message", found)


def frame_message(message: Message) -> bytes:
    r"""Return the bytes of a message on the wire.

    Example:
        >>> frame_message({"seq": 1})
        b'Content-Length: 9\r\n\r\n{"seq":1}'
    """
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class MessageWriter:
    """Writes messages to a descriptor; from any thread."""

    def __init__(self, write: Callable[[memoryview], int]) -> None:
        """Write by ``write``, which may take a part of what it is given."""
        self._write = write
        self._lock = threading.Lock()
        self._broken = False

    def write(self, message: Message) -> None:
        """Write a message; where nobody reads any more, nothing is written."""
        data = memoryview(frame_message(message))
        with self._lock:
            try:
                while data and not self._broken:
                    data = data[self._write(data) :]
            except OSError:  # its reader is gone, which the end of our input says, too
                self._broken = True


def take_standard_streams() -> tuple[MessageReader, MessageWriter]:
    """Have the protocol on standard input and output, and nothing else there.

    Whatever is printed, by a library or by a program that inherits our descriptors, goes to
    standard error instead of between the messages, and nobody else reads the client's.
    """
    wire_in, wire_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return MessageReader(os.fdopen(wire_in, "rb")), MessageWriter(
        lambda data: os.write(wire_out, data)
    )
