"""The parts of ``siginfo_t`` that say where a signal came from, see ``sigaction(2)``."""

from __future__ import annotations

import struct

from crabtrap.address import Address
from crabtrap.records import dataclass

_FAULTS = frozenset((4, 5, 7, 8, 11))
"""SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGSEGV carry ``si_addr`` when the kernel sent them."""

_SI_USER, _SI_QUEUE, _SI_TKILL = 0, -1, -6
_SI_KERNEL = 128
_HEADER = struct.Struct("<iii4x")


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """What is known of a signal's origin.

    Attributes:
        number: ``si_signo``.
        code: ``si_code``.
        address: ``si_addr``, the faulting address, or ``None``.
        sender: ``si_pid``, the process that sent it, or ``None``.
    """

    number: int
    code: int
    address: Address | None
    sender: int | None


def parse_siginfo(raw: bytes) -> SignalInfo:
    """Parse a raw x86-64 ``siginfo_t``; of a short one, the fields that it has.

    Example:
        >>> parse_siginfo(struct.pack("<iii4xQ", 11, 0, 1, 0x10) + bytes(104)).address
        16
    """
    if len(raw) < _HEADER.size:
        return SignalInfo(0, 0, None, None)
    number, _errno, code = _HEADER.unpack_from(raw)
    address = sender = None
    if number in _FAULTS and 0 < code < _SI_KERNEL and len(raw) >= _HEADER.size + 8:
        address = Address(struct.unpack_from("<Q", raw, _HEADER.size)[0])
    elif code in (_SI_USER, _SI_QUEUE, _SI_TKILL) and len(raw) >= _HEADER.size + 4:
        sender = struct.unpack_from("<i", raw, _HEADER.size)[0]
    return SignalInfo(number, code, address, sender)
