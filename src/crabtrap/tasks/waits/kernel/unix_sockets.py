"""Unix sockets of this machine, each with the one that it is connected to.

``/proc/net/unix`` does not say which that is; ``sock_diag(7)`` does, of the network namespace of
who asks.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process

# Numbers of linux/netlink.h, linux/sock_diag.h and linux/unix_diag.h.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_DONE, _ERROR = 3, 2
_SHOW_NAME_AND_PEER = 1 | 4
_NAME, _PEER = 0, 2
_ALL_STATES = 0xFFFF_FFFF
_LISTENS = 10
_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=BBHIIIII")
_TOLD = struct.Struct("=BBBBIII")
_ATTRIBUTE = struct.Struct("=HH")
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A Unix socket.

    Attributes:
        inode: Its number.
        name: What it is bound to; ``""`` for most that connect, and for pairs.
        listens: It waits for others to connect.
        peer: The inode of the one that it is connected to, 0 for none.
    """

    inode: int
    name: str
    listens: bool
    peer: int


def unix_sockets(process: Process) -> dict[int, UnixSocket]:
    """Find the Unix sockets of a program's network namespace, by inode.

    There are none where it is not ours, or on another machine.
    """
    if not _is_our_network(process):
        return {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
            asked = _ASKED.pack(
                socket.AF_UNIX, 0, 0, _ALL_STATES, 0, _SHOW_NAME_AND_PEER, _ALL_STATES, _ALL_STATES
            )
            size = _HEADER.size + len(asked)
            link.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0) + asked)
            return {each.inode: each for each in _told(link)}
    except OSError:
        return {}  # a kernel without it, or a sandbox that forbids it


def _is_our_network(process: Process) -> bool:
    if not process.is_local:
        return False
    try:
        theirs = os.readlink(f"/proc/{process.pid}/ns/net")
        return theirs == os.readlink("/proc/self/ns/net")
    except OSError:
        return False


def _told(link: socket.socket) -> Iterator[UnixSocket]:
    while True:
        data = link.recv(_BUFFER)
        at = 0
        while at + _HEADER.size <= len(data):
            size, kind, *_ = _HEADER.unpack_from(data, at)
            if kind in (_DONE, _ERROR) or size < _HEADER.size:
                return
            yield parse_unix_socket(data[at + _HEADER.size : at + size])
            at += _aligned(size)


def parse_unix_socket(data: bytes) -> UnixSocket:
    """Parse a ``unix_diag_msg`` with its attributes."""
    _, _, state, _, inode, _, _ = _TOLD.unpack_from(data)
    name, peer = "", 0
    at = _TOLD.size
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            break
        content = data[at + _ATTRIBUTE.size : at + size]
        if kind == _NAME:
            name = _name(content)
        elif kind == _PEER:
            peer = int.from_bytes(content, "little")
        at += _aligned(size)
    return UnixSocket(inode, name, state == _LISTENS, peer)


def _name(raw: bytes) -> str:
    """A path, or an abstract name with ``@`` in place of its leading zero; see ``unix(7)``."""
    text = raw.removesuffix(b"\0").decode("utf-8", "backslashreplace")
    return f"@{text[1:]}" if text.startswith("\0") else text


def _aligned(size: int) -> int:
    return (size + 3) & ~3
