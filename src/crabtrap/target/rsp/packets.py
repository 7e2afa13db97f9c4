"""The byte level of the GDB remote serial protocol: framing, escaping, run lengths.

See the GDB manual, "Remote Protocol: Overview".  These are pure functions over ``bytes``;
none loops over single bytes in Python, because every stop passes through them.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import adler32

from crabtrap.errors import RemoteError

PACKET_LIMIT = 4 << 20
"""Bytes; a longer packet from a server is refused."""

EXPANDED_LIMIT = 16 << 20
"""Bytes; a packet whose run lengths expand to more than this is refused."""

_HEX_PAIRS = {form % value: value for value in range(256) for form in (b"%02x", b"%02X")}
_OK = b"$OK#9a"
_ESCAPE = re.compile(rb"\}(.)", re.DOTALL)
_RUN = re.compile(rb"(.)((?:\*.)+)", re.DOTALL)


class Split(NamedTuple):
    """Received bytes, split into packets.

    Attributes:
        replies: Payloads of ``$`` packets, run lengths expanded, in order.
        notifications: Payloads of ``%`` packets.
        rest: The beginning of a packet that is not complete yet.
    """

    replies: list[bytes]
    notifications: list[bytes]
    rest: bytes


def checksum(data: bytes) -> int:
    """Return the sum of all bytes modulo 256.

    Example:
        >>> checksum(b"OK") == 0x9A
        True
    """
    # The low half of Adler-32 is (1 + sum) modulo 65521, which is exact up to 256 bytes,
    # and twenty times as fast as sum().
    if len(data) <= 256:
        return (adler32(data) - 1) & 0xFF
    if len(data) <= 512:
        return (adler32(data[:256]) + adler32(data[256:]) - 2) & 0xFF
    view = memoryview(data)
    return sum(adler32(view[at : at + 256]) - 1 for at in range(0, len(data), 256)) & 0xFF


def frame(payload: bytes) -> bytes:
    """Frame a payload, which must already be escaped, as ``$payload#checksum``.

    Example:
        >>> frame(b"OK")
        b'$OK#9a'
    """
    return b"$%b#%02x" % (payload, checksum(payload))


def escape(data: bytes) -> bytes:
    r"""Escape the bytes of binary data that have a meaning in packets.

    Example:
        >>> escape(b"a#b")
        b'a}\x03b'
    """
    return (
        data.replace(b"}", b"}]")
        .replace(b"#", b"}\x03")
        .replace(b"$", b"}\x04")
        .replace(b"*", b"}\n")
    )


def unescape(data: bytes) -> bytes:
    """Undo ``escape``; servers may have escaped any byte.

    Example:
        >>> unescape(escape(b"}#$*"))
        b'}#$*'
    """
    if b"}" not in data:
        return data
    return _ESCAPE.sub(lambda found: bytes((found[1][0] ^ 0x20,)), data)


def expand_runs(data: bytes, limit: int = EXPANDED_LIMIT) -> bytes:
    """Undo run-length encoding: ``x*N`` is ``x`` and ``ord(N) - 29`` repetitions of it.

    Raises:
        RemoteError: A count is missing, not printable or without a byte to repeat, or the
            result would be longer than ``limit`` bytes.

    Example:
        >>> expand_runs(b"0* ")
        b'0000'
    """
    if b"*" not in data:
        return data
    if data[0] == 0x2A or (data[-1] == 0x2A and not _ends_in_star_count(data)):
        raise RemoteError("a packet has a run length without its byte or its count")
    counts = [run[1][1::2] for run in _RUN.findall(data)]
    if any(min(count) < 0x20 or max(count) > 0x7E for count in counts):
        raise RemoteError("a packet has an invalid run length")
    if len(data) + sum(sum(count) - 29 * len(count) for count in counts) > limit:
        raise RemoteError(f"a packet expands to more than {limit} bytes")
    return _RUN.sub(_expand_run, data)


def split(data: bytes, limit: int = PACKET_LIMIT) -> Split:
    """Split received bytes into packets; acknowledgements between them are skipped.

    Raises:
        RemoteError: The bytes are not packets: garbage between them, a wrong checksum, or
            a packet longer than ``limit`` bytes.

    Example:
        >>> split(b"+$OK#9a%Stop:W00#00"[:13])
        Split(replies=[b'OK'], notifications=[], rest=b'%Stop:')
    """
    replies: list[bytes] = []
    notifications: list[bytes] = []
    at = 0
    size = len(data)
    while at < size:
        kind = data[at]
        if kind == 0x24:
            if data.startswith(_OK, at):  # most replies are this one
                replies.append(b"OK")
                at += len(_OK)
                continue
            packets = replies
        elif kind == 0x25:
            packets = notifications
        elif kind in (0x2B, 0x2D):  # "+" and "-" acknowledge
            at += 1
            continue
        else:
            shown = data[at : at + 40]
            raise RemoteError(f"the other side does not speak the remote protocol: {shown!r}")
        end = data.find(b"#", at + 1)
        if end < 0 or end + 3 > size:
            break
        payload = data[at + 1 : end]
        if _HEX_PAIRS.get(data[end + 1 : end + 3]) != checksum(payload):
            raise RemoteError("a packet arrived with a wrong checksum")
        packets.append(expand_runs(payload) if b"*" in payload else payload)
        at = end + 3
    if size - at > limit:
        raise RemoteError(f"a packet is longer than {limit} bytes")
    return Split(replies, notifications, data[at:])


def thread_id(pid: int, tid: int) -> bytes:
    """Encode a thread id of the multiprocess extensions; ``tid`` -1 means all threads.

    Example:
        >>> thread_id(16, -1)
        b'p10.-1'
    """
    return b"p%x.%b" % (pid, b"-1" if tid == -1 else b"%x" % tid)


def parse_thread_id(text: bytes) -> tuple[int, int]:
    """Parse ``pPID.TID`` or ``TID`` to ``(pid, tid)``; pid is 0 where it is missing.

    Raises:
        RemoteError: The text is not a thread id.

    Example:
        >>> parse_thread_id(b"p10.1f")
        (16, 31)
    """
    try:
        if not text.startswith(b"p"):
            return 0, parse_hex(text)
        pid, _, tid = text[1:].partition(b".")
        return parse_hex(pid), parse_hex(tid) if tid else 0
    except ValueError:
        raise RemoteError(f"{text[:40]!r} is not a thread id") from None


def parse_hex(text: bytes) -> int:
    """Parse a number of at most 64 bits in hexadecimal digits, without prefix.

    Raises:
        ValueError: It is not such a number; ``_``, ``0x`` and spaces, which ``int``
            accepts, are refused.
    """
    if not text or len(text) > 16 or not text.isalnum() or text[1:2] in (b"x", b"X"):
        raise ValueError(f"{text[:40]!r} is not a hexadecimal number")
    return int(text, 16)


def parse_decimal(text: bytes) -> int:
    """Parse a number of at most 64 bits in decimal digits.

    Raises:
        ValueError: It is not such a number.
    """
    if not text.isdigit() or len(text) > 19:
        raise ValueError(f"{text[:40]!r} is not a number")
    return int(text)


def parse_bytes(text: bytes) -> bytes:
    """Parse pairs of hexadecimal digits.

    Raises:
        RemoteError: The text is something else.
    """
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raise RemoteError(f"{text[:40]!r} is not hexadecimal data") from None


def _expand_run(found: re.Match[bytes]) -> bytes:
    counts = found[2][1::2]
    return found[1] * (1 + sum(counts) - 29 * len(counts))


def _ends_in_star_count(data: bytes) -> bool:
    # "x**": the second star is the count, 42 - 29 = 13.
    return data.endswith(b"**") and len(data) > 2
