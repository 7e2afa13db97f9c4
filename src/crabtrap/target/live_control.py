"""``LiveControl``: control over a live program by the remote protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from time import monotonic

from crabtrap.address import Address
from crabtrap.errors import ProcessGone, RemoteError, StateError, UnsupportedError
from crabtrap.target.ending import Ending, describe_end, noticing_the_end
from crabtrap.target.interface import (
    ENDS,
    Abilities,
    ResumeAction,
    SavedRegisters,
    SiteFailure,
    SiteRequest,
    StopKind,
    TargetStop,
)
from crabtrap.target.register_layout import to_dwarf_order
from crabtrap.target.remote import Remote
from crabtrap.target.rsp.connection import RESUME, Route
from crabtrap.target.rsp.packets import parse_hex
from crabtrap.target.rsp.replies import checked, error_of
from crabtrap.target.rsp.signal_numbers import from_linux
from crabtrap.target.rsp.site_packets import PendingSites, insert_packet, remove_packet
from crabtrap.target.rsp.stop_replies import StopReply, parse_stop

_LOOK_SECONDS = 0.2
_SIGTRAP = 5
_SIGINT = 2


def _never() -> bool:
    return False


class LiveControl:
    """Runs, stops and changes a live program.

    It belongs to one Python thread; only ``interrupt`` may be called from others and from
    signal handlers.
    """

    def __init__(
        self,
        remote: Remote,
        abilities: Abilities,
        ending: Ending,
        close: Callable[[], None],
    ) -> None:
        """Control ``remote``; ``close`` ends its server once the connection is closed."""
        self._remote = remote
        self._connection = remote.connection
        self._abilities = abilities
        self._ending = ending
        self._sites = PendingSites()
        self._posted: dict[int, SiteRequest] = {}
        self._stepping: set[int | None] = set()
        self._moving: set[int | None] = {None}
        self._interrupt_asked = False
        self._interrupting = False
        self._woken = False
        self._resumed = False
        self._status = ""
        self._close = close

    @property
    def ending(self) -> Ending:
        """What is known of the program's end."""
        return self._ending

    # -- sites -----------------------------------------------------------------------------

    @noticing_the_end
    def update_sites(
        self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]
    ) -> tuple[SiteFailure, ...]:
        """Remove, then insert: at once while the program runs, else with the next resume."""
        # Sent with the resume, the changes of a stop cost no round trip of their own.
        self._sites.update(remove, insert)
        if not self._remote.running:
            return ()
        if not self._connection.non_stop:
            raise StateError(
                "this server takes no changes while the program runs",
                hint="interrupt the program first",
            )
        self._post_sites()
        self._connection.settle()
        return self.take_site_failures()

    def _post_sites(self) -> None:
        """Queue the pending site changes; their replies are noted and not waited for."""
        removed, inserted = self._sites.take()
        packets = [*map(remove_packet, removed), *map(insert_packet, inserted)]
        first = self._connection.post(packets, Route.NOTE)
        self._posted.update(enumerate((*removed, *inserted), first))

    def take_site_failures(self) -> tuple[SiteFailure, ...]:
        """Return the failures that ``update_sites`` has not returned."""
        if not self._posted:
            return ()
        noted = self._connection.take_noted()
        posted, self._posted = self._posted, {}
        return tuple(
            SiteFailure(posted[ticket], str(error_of(insert_packet(posted[ticket]), reply)))
            for ticket, reply in noted
        )

    # -- resuming --------------------------------------------------------------------------

    def resume(self, actions: Sequence[ResumeAction]) -> None:
        """Resume threads; pending site changes are sent in the same message."""
        if not self._remote.alive:
            raise ProcessGone(self._status)
        if not actions:
            return
        connection = self._connection
        connection.acknowledge_by_resuming()
        packet = b"vCont;" + b";".join(map(self._encode_action, actions))
        self._stepping = {action.thread for action in actions if action.kind != "continue"}
        if self._sites:
            self._post_sites()
        connection.post((packet,), self._resume_route)
        self._moving = {action.thread for action in actions}
        self._remote.forget_stop(self._moving)
        self._resumed = True
        connection.flush()

    @property
    def _resume_route(self) -> Route:
        return Route.CHECK if self._connection.non_stop else Route.STOP

    def _encode_action(self, action: ResumeAction) -> bytes:
        thread = self._remote.thread(-1 if action.thread is None else action.thread)
        if action.signal:
            # A range step cannot carry a signal; a single step enters its handler, if any.
            letter = b"C" if action.kind == "continue" else b"S"
            return b"%b%02x:%b" % (letter, from_linux(action.signal), thread)
        if action.kind == "range-step" and self._abilities.range_step:
            return b"r%x,%x:%b" % (action.start, action.end, thread)
        return (b"c:" if action.kind == "continue" else b"s:") + thread

    def interrupt(self) -> None:
        """Ask every running thread to stop; ``wait`` returns the stops.

        May be called from any thread and from signal handlers, at any moment.
        """
        self._interrupt_asked = True
        self._connection.channel.wake()

    @property
    def is_running(self) -> bool:
        """Whether something was resumed of which ``wait`` has returned no stop since."""
        return self._resumed and self._remote.alive

    def wake(self) -> None:
        """Have ``wait`` return ``None``, now or the next time; for any thread."""
        self._woken = True
        self._connection.channel.wake()

    def _send_interrupt(self) -> None:
        self._interrupt_asked = False
        if not self._remote.running or not self._remote.alive:
            return
        self._interrupting = True
        if self._connection.non_stop:
            # Refused where the process has ended: its end comes through ``wait``.
            self._connection.post((b"vCont;t:" + self._remote.thread(-1),), Route.DISCARD)
        else:
            self._connection.send_break()

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        """Have ``wait`` call ``ready`` whenever ``fd`` is readable; ``None`` ends it."""
        self._connection.channel.watch(fd, ready)

    def wait(self, timeout: float | None) -> TargetStop | None:
        """Wait for the next stop; ``None`` after ``timeout`` seconds or a call of ``wake``."""
        if self._interrupt_asked:
            self._send_interrupt()
        # What has come already is taken whole, whoever calls meanwhile.
        is_called = self._is_called if timeout != 0 else _never
        while True:
            reply = self._wait_stop(timeout, is_called)
            if reply is not None:
                stop = self._interpret(parse_stop(reply))
                self._resumed = False
                return stop
            if not self._interrupt_asked:
                self._woken = False
                return None
            self._send_interrupt()

    def _wait_stop(self, timeout: float | None, until: Callable[[], bool]) -> bytes | None:
        try:
            if self._watches_held:
                return self._wait_watching(timeout, until)
            return self._connection.wait_stop(timeout, until)
        except RemoteError as error:
            # A resume is refused of a program that has ended, or is about to.
            if not self._ending.look(surely=error.packet == RESUME):
                raise
            return self._connection.take_stop()

    @property
    def _watches_held(self) -> bool:
        """Whether the end may go unnoticed: gdbserver does not wait for threads it holds."""
        alone = None not in self._moving and not self._abilities.stops_all
        return alone and self._remote.running and self._connection.non_stop

    def _wait_watching(self, timeout: float | None, until: Callable[[], bool]) -> bytes | None:
        """Wait for a stop, looking now and then after the threads that were not resumed."""
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            remaining = _LOOK_SECONDS if deadline is None else deadline - monotonic()
            reply = self._connection.wait_stop(min(remaining, _LOOK_SECONDS), until)
            if reply is not None or until():
                return reply
            if self._ending.look():
                return self._connection.take_stop()
            if deadline is not None and monotonic() >= deadline:
                return None

    def _is_called(self) -> bool:
        """Whether the wait has to end although no stop has come."""
        return self._interrupt_asked or self._woken

    # -- stops -----------------------------------------------------------------------------

    def _interpret(self, stop: StopReply) -> TargetStop:
        """Record what a stop changes, and convert it to a ``TargetStop``."""
        remote = self._remote
        pid = stop.pid or remote.pid
        if stop.kind in ENDS:
            return self._note_end(stop, pid)
        if stop.kind == "thread-exited":
            remote.thread_pids.pop(stop.tid, None)
            return TargetStop("thread-exited", pid, stop.tid, code=stop.code)
        if stop.kind == "no-resumed":
            return TargetStop("no-resumed", pid, 0)
        tid = stop.tid
        remote.thread_pids[tid] = pid
        if stop.child[0]:
            remote.thread_pids[stop.child[1]] = stop.child[0]
        if self._abilities.stops_all or not self._connection.non_stop:
            remote.running = False
        if stop.kind == "exec":
            remote.adopt(pid)
            self._sites.clear()
        remote.note_stopped(tid)
        self._ending.note_alive()
        registers = None
        pc: Address | None = None
        if stop.general is not None:
            registers = to_dwarf_order(stop.general)
            remote.keep_general(tid, registers)
            pc = Address(registers[16])
        elif 16 in stop.registers:
            pc = Address(int.from_bytes(stop.registers[16], "little"))
        kind = stop.kind
        if kind == "signal":
            kind = self._kind_of_signal(stop)
        return TargetStop(
            kind,
            pid,
            tid,
            signal=stop.signal,
            address=Address(stop.value) if kind == "watch" else None,
            child=stop.child[0],
            path=stop.path,
            syscall=stop.value if kind in ("syscall-entry", "syscall-return") else 0,
            pc=pc,
            registers=registers,
            condition_error=stop.condition_error,
        )

    def _kind_of_signal(self, stop: StopReply) -> StopKind:
        """Classify a stop whose reply has no reason but a signal."""
        if stop.signal == 0 or (stop.signal == _SIGINT and self._interrupting):
            self._interrupting = False
            return "interrupt"
        if stop.signal == _SIGTRAP:
            stepped = stop.tid in self._stepping or None in self._stepping
            return "step" if stepped else "trap"
        return "signal"

    def _note_end(self, stop: StopReply, pid: int) -> TargetStop:
        remote = self._remote
        if pid == remote.pid:
            remote.alive = False
            remote.running = False
            self._sites.clear()
            self._status = describe_end(stop)
            self._ending.found = False
        remote.thread_pids = {
            tid: owner for tid, owner in remote.thread_pids.items() if owner != pid
        }
        return TargetStop(stop.kind, pid, 0, signal=stop.signal, code=stop.code)

    # -- writing ---------------------------------------------------------------------------

    @noticing_the_end
    def write_memory(self, address: Address, data: bytes) -> None:
        """Write bytes of the program; sites in the range stay inserted."""
        self._remote.write_memory(address, data)

    @noticing_the_end
    def write_registers(self, thread: int, changes: dict[str, int | bytes]) -> None:
        """Write registers of a stopped thread, by name."""
        self._remote.write_registers(thread, changes)
        self._see_it_lives()

    @noticing_the_end
    def save_registers(self, thread: int) -> SavedRegisters:
        """Save all registers of a stopped thread, in the server where it can."""
        return self._remote.save_registers(thread)

    @noticing_the_end
    def restore_registers(self, saved: SavedRegisters) -> None:
        """Restore a stopped thread's registers; each saved state can be used once."""
        self._remote.restore_registers(saved)
        self._see_it_lives()

    def _see_it_lives(self) -> None:
        """Raise ``ProcessGone`` if registers were written that no thread will ever have.

        gdbserver keeps them until it resumes the thread, and says of a thread that was
        killed, and has yet to end, that all is well.
        """
        self._ending.check()

    @noticing_the_end
    def set_counter(self, number: int, value: int) -> None:
        """Create a trace state variable, or set its value."""
        name = b"crabtrap%d" % number
        self._connection.check(
            b"QTDV:%x:%016x:0:%b" % (number, value & 0xFFFF_FFFF_FFFF_FFFF, name.hex().encode())
        )

    @noticing_the_end
    def read_counter(self, number: int) -> int:
        """Read a trace state variable; 0 where it was never set."""
        packet = b"qTV:%x" % number
        reply = checked(packet, self._connection.request(packet))
        if reply[:1] != b"V":
            return 0
        try:
            value = parse_hex(reply[1:])
        except ValueError:
            raise RemoteError(f"the server counted {reply[1:41]!r}") from None
        return value - (1 << 64) if value >> 63 else value

    @noticing_the_end
    def name_successor(self, seconds: int, path: str) -> None:
        """Have a stopped program held for another client, should this process die."""
        self._connection.check(
            b"Qcrabtrap.Successor:%x,%b" % (seconds, os.fsencode(path).hex().encode())
        )

    @noticing_the_end
    def pass_signals(self, numbers: Sequence[int]) -> None:
        """Choose the signals that the server delivers without reporting a stop."""
        text = ";".join(f"{from_linux(number):x}" for number in sorted(numbers))
        self._connection.check(b"QPassSignals:" + text.encode())

    @noticing_the_end
    def catch_syscalls(self, numbers: Sequence[int] | None) -> None:
        """Choose the system calls to stop at: all (``()``), some, or none (``None``)."""
        if not self._abilities.syscall_events:
            raise UnsupportedError("system call stops")
        if numbers is None:
            self._connection.check(b"QCatchSyscalls:0")
        else:
            chosen = "".join(f";{number:x}" for number in numbers)
            self._connection.check(b"QCatchSyscalls:1" + chosen.encode())

    # -- ending ----------------------------------------------------------------------------

    @noticing_the_end
    def detach(self, pid: int | None = None, traps: Sequence[SiteRequest] = ()) -> None:
        """Detach from the process, or from ``pid`` of a fork's two processes."""
        remote = self._remote
        leaving = remote.pid if pid is None else pid
        if traps:
            # fork(2) copied the parent's traps into the child's memory.
            self._connection.exchange(
                [
                    b"Hgp%x.%x" % (leaving, leaving),
                    *map(remove_packet, traps),
                    b"Hg" + remote.thread(-1),
                ]
            )
        if leaving == remote.pid:
            self._sites.clear()
        self._connection.acknowledge_stops()
        self._connection.check(b"D;%x" % leaving if self._connection.has("multiprocess") else b"D")
        remote.thread_pids = {
            tid: owner for tid, owner in remote.thread_pids.items() if owner != leaving
        }
        if leaving != remote.pid:
            return
        others = sorted(set(remote.thread_pids.values()))
        if others and pid is not None:
            remote.adopt(others[0])  # detached from the parent: the child is followed
        else:
            remote.alive = False
            self._status = "detached"

    @noticing_the_end
    def kill(self) -> None:
        """Kill the process; ``wait`` does not report its end."""
        remote = self._remote
        if not remote.alive:
            return
        self._sites.clear()
        self._connection.acknowledge_stops()
        if self._connection.has("multiprocess"):
            self._connection.check(b"vKill;%x" % remote.pid)
        else:
            self._connection.post((b"k",), Route.CHECK)
            self._connection.flush()
        remote.alive = False
        remote.running = False
        self._status = "killed"

    def close(self) -> None:
        """Close the connection; the guard then kills launched processes, detaches from others."""
        self._remote.close()
        self._close()
