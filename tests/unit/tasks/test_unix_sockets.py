"""Messages of the kernel about Unix sockets."""

from __future__ import annotations

import struct

import pytest

from crabtrap.tasks.waits.kernel.unix_sockets import UnixSocket, parse_unix_socket


def message(*attributes: tuple[int, bytes], state: int = 1) -> bytes:
    data = struct.pack("=BBBBIII", 1, 1, state, 0, 77, 0, 0)
    for kind, content in attributes:
        size = 4 + len(content)
        data += struct.pack("=HH", size, kind) + content + bytes(-size % 4)
    return data


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (message(), UnixSocket(77, "", listens=False, peer=0)),
        (message((0, b"/tmp/s\0"), state=10), UnixSocket(77, "/tmp/s", listens=True, peer=0)),
        (message((0, b"\0name"), (2, b"\x4e\0\0\0")), UnixSocket(77, "@name", False, 78)),
        (message() + b"\x01\0\x02\0", UnixSocket(77, "", listens=False, peer=0)),
    ],
)
def test_a_message_is_parsed(raw: bytes, expected: UnixSocket):
    assert parse_unix_socket(raw) == expected
