"""Parser of stop replies such as ``T05thread:p1.2;swbreak:;06:...;``.

See the GDB manual, "Stop Reply Packets".
"""

from __future__ import annotations

import re
import struct
from binascii import unhexlify
from functools import lru_cache

from crabtrap.errors import RemoteError
from crabtrap.records import dataclass, field
from crabtrap.target.interface import StopKind
from crabtrap.target.rsp.packets import parse_bytes, parse_hex, parse_thread_id
from crabtrap.target.rsp.signal_numbers import to_linux

GENERAL_COUNT = 17
"""rax rbx rcx rdx rsi rdi rbp rsp r8-r15 rip, in the order of the protocol."""

# A reply with all of them has "00:HHHHHHHHHHHHHHHH;" and so on, in order.  Without the
# separators each is one byte of number and eight of value, so that three calls parse all 17.
_ENTRY_SIZE = 20
_UNPACK_GENERAL = struct.Struct("<" + "BQ" * GENERAL_COUNT).unpack
_GENERAL_NUMBERS = tuple(range(GENERAL_COUNT))

# Our guard adds "11:HHHHHHHH;" after them.
_EFLAGS, _EFLAGS_SIZE = b"11:", 12

_REGISTER = re.compile(rb"[0-9a-f]{1,4}")
_REASONS: dict[bytes, StopKind] = {
    b"swbreak": "breakpoint",
    b"hwbreak": "hardware-breakpoint",
    b"watch": "watch",
    b"rwatch": "watch",
    b"awatch": "watch",
    b"fork": "fork",
    b"vfork": "vfork",
    b"vforkdone": "vfork-done",
    b"exec": "exec",
    b"library": "library",
    b"syscall_entry": "syscall-entry",
    b"syscall_return": "syscall-return",
    b"create": "thread-created",
}


@dataclass(slots=True)
class StopReply:
    """A parsed stop reply.

    Attributes:
        kind: "signal" where the reply has no other reason.
        pid: 0 where the reply has none.
        tid: 0 for the end of a process.
        signal: Linux number; 0 for a thread that was interrupted by ``vCont;t``.
        code: Exit code.
        value: Argument of the reason: watched address, system call.
        child: ``(pid, tid)`` of a fork.
        general: The 17 general registers in the protocol's order, if the reply has all.
        registers: Other registers of the reply, by number.
    """

    kind: StopKind
    pid: int = 0
    tid: int = 0
    signal: int = 0
    code: int = 0
    value: int = 0
    child: tuple[int, int] = (0, 0)
    path: str = ""
    condition_error: str = ""
    general: tuple[int, ...] | None = None
    registers: dict[int, bytes] = field(default_factory=dict[int, bytes])


def parse_stop(reply: bytes) -> StopReply:
    """Parse one stop reply.

    Raises:
        RemoteError: It is malformed.

    Example:
        >>> parse_stop(b"W03;process:10")
        StopReply(kind='exited', pid=16, tid=0, signal=0, code=3, value=0, child=(0, 0), \
path='', condition_error='', general=None, registers={})
    """
    try:
        match reply[:1]:
            case b"T":
                return _parse_t(reply)
            case b"S":
                return StopReply("signal", signal=to_linux(parse_hex(reply[1:3])))
            case b"W" | b"X":
                return _parse_end(reply)
            case b"w":
                code, _, thread = reply[1:].partition(b";")
                pid, tid = parse_thread_id(thread)
                return StopReply("thread-exited", pid, tid, code=parse_hex(code))
            case b"N":
                return StopReply("no-resumed")
            case _:
                raise ValueError
    except (ValueError, struct.error):
        raise RemoteError(f"the server sent a malformed stop: {reply[:60]!r}") from None


def _parse_t(reply: bytes) -> StopReply:
    start = reply.find(b"00:", 3)
    end = start + _ENTRY_SIZE * GENERAL_COUNT
    general = _parse_general(reply[start:end]) if start >= 0 else None
    if general is None:
        return _parse_items(reply[1:])
    tail = reply[end:]
    if tail.startswith(_EFLAGS):
        tail = tail[_EFLAGS_SIZE:]
    # The rest of a thread's stop replies is often the same, and cached.
    known = _parse_known_items(reply[1:start] + tail)
    return StopReply(
        known.kind,
        known.pid,
        known.tid,
        known.signal,
        known.code,
        known.value,
        known.child,
        known.path,
        known.condition_error,
        general,
    )


def _parse_items(text: bytes) -> StopReply:
    """Parse the signal and all ``name:value;`` after it."""
    stop = StopReply("signal", signal=to_linux(parse_hex(text[:2])))
    for item in text[2:].split(b";"):
        name, _, value = item.partition(b":")
        if name == b"thread":
            stop.pid, stop.tid = parse_thread_id(value)
        elif name in _REASONS:
            _set_reason(stop, name, value)
        elif name == b"crabtrap.condition-error":
            stop.condition_error = parse_bytes(value).decode("utf-8", "replace")
        elif _REGISTER.fullmatch(name) and b"x" not in value:  # "x": not available
            stop.registers[parse_hex(name)] = parse_bytes(value)
    return stop


_parse_known_items = lru_cache(maxsize=64)(_parse_items)


def _parse_general(block: bytes) -> tuple[int, ...] | None:
    """Parse the values of the general registers, if ``block`` is exactly these."""
    try:
        fields = _UNPACK_GENERAL(unhexlify(block.translate(None, b":;")))
    except (ValueError, struct.error):
        return None
    return fields[1::2] if fields[::2] == _GENERAL_NUMBERS else None


def _set_reason(stop: StopReply, name: bytes, value: bytes) -> None:
    stop.kind = _REASONS[name]
    if stop.kind == "watch" or name.startswith(b"syscall"):
        stop.value = parse_hex(value)
    elif name in (b"fork", b"vfork"):
        stop.child = parse_thread_id(value)
    elif name == b"exec":
        stop.path = parse_bytes(value).decode("utf-8", "surrogateescape")


def _parse_end(reply: bytes) -> StopReply:
    status, _, process = reply[1:].partition(b";")
    number = parse_hex(status)
    pid = parse_hex(process.removeprefix(b"process:")) if process else 0
    if reply[:1] == b"W":
        return StopReply("exited", pid, code=number)
    return StopReply("killed", pid, signal=to_linux(number))
