"""``LiveTarget``: a live program behind a server of the remote protocol."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import LaunchError, RemoteError, TargetError
from crabtrap.files import read_regular_file, working_directory
from crabtrap.target.ending import Ending, noticing_the_end
from crabtrap.target.interface import (
    ENDS,
    Abilities,
    Control,
    LaunchRequest,
    Library,
    Mapping,
    ThreadInfo,
)
from crabtrap.target.live_control import LiveControl
from crabtrap.target.mappings import parse_maps
from crabtrap.target.remote import Remote
from crabtrap.target.remote_files import FILE_LIMIT, read_remote_file
from crabtrap.target.rsp.connection import Connection
from crabtrap.target.rsp.documents import parse_libraries, parse_threads
from crabtrap.target.rsp.incoming_data import read_object
from crabtrap.target.rsp.replies import checked
from crabtrap.target.rsp.stop_replies import parse_stop
from crabtrap.target.server import Endpoint, ServerKind, reach, start_gdbserver, start_guard

if TYPE_CHECKING:
    from crabtrap._core import Memory, Registers

Waiting = Callable[[], AbstractContextManager[None]]
"""Makes what surrounds a wait that may take long: in it, Ctrl-C is served at once, say."""

_OFFERS = (
    "multiprocess+",
    "swbreak+",
    "hwbreak+",
    "fork-events+",
    "vfork-events+",
    "exec-events+",
    "vContSupported+",
    "QThreadEvents+",
    "no-resumed+",
    "binary-upload+",
    "error-message+",
    "xmlRegisters=i386",
)
_STOP_ALL = b"Qcrabtrap.StopAll:1"
_DEBUG_REGISTERS = 4
_PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_START_SECONDS = 60.0
_NOT_EXECUTABLE = "it must be an executable file for this machine: see file and ls -l"
_LAUNCH_HINTS = {
    errno.E2BIG: "arguments and environment have a limit: getconf ARG_MAX",
    errno.EMFILE: "raise the limit on open files: ulimit -n",
}


class LiveTarget:
    """A live program, made by ``launch``, ``attach`` or ``connect``."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        ends_with_server: bool = False,
        waiting: Waiting = nullcontext,
    ) -> None:
        """Negotiate with a connected server, which need not have a process yet.

        Args:
            endpoint: The server.
            ends_with_server: The program will be launched by it, and lives no longer than it.
            waiting: Surrounds the wait for the server's answers.
        """
        self._endpoint = endpoint
        self._connection = Connection(endpoint.channel, endpoint.exit_message)
        try:
            with waiting():
                self._connection.negotiate(_OFFERS)
                self._actions = self._enter_session()
        except BaseException:
            self._connection.close()
            endpoint.close()
            raise
        self._remote = Remote(self._connection)
        self._ending = Ending(self._remote, self._read_without_asking)
        self._abilities = self._find_abilities()
        self._control = LiveControl(self._remote, self._abilities, self._ending, endpoint.close)
        self._is_local: bool | None = None
        self._ends_with_server = ends_with_server

    def _enter_session(self) -> bytes:
        """Enable extended mode and stop-all; return the actions that ``vCont`` supports."""
        connection = self._connection
        packets = [b"!", b"vCont?"]
        if connection.has("crabtrap.stop-all"):
            packets.append(_STOP_ALL)
        replies = connection.exchange(packets)
        for packet, reply in zip(packets[2:], replies[2:], strict=True):
            checked(packet, reply)
        return replies[1]

    def _find_abilities(self) -> Abilities:
        has = self._connection.has
        stops_all = has("crabtrap.stop-all")
        return Abilities(
            conditions=has("ConditionalBreakpoints"),
            # gdbserver does not keep the value that QTDV creates a variable with.
            counters=has("crabtrap.step-over-breakpoint"),
            group_stops=has("crabtrap.step-over-breakpoint"),
            steps_over_sites=has("crabtrap.step-over-breakpoint"),
            stops_all=stops_all or not self._connection.non_stop,
            changes_while_running=self._connection.non_stop,
            lifts_traps=stops_all,
            # Descriptors can only be passed on one machine.
            can_be_repaired=has("crabtrap.memory-fd"),
            can_be_held=has("crabtrap.successor"),
            range_step=b";r" in self._actions,
            hardware_slots=_DEBUG_REGISTERS,
            syscall_events=has("QCatchSyscalls"),
        )

    def close(self) -> None:
        """Close the connection and end a server that was started for it; may be repeated."""
        self._control.close()

    # -- Target ----------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """Process id and server, as text for users."""
        return f"live process {self.pid} ({self._endpoint.description})"

    @property
    def pid(self) -> int:
        """Process id in the server's pid namespace, 0 before there is a process."""
        return self._remote.pid

    @property
    def abilities(self) -> Abilities:
        """What this server can do."""
        return self._abilities

    @property
    def memory(self) -> Memory:
        """The fastest way to read memory at a stop."""
        return self._remote.memory

    @property
    def control(self) -> Control | None:
        """Control over the program; never ``None``."""
        return self._control

    @property
    def ending(self) -> Ending:
        """What is known of the program's end."""
        return self._ending

    @property
    def ends_with_server(self) -> bool:
        """Whether it was launched by a server that was started for it (PTRACE_O_EXITKILL)."""
        return self._ends_with_server

    @property
    def is_gone(self) -> bool:
        """Whether the program turned out to have ended, and ``wait`` has yet to return that."""
        return self._ending.found

    def look_for_end(self) -> bool:
        """Find out, after something has failed, whether the program has ended."""
        return self._ending.look()

    @property
    def connection(self) -> Connection:
        """The connection, for measurements and tests."""
        return self._connection

    @noticing_the_end
    def threads(self) -> tuple[ThreadInfo, ...]:
        """List the threads of the process; those of a forked child once it is followed."""
        found = parse_threads(read_object(self._connection, "threads"), self.pid)
        if not found:
            self._ending.check()
        if self._remote.note_threads({thread.tid: thread.pid for thread in found}):
            self._ending.check()  # threads that are held end with their program alone
        return tuple(thread for thread in found if thread.pid == self.pid)

    @noticing_the_end
    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes, without trap instructions."""
        return self._remote.read_memory(address, size)

    @noticing_the_end
    def read_registers(self, thread: int) -> Registers:
        """Read the general registers of a stopped thread, in DWARF order."""
        return self._remote.read_general(thread)

    @noticing_the_end
    def read_register(self, thread: int, name: str) -> bytes:
        """Read a register by its name in the target description, little-endian."""
        return self._remote.read_register(thread, name)

    @noticing_the_end
    def register_names(self) -> tuple[tuple[str, int], ...]:
        """List ``(name, bits)`` of every register."""
        return tuple((slot.name, slot.bits) for slot in self._remote.layout.slots)

    @noticing_the_end
    def auxv(self) -> bytes:
        """Read the auxiliary vector, see ``getauxval(3)``."""
        return self._remote.transfer("auxv")

    @noticing_the_end
    def executable(self) -> str:
        """Return the executable's path; that in ``/proc`` where the program is local."""
        if self.is_local:
            return f"/proc/{self._live_tid()}/exe"
        annex = f"{self.pid:x}"
        return os.fsdecode(read_object(self._connection, "exec-file", annex))

    @noticing_the_end
    def libraries(self) -> tuple[Library, ...]:
        """Read the link map without the main program."""
        found = parse_libraries(self._remote.transfer("libraries-svr4"))
        if not found:
            self._ending.check()
        return found

    @noticing_the_end
    def mappings(self) -> tuple[Mapping, ...]:
        """Read the mappings of the address space, by address."""
        tid = self._live_tid()
        found = parse_maps(self.read_file(f"/proc/{self.pid}/task/{tid}/maps"))
        if not found:
            self._ending.confirm()  # a zombie has none
        return found

    @noticing_the_end
    def read_siginfo(self, thread: int) -> bytes:
        """Read the raw ``siginfo_t`` of the thread's stop."""
        return self._remote.transfer("siginfo", thread)

    def read_file(self, path: str) -> bytes:
        """Read a whole file, by its path in the program's mount namespace."""
        if not self.is_local:
            return read_remote_file(self._connection, path, self.pid)
        try:
            if path.startswith("/proc/"):  # the kernel's own, which have no size
                with open(path, "rb") as file:
                    return file.read()
            # Named by the program, perhaps: it may be a device or a pipe.
            return read_regular_file(f"/proc/{self._live_tid()}/root{path}", FILE_LIMIT)[0]
        except OSError as error:
            raise TargetError(f"cannot read {path}: {error.strerror}") from None

    def _read_without_asking(self, path: str) -> bytes:
        """Read a file while it is not clear that the server answers, or the program lives."""
        if self._is_local is None or (not self._is_local and self._connection.is_silent):
            raise RemoteError(f"cannot read {path} now")
        return self.read_file(path)

    @property
    def is_local(self) -> bool:
        """Whether the program is on this machine and has the same pid in our ``/proc``."""
        if self._is_local is None:
            self._is_local = self._find_locality()
        return self._is_local

    def _find_locality(self) -> bool:
        # Another machine or pid namespace may have a process of the same number, but not
        # one with the same auxiliary vector, which holds randomised addresses.
        try:
            with open(f"/proc/{self._live_tid()}/auxv", "rb") as file:
                ours = file.read()
        except OSError:
            return False
        return bool(ours) and ours == self._remote.transfer("auxv")

    def _live_tid(self) -> int:
        """Return a thread with a usable ``/proc`` entry.

        That of the main thread is not, once it has ended before others: see
        ``proc_pid_exe(5)``.
        """
        pid = self.pid
        try:
            if os.readlink(f"/proc/{pid}/exe"):
                return pid
        except OSError:
            pass
        for tid, owner in self._remote.thread_pids.items():
            if owner == pid and tid != pid and os.path.exists(f"/proc/{tid}/maps"):
                return tid
        return pid

    # -- start -----------------------------------------------------------------------------

    def start(self, request: LaunchRequest) -> None:
        """Launch a program; the first ``wait`` returns its stop at the first instruction.

        Raises:
            LaunchError: It could not be started.
        """
        connection = self._connection
        packets = self._launch_settings(request)
        for packet, reply in zip(packets, connection.exchange(packets), strict=True):
            if reply:  # an empty reply: an older server does not support the packet
                checked(packet, reply)
        if request.stdio is not None and connection.has("crabtrap.stdio"):
            packet = b"Qcrabtrap.Stdio:"
            checked(packet, connection.request_with_descriptors(packet, request.stdio))
        packet = b"vRun;" + b";".join(map(_hex, (request.program, *request.arguments)))
        self._check_length(packet)
        try:
            stop = connection.check(packet, timeout=_START_SECONDS)
        except RemoteError as error:
            began = f"cannot start {request.program}: "
            text = str(error).removeprefix(began)
            raise LaunchError(began + text, hint=_launch_hint(text)) from error
        self._adopt(stop)

    def _launch_settings(self, request: LaunchRequest) -> list[bytes]:
        """Encode all that is set before ``vRun``."""
        wanted = {name for name, _ in request.environment}
        has_shell = not self._connection.has("crabtrap.stdio") and _needs_shell(request)
        packets = [
            b"QDisableRandomization:%d" % (not request.randomize),
            b"QStartupWithShell:%d" % has_shell,
            b"QEnvironmentReset",
            # Programs inherit the server's environment, which is the debugger's.
            *(b"QEnvironmentUnset:" + _hex(name) for name in sorted(os.environ.keys() - wanted)),
            *(
                b"QEnvironmentHexEncoded:" + _hex(f"{name}={value}")
                for name, value in request.environment
            ),
        ]
        directory = request.directory or working_directory()
        if directory is not None:  # else the server shares our deleted one
            packets.append(b"QSetWorkingDir:" + _hex(directory))
        for packet in packets:
            self._check_length(packet)
        return packets

    def _check_length(self, packet: bytes) -> None:
        """Refuse what does not fit into the server's buffer, which would end the connection."""
        most = self._connection.packet_size
        if len(packet) > most and not self._connection.has("crabtrap.long-packets"):
            what = "arguments" if packet.startswith(b"vRun") else "environment"
            raise LaunchError(
                f"the program's {what} are too long for this server, by {len(packet) - most} bytes"
            )

    def attach(self, pid: int) -> None:
        """Attach to a running process; ``wait`` returns its stops.

        Raises:
            LaunchError: The kernel or the server refuses.
        """
        connection = self._connection
        try:
            reply = connection.check(b"vAttach;%x" % pid, timeout=_START_SECONDS)
        except RemoteError as error:
            raise LaunchError(f"cannot attach to process {pid}: {error}") from error
        self._remote.adopt(pid)
        self._remote.running = connection.non_stop
        if reply != b"OK":
            self._adopt(reply)
        elif not self._abilities.stops_all:
            # In non-stop mode, servers stop at most the main thread by themselves.
            self._control.interrupt()

    def resume_session(self) -> bool:
        """Take over the process that the server already has, if any.

        Returns:
            True when there is one; ``wait`` returns its stops.
        """
        connection = self._connection
        reply = connection.request(b"?")
        if reply[:1] in (b"W", b"X"):
            return False
        if reply == b"OK":  # non-stop: no thread is stopped
            threads = parse_threads(read_object(connection, "threads"), 0)
            if not threads:
                return False
            self._remote.adopt(threads[0].pid)
            self._remote.running = True
            self._control.interrupt()
            return True
        self._adopt(checked(b"?", reply))
        if connection.non_stop:
            connection.expect_more_stops()
            # Threads without a stop reply may be running.
            self._remote.running = not self._abilities.stops_all
        return True

    def _adopt(self, reply: bytes) -> None:
        stop = parse_stop(reply)
        pid = stop.pid
        if not pid:
            threads = parse_threads(read_object(self._connection, "threads"), stop.tid)
            pid = threads[0].pid if threads else stop.tid
        if stop.kind in ENDS:
            raise LaunchError("the program ended while it was being started")
        self._remote.adopt(pid)
        self._connection.put_stop(reply)


