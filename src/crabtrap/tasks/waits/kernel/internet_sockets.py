"""TCP and UDP sockets of a program, with both their addresses."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process

_LISTENING = "0A"  # TCP_LISTEN of the kernel's net/tcp_states.h
_NOWHERE = "00000000"
_PROTOCOLS = ("tcp", "tcp6", "udp", "udp6")


def internet_sockets(process: Process) -> Iterator[tuple[int, str]]:
    """Yield the sockets of a program's network: inode, ``tcp 127.0.0.1:80 to 127.0.0.1:5000``."""
    for protocol in _PROTOCOLS:
        try:
            table = process.target.read_file(f"/proc/{process.pid}/net/{protocol}")
        except CrabtrapError:
            continue  # a kernel without it, or a server that reads no files
        for line in table.decode("ascii", "replace").splitlines()[1:]:
            fields = line.split()  # see proc(5)
            if len(fields) > 9 and fields[9].isdecimal():
                ends = _ends(fields[1], fields[2], fields[3])
                yield int(fields[9]), f"{protocol.rstrip('6')} {ends}"


def _ends(local: str, remote: str, state: str) -> str:
    if remote.startswith(_NOWHERE):
        verb = "listening on" if state == _LISTENING else "bound to"
        return f"{verb} {_address(local)}"
    return f"{_address(local)} to {_address(remote)}"


def _address(text: str) -> str:
    """Read an address as ``/proc/net/tcp`` has it.

    Example:
        >>> _address("0100007F:1F90")
        '127.0.0.1:8080'
        >>> _address("00000000000000000000000001000000:0050")
        '[::1]:80'
    """
    digits, _, port = text.partition(":")
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{int(port, 16)}"
