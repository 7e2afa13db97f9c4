"""Reading of files on the program's machine (``vFile``)."""

from __future__ import annotations

import os

from crabtrap.errors import RemoteError
from crabtrap.target.rsp.connection import Connection
from crabtrap.target.rsp.incoming_data import Meter
from crabtrap.target.rsp.packets import parse_hex, unescape
from crabtrap.target.rsp.replies import checked

FILE_LIMIT = 1 << 30
"""Bytes; longer files are refused, because the server could send data without end."""

_PIPELINE = 16
_MOST_ERRORS = 4095
"""``MAX_ERRNO`` of the kernel."""


def read_remote_file(
    connection: Connection, path: str, pid: int, *, limit: int = FILE_LIMIT
) -> bytes:
    """Read a whole file as process ``pid`` sees it.

    Raises:
        RemoteError: It cannot be read or is longer than ``limit`` bytes.
        UnsupportedError: The server gives no access to files.
    """
    # Servers without setfs reply with nothing; then files are opened in their own namespace.
    connection.request(b"vFile:setfs:%x" % pid)
    packet = b"vFile:open:%b,0,0" % os.fsencode(path).hex().encode()
    descriptor, _ = _parse_reply(packet, connection.request(packet), path)
    try:
        return _read_all(connection, descriptor, path, limit)
    finally:
        connection.request(b"vFile:close:%x" % descriptor)


def _read_all(connection: Connection, descriptor: int, path: str, limit: int) -> bytes:
    # A reply may be escaped to twice its size.
    room = max(16, (connection.packet_size - 32) // 2)
    data = bytearray()
    meter = Meter(path, limit, connection.patience)
    while True:
        packets = [
            b"vFile:pread:%x,%x,%x" % (descriptor, room, len(data) + room * index)
            for index in range(_PIPELINE)
        ]
        before = expected = len(data)
        for packet, reply in zip(packets, connection.exchange(packets), strict=True):
            size, part = _parse_reply(packet, reply, path)
            if size != len(part) or size > room:
                raise RemoteError(f"the server sent a malformed part of {path}")
            if len(data) != expected:
                break  # the part before was short: continue from its end
            data += part
            if not part:
                return bytes(data)
            expected += room
        meter.count(len(data) - before)


def _parse_reply(packet: bytes, reply: bytes, path: str) -> tuple[int, bytes]:
    checked(packet, reply)
    head, _, data = reply.partition(b";")
    result, _, code = head[1:].partition(b",")
    try:
        if head[:1] != b"F":
            raise ValueError
        if result.startswith(b"-"):
            number = parse_hex(code)
            if number > _MOST_ERRORS:
                raise ValueError
            raise RemoteError(
                f"cannot read {path}: {os.strerror(number)}", packet="vFile", code=number
            )
        return parse_hex(result), unescape(data)
    except ValueError:
        raise RemoteError(f"the server answered {reply[:40]!r} to a file request") from None
