"""The state of one remote process, which ``LiveTarget`` and ``LiveControl`` share.

It caches registers until the program is resumed, and the register layout and the memory
descriptor until the process executes another program.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from crabtrap.errors import MemoryFault, NotFoundError, RemoteError, UnsupportedError
from crabtrap.target.interface import SavedRegisters
from crabtrap.target.memory_access import callback_memory, file_memory, read_exactly
from crabtrap.target.register_layout import (
    RegisterLayout,
    RegisterSlot,
    included_documents,
    parse_description,
)
from crabtrap.target.rsp.connection import Connection
from crabtrap.target.rsp.incoming_data import read_object
from crabtrap.target.rsp.packets import (
    escape,
    parse_bytes,
    parse_decimal,
    thread_id,
    unescape,
)
from crabtrap.target.rsp.replies import checked, error_of

if TYPE_CHECKING:
    from crabtrap._core import FileMemory, Memory, Registers

_PAGE = 4096
_PIPELINE = 64
"""Packets in flight at a time."""


class Remote:
    """One process behind a server.

    Attributes:
        connection: The connection.
        pid: The process that requests are about; 0 before there is one.
        running: A thread was resumed since all threads were last stopped.
        alive: The process has not ended and was not detached from.
        thread_pids: Process of every thread known from stops and thread lists.
        on_fault: Raises ``ProcessGone`` if the process has ended; called where memory
            cannot be read or written.
        on_gone: Raises ``ProcessGone``; called where there is no memory any more.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.pid = 0
        self.running = False
        self.alive = False
        self.thread_pids: dict[int, int] = {}
        self.on_fault: Callable[[], object] = lambda: None
        self.on_gone: Callable[[], object] = lambda: None
        self._stopped: set[int] = set()
        self._layout: RegisterLayout | None = None
        self._blocks: dict[int, bytes] = {}
        self._general: dict[int, Registers] = {}
        self._last_read = 0
        self._memory: FileMemory | None = None
        self._descriptor: int | None = None
        self._old_descriptors: list[int] = []
        self._writes_single_registers = True
        self._binary_reads = connection.has("binary-upload")

    # -- life ----------------------------------------------------------------------------

    def adopt(self, pid: int) -> None:
        """Make ``pid`` the process that requests are about, after a launch, attach or exec."""
        self.pid = pid
        self.alive = True
        self._stopped.clear()
        self.thread_pids.setdefault(pid, pid)
        self.forget_image()

    def note_stopped(self, tid: int) -> None:
        """Note that a thread was reported as stopped."""
        self._stopped.add(tid)

    def note_threads(self, found: dict[int, int]) -> bool:
        """Note which threads there are, with their processes, and forget those that are gone.

        Returns:
            Whether one of the process is gone.
        """
        known = self.thread_pids
        others = {tid: pid for tid, pid in known.items() if pid != self.pid}
        self.thread_pids = others | found
        return any(tid not in self.thread_pids for tid in known)

    def forget_stop(self, resumed: Collection[int | None]) -> None:
        """Mark threads as running, and clear the caches of the last stop.

        Args:
            resumed: The threads, with ``None`` for all others.
        """
        if None in resumed:
            self._stopped.clear()
        else:
            self._stopped -= {tid for tid in resumed if tid is not None}
        self.running = True
        self._blocks.clear()
        self._general.clear()

    def forget_image(self) -> None:
        """Clear the caches that belong to the old program image."""
        self._layout = None
        self._blocks.clear()
        self._general.clear()
        if self._memory is not None:
            # Closed, not only forgotten: frames and values of the old image may be kept.
            self._memory.close()
            self._memory = None
        if self._descriptor is not None:
            # Closed later: an old Memory that is still in use must not read from whatever
            # file reuses the descriptor's number.
            self._old_descriptors.append(self._descriptor)
            self._descriptor = None

    def close(self) -> None:
        """Close the connection and all descriptors; may be repeated."""
        self.alive = False
        self.forget_image()
        while self._old_descriptors:
            os.close(self._old_descriptors.pop())
        self.connection.close()

    def thread(self, tid: int) -> bytes:
        """Encode a thread id of the process for a packet; -1 means all threads, 0 any."""
        if not self.connection.has("multiprocess"):
            return b"-1" if tid == -1 else b"%x" % tid
        return thread_id(self.thread_pids.get(tid, self.pid), tid)

    @property
    def held(self) -> Collection[int]:
        """The threads of the process that are known to be stopped."""
        if self.running:
            return self._stopped
        return [tid for tid, pid in self.thread_pids.items() if pid == self.pid]

    # -- registers -------------------------------------------------------------------------

    @property
    def layout(self) -> RegisterLayout:
        """The register layout, requested once per program image."""
        if self._layout is None:
            self._layout = self._read_layout()
        return self._layout

    def keep_general(self, tid: int, registers: Registers) -> None:
        """Cache the general registers of a stop reply."""
        self._general[tid] = registers

    def read_general(self, tid: int) -> Registers:
        """Read the 17 general registers, in DWARF order."""
        known = self._general.get(tid)
        if known is None:
            known = self._general[tid] = self.layout.general(self.read_block(tid))
        return known

    def read_block(self, tid: int) -> bytes:
        """Read all registers, as in the reply to ``g``."""
        if tid not in self._blocks:
            self._read_ahead(tid)
        block = self._blocks.get(tid)
        if block is None:
            block = self._blocks[tid] = _parse_block(self._ask_thread(tid, b"g"))
        return block

    def _read_ahead(self, tid: int) -> None:
        """Read the next threads' registers together, where one thread is read after the other.

        A list of thousands of threads would else wait for as many round trips.
        """
        threads = sorted(self.held)
        at = bisect_left(threads, tid)
        is_next = at > 0 and threads[at - 1] == self._last_read
        self._last_read = tid
        if not is_next:
            return
        following = threads[at : at + _PIPELINE // 2]
        packets = [(b"Hg" + self.thread(each), b"g") for each in following]
        replies = iter(self.connection.exchange(list(chain.from_iterable(packets))))
        for each, selected, block in zip(following, replies, replies, strict=True):
            # One that cannot be read says why when it is asked for.
            with suppress(RemoteError, UnsupportedError):
                if selected == b"OK":
                    self._blocks[each] = _parse_block(checked(b"g", block))
                    self._last_read = each

    def slot(self, name: str) -> RegisterSlot:
        """Find a register in the layout.

        Raises:
            NotFoundError: There is none of this name.
        """
        found = self.layout.by_name.get(name)
        if found is None:
            raise NotFoundError("register", name)
        return found

    def read_register(self, tid: int, name: str) -> bytes:
        """Read one register, little-endian."""
        slot = self.slot(name)
        block = self.read_block(tid)
        if slot.offset + slot.size <= len(block):
            return block[slot.offset : slot.offset + slot.size]
        return parse_bytes(self._ask_thread(tid, b"p%x" % slot.number))

    def write_registers(self, tid: int, changes: dict[str, int | bytes]) -> None:
        """Write registers by name.

        Raises:
            RemoteError: A value does not fit its register, or the server refuses.
        """
        values = {self.slot(name): value for name, value in changes.items()}
        encoded = {slot: _encode(slot, value) for slot, value in values.items()}
        if "rip" in changes and "orig_rax" not in changes:
            restart = self.layout.by_name.get("orig_rax")
            if restart is not None:
                # To restart an interrupted system call (signal(7)), the kernel subtracts
                # two from rip; it does so only for a thread with a system call number here.
                encoded[restart] = b"\xff" * restart.size
        if not (self._writes_single_registers and self._write_each(tid, encoded)):
            self._write_block(tid, encoded)
        self._blocks.pop(tid, None)
        self._general.pop(tid, None)

    def _write_each(self, tid: int, values: dict[RegisterSlot, bytes]) -> bool:
        packets = [
            b"P%x=%b" % (slot.number, value.hex().encode()) for slot, value in values.items()
        ]
        replies = self._exchange_thread(tid, packets)
        if replies and not replies[0]:
            self._writes_single_registers = False
            return False
        for packet, reply in zip(packets, replies, strict=True):
            checked(packet, reply)
        return True

    def _write_block(self, tid: int, values: dict[RegisterSlot, bytes]) -> None:
        block = bytearray(self.read_block(tid))
        for slot, value in values.items():
            if slot.offset + slot.size > len(block):
                raise UnsupportedError(f"writing register {slot.name}")
            block[slot.offset : slot.offset + slot.size] = value
        self._ask_thread(tid, b"G" + block.hex().encode())

    def save_registers(self, tid: int) -> SavedRegisters:
        """Save all registers of a thread, in the server where it has LLDB's packet for it."""
        if not self.connection.has("QSaveRegisterState"):
            return SavedRegisters(tid, block=self.read_block(tid))
        number = self._ask_thread(tid, b"QSaveRegisterState")
        try:
            return SavedRegisters(tid, parse_decimal(number))
        except ValueError:
            raise RemoteError(f"the server saved registers as {number[:40]!r}") from None

    def restore_registers(self, saved: SavedRegisters) -> None:
        """Restore what ``save_registers`` has saved."""
        if saved.number:
            self._ask_thread(saved.thread, b"QRestoreRegisterState:%d" % saved.number)
        else:
            self._ask_thread(saved.thread, b"G" + saved.block.hex().encode())
        self._blocks.pop(saved.thread, None)
        self._general.pop(saved.thread, None)

    def _ask_thread(self, tid: int, packet: bytes) -> bytes:
        return checked(packet, self._exchange_thread(tid, [packet])[0])

    def _exchange_thread(self, tid: int, packets: Sequence[bytes]) -> list[bytes]:
        select = b"Hg" + self.thread(tid)
        first, *replies = self.connection.exchange((select, *packets))
        if first != b"OK":
            raise NotFoundError("thread", str(tid))
        return replies

    def transfer(self, kind: str, tid: int = 0) -> bytes:
        """Read a ``qXfer`` object of the process, or of one thread of it."""
        if self.connection.request(b"Hg" + self.thread(tid)) != b"OK":
            raise NotFoundError("thread", str(tid or self.pid))
        return read_object(self.connection, kind)

    def _read_layout(self) -> RegisterLayout:
        wanted = ["target.xml"]
        documents: dict[str, bytes] = {}
        while wanted:
            name = wanted.pop()
            if name in documents:
                continue
            if len(documents) >= 32:
                raise RemoteError("the target description includes too many documents")
            documents[name] = read_object(self.connection, "features", name)
            wanted += included_documents(documents[name])
        return parse_description(documents)

    # -- memory ----------------------------------------------------------------------------

    @property
    def descriptor(self) -> int | None:
        """Descriptor of ``/proc/PID/mem`` at a stop, while it shows no traps; else ``None``."""
        if self.running:
            return None
        if self._descriptor is None and self.connection.has("crabtrap.memory-fd"):
            packet = b"qcrabtrap.MemoryFd:%x" % self.pid
            reply, self._descriptor = self.connection.request_descriptor(packet)
            if self._descriptor is None and reply == b"OK":
                raise RemoteError("the guard's memory descriptor was lost", packet=str(packet))
            checked(packet, reply)
        return self._descriptor

    @property
    def memory(self) -> Memory:
        """The fastest way to read memory at a stop, and one without traps while threads run."""
        if self.running:
            return callback_memory(self.read_partial)
        if self._memory is None:
            descriptor = self.descriptor
            if descriptor is None:
                return callback_memory(self.read_partial)
            self._memory = file_memory(descriptor, self.on_gone)
        return self._memory

    def read_memory(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes.

        Raises:
            MemoryFault: Some byte cannot be read.
        """
        if size <= 0:
            return b""
        descriptor = self.descriptor
        if descriptor is not None:
            return read_exactly(descriptor, address, size)
        data = self.read_partial(address, size)
        if len(data) < size:
            raise MemoryFault(address, size)
        return data

    def read_partial(self, address: int, size: int) -> bytes:
        """Read by packets, up to the first byte that cannot be read.

        Raises:
            ProcessGone: There is no memory any more.
        """
        data = self._read_packets(address, size)
        if len(data) < size:
            self.on_fault()
        return data

    def _read_packets(self, address: int, size: int) -> bytes:
        room = self.packet_room
        data = bytearray()
        while len(data) < size:
            batch = [
                (at, min(room, size - at))
                for at in range(len(data), min(size, len(data) + room * _PIPELINE), room)
            ]
            letter = b"x" if self._binary_reads else b"m"
            packets = [b"%b%x,%x" % (letter, address + at, length) for at, length in batch]
            for (_, length), reply in zip(batch, self.connection.exchange(packets), strict=True):
                part = self._memory_reply(reply)
                data += part[:length]
                if len(part) < length:
                    return bytes(data) + self._read_pages(address + len(data), length - len(part))
        return bytes(data)

    def _read_pages(self, address: int, size: int) -> bytes:
        """Read page by page up to the first unreadable one.

        Some servers refuse a range as a whole when any of it is unreadable.
        """
        data = bytearray()
        while len(data) < size:
            at = address + len(data)
            length = min(size - len(data), _PAGE - at % _PAGE)
            if length == size:
                break  # the request that was just refused
            part = self._memory_reply(self.connection.request(b"m%x,%x" % (at, length)))
            data += part[:length]
            if len(part) < length:
                break
        return bytes(data)

    @property
    def packet_room(self) -> int:
        """Bytes of memory that fit into one packet, hexadecimal or escaped."""
        return max(1, (self.connection.packet_size - 32) // 2)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write all of ``data``.

        Raises:
            MemoryFault: Some byte cannot be written; earlier ones may have been.
        """
        room = self.packet_room
        packets = [
            b"X%x,%x:%b" % (address + at, len(data[at : at + room]), escape(data[at : at + room]))
            for at in range(0, len(data), room)
        ]
        for reply in self.connection.exchange(packets):
            if reply != b"OK":
                self.on_fault()
                error = error_of(b"X", reply)
                raise MemoryFault(address, len(data), detail=str(error))

    def _memory_reply(self, reply: bytes) -> bytes:
        if self._binary_reads:
            return unescape(reply[1:]) if reply[:1] == b"b" else b""
        # "Exx" is an error: hexadecimal data has an even number of digits.
        return b"" if reply[:1] == b"E" and len(reply) % 2 else parse_bytes(reply)


def _encode(slot: RegisterSlot, value: int | bytes) -> bytes:
    try:
        if isinstance(value, int):
            return (value & ((1 << slot.bits) - 1) if value < 0 else value).to_bytes(
                slot.size, "little"
            )
    except OverflowError:
        raise RemoteError(f"{value:#x} does not fit into register {slot.name}") from None
    if len(value) != slot.size:
        raise RemoteError(f"register {slot.name} has {slot.size} bytes, not {len(value)}")
    return value


def _parse_block(reply: bytes) -> bytes:
    """Parse the reply to ``g``, where ``xx`` is a byte that is not available."""
    return parse_bytes(reply.replace(b"x", b"0"))
