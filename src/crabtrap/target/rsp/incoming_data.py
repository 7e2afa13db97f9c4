"""Data of unknown length that a server sends in parts: neither too much of it, nor for ever."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from crabtrap.errors import RemoteError
from crabtrap.target.rsp.packets import unescape
from crabtrap.target.rsp.replies import checked, shorten

if TYPE_CHECKING:
    from crabtrap.target.rsp.connection import Connection

OBJECT_LIMIT = 16 << 20
"""Bytes of a ``qXfer`` object; that of a list of 200,000 threads has as many."""

_SLOWEST = 4096
"""Bytes a second: what comes slower, once the server's patience is used up, never ends."""


class Meter:
    """Counts the bytes of one object as they come."""

    def __init__(self, what: str, limit: int, patience: float) -> None:
        """Count the bytes of ``what``, with ``patience`` seconds for the first of them."""
        self._what = what
        self._limit = limit
        self._patience = patience
        self._start = monotonic()
        self._size = 0

    def count(self, size: int) -> None:
        """Count ``size`` more bytes.

        Raises:
            RemoteError: There are too many, or they come too slowly.
        """
        self._size += size
        if self._size > self._limit:
            raise RemoteError(f"{self._what} is longer than {self._limit} bytes")
        seconds = monotonic() - self._start
        if seconds > self._patience + self._size / _SLOWEST:
            raise RemoteError(
                f"{self._what} comes too slowly: {self._size} bytes in {seconds:.0f} seconds"
            )


def read_object(
    connection: Connection, kind: str, annex: str = "", *, limit: int = OBJECT_LIMIT
) -> bytes:
    """Read a whole ``qXfer`` object.

    Raises:
        RemoteError: The server refuses, or sends too much or too slowly.
        UnsupportedError: It does not support the object.
    """
    room = connection.packet_size - 8
    meter = Meter(f"the server's object {kind}", limit, connection.patience)
    parts: list[bytes] = []
    size = 0
    while True:
        packet = f"qXfer:{kind}:read:{annex}:{size:x},{room:x}".encode()
        reply = checked(packet, connection.request(packet))
        part = unescape(reply[1:])
        parts.append(part)
        size += len(part)
        if reply[:1] == b"l":
            return b"".join(parts)
        if reply[:1] != b"m" or not part:
            raise RemoteError(f"the server's object {kind} is malformed", packet=shorten(packet))
        meter.count(len(part))
