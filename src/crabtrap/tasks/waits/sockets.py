"""What the descriptors are that tasks wait for: sockets with both their addresses."""

from __future__ import annotations

import ipaddress
import re
import struct
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process

_LISTENING = "0A"  # TCP_LISTEN of the kernel's net/tcp_states.h
_NOWHERE = "00000000"


def socket_text(process: Process, fd: int) -> str:
    """Say what a descriptor is: ``tcp 127.0.0.1:80 to 127.0.0.1:5000``, or what it is linked to.

    ``""`` where that is not known, as of a program on another machine.
    """
    link = process.describe_descriptor(fd) or ""
    found = re.fullmatch(r"socket:\[(\d+)\]", link)
    if found is None:
        return link
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for local, remote, state, inode in _sockets(process, protocol):
            if inode == found[1]:
                return f"{protocol.rstrip('6')} {_ends(local, remote, state)}"
    return link


def _sockets(process: Process, protocol: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield local address, remote address, state and inode, see proc(5)."""
    try:
        table = process.target.read_file(f"/proc/{process.pid}/net/{protocol}")
    except CrabtrapError:
        return
    for line in table.decode("ascii", "replace").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9:
            yield fields[1], fields[2], fields[3], fields[9]


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
