"""Replies to requests: the features of ``qSupported``, and errors."""

from __future__ import annotations

from crabtrap.errors import RemoteError, UnsupportedError
from crabtrap.target.rsp.packets import parse_hex

_SHOWN = 60
"""Bytes of a packet that a message shows."""


def parse_features(reply: bytes) -> dict[str, str]:
    """Parse the reply to ``qSupported``: name to value, "+" or "-".

    Example:
        >>> parse_features(b"PacketSize=47ff;QNonStop+;x-")
        {'PacketSize': '47ff', 'QNonStop': '+', 'x': '-'}
    """
    features: dict[str, str] = {}
    for item in reply.decode("ascii", "replace").split(";"):
        name, equals, value = item.partition("=")
        if equals:
            features[name] = value
        elif name:
            features[name[:-1]] = name[-1]
    return features


def checked(payload: bytes, reply: bytes) -> bytes:
    """Return ``reply`` unless it says that ``payload`` failed.

    Raises:
        RemoteError: It is ``Exx`` or ``E.text``.
        UnsupportedError: It is empty: the server does not support the packet.
    """
    if not reply:
        raise UnsupportedError(f"the remote request {shorten(payload)!r}")
    if reply[:1] == b"E" and (len(reply) == 3 or reply[1:2] == b"."):
        raise error_of(payload, reply)
    return reply


def error_of(payload: bytes, reply: bytes) -> RemoteError:
    """Make the error for a reply that is not the expected one."""
    packet = shorten(payload)
    if not reply:
        return RemoteError(f"the server does not know {packet!r}", packet=packet)
    if reply[1:2] == b".":
        return RemoteError(reply[2:].decode("utf-8", "replace"), packet=packet)
    try:
        code = parse_hex(reply[1:3])
    except ValueError:
        return RemoteError(f"the server answered {shorten(reply)!r}", packet=packet)
    return RemoteError(f"the server refused {packet!r} (error {code})", packet=packet, code=code)


def shorten(payload: bytes) -> str:
    """Return the beginning of a packet as text for messages."""
    text = payload[:_SHOWN].decode("latin-1")
    return text if len(payload) <= _SHOWN else text + "..."