def launch(
    request: LaunchRequest,
    *,
    server: ServerKind = "guard",
    server_path: str | None = None,
    waiting: Waiting = nullcontext,
) -> LiveTarget:
    """Start a program under a server that is started for it.

    Args:
        request: What to start, and how.
        server: Our guard, or a stock gdbserver.
        server_path: The server's executable, if not the installed one.
        waiting: Surrounds waits for the server; whatever is raised there, nothing is left.

    Returns:
        The target; the first ``wait`` returns the stop at the first instruction.

    Raises:
        LaunchError: The server or the program could not be started.
    """
    if server == "guard":
        endpoint = start_guard(server_path)
    else:
        endpoint = start_gdbserver(server_path or "gdbserver", request.stdio)
    target = LiveTarget(endpoint, ends_with_server=True, waiting=waiting)
    return _started(target, lambda: target.start(request), waiting)


def attach(
    pid: int,
    *,
    server: ServerKind = "guard",
    server_path: str | None = None,
    waiting: Waiting = nullcontext,
) -> LiveTarget:
    """Attach to a running process with a server that is started for it.

    Args:
        pid: The process.
        server: Our guard, or a stock gdbserver.
        server_path: The server's executable, if not the installed one.
        waiting: Surrounds waits for the server; whatever is raised there, nothing is left.

    Raises:
        LaunchError: The server could not be started, or the kernel refuses.
    """
    if server == "guard":
        endpoint = start_guard(server_path)
    else:
        endpoint = start_gdbserver(server_path or "gdbserver")
    target = LiveTarget(endpoint, waiting=waiting)
    return _started(target, lambda: target.attach(pid), waiting)


def connect(address: str, *, waiting: Waiting = nullcontext) -> LiveTarget:
    """Connect to a server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

    Args:
        address: Where the server is.
        waiting: Surrounds waits for the server; whatever is raised there, nothing is left.

    Returns:
        The target; its ``pid`` is 0 while the server has no process, until ``start`` or
        ``attach`` is called.

    Raises:
        RemoteError: No server answers, or it does not speak the remote protocol.
    """
    with waiting():
        endpoint = reach(address)
    target = LiveTarget(endpoint, waiting=waiting)
    return _started(target, target.resume_session, waiting)


def _started(target: LiveTarget, begin: Callable[[], object], waiting: Waiting) -> LiveTarget:
    try:
        with waiting():
            begin()
    except BaseException:
        target.close()
        raise
    return target


def _needs_shell(request: LaunchRequest) -> bool:
    # gdbserver quotes the words of vRun for a shell; without a shell it splits at spaces.
    words = (request.program, *request.arguments)
    return any(not _PLAIN_WORD.fullmatch(word) for word in words)


def _launch_hint(reason: str) -> str:
    hints = (hint for code, hint in _LAUNCH_HINTS.items() if os.strerror(code) in reason)
    return next(hints, _NOT_EXECUTABLE)


def _hex(text: str) -> bytes:
    return os.fsencode(text).hex().encode()
