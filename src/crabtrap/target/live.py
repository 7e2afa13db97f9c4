"""A live program behind a server of the remote protocol, as a ``Target``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import LaunchError, RemoteError, TargetError
from crabtrap.target.interface import (
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
from crabtrap.target.remote_files import read_remote_file
from crabtrap.target.rsp.client import Client, checked
from crabtrap.target.rsp.documents import parse_libraries, parse_threads
from crabtrap.target.rsp.stop_replies import parse_stop
from crabtrap.target.server import Endpoint, ServerKind, reach, start_gdbserver, start_guard

if TYPE_CHECKING:
    from crabtrap._core import Memory, Registers

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


class LiveTarget:
    """A live program.  Made by ``launch``, ``attach`` and ``connect``."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Negotiate with a connected server; there need be no process yet."""
        self._endpoint = endpoint
        self._client = Client(endpoint.channel, endpoint.exit_message)
        try:
            self._client.negotiate(_OFFERS)
            self._actions = self._enter_session()
        except BaseException:
            self._client.close()
            endpoint.close()
            raise
        self._remote = Remote(self._client)
        self._abilities = self._find_abilities()
        self._control = LiveControl(self._remote, self._abilities, endpoint.close)
        self._is_local: bool | None = None

    def _enter_session(self) -> bytes:
        """Switch on what makes a session; returns the actions that ``vCont`` knows."""
        client = self._client
        packets = [b"!", b"vCont?"]
        if client.has("crabtrap.stop-all"):
            packets.append(_STOP_ALL)
        replies = client.exchange(packets)
        for packet, reply in zip(packets[2:], replies[2:], strict=True):
            checked(packet, reply)
        return replies[1]

    def _find_abilities(self) -> Abilities:
        has = self._client.has
        stops_all = has("crabtrap.stop-all")
        return Abilities(
            conditions=has("ConditionalBreakpoints"),
            # gdbserver forgets the value that a variable is created with.
            counters=has("crabtrap.step-over-breakpoint"),
            steps_over_sites=has("crabtrap.step-over-breakpoint"),
            stops_all=stops_all or not self._client.non_stop,
            lifts_traps=stops_all,
            range_step=b";r" in self._actions,
            hardware_slots=_DEBUG_REGISTERS,
            writes=True,
            fork_events=has("fork-events"),
            exec_events=has("exec-events"),
            syscall_events=has("QCatchSyscalls"),
            thread_events=False,
            file_access=True,
        )

    def close(self) -> None:
        """End the connection and a server of our own; harmless to repeat."""
        self._control.close()

    # -- Target ----------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """For people."""
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
        """Running the program; always there."""
        return self._control

    @property
    def client(self) -> Client:
        """The connection, for measurements and tests."""
        return self._client

    def threads(self) -> tuple[ThreadInfo, ...]:
        """Every thread of the process; a forked child's come when it is followed."""
        found = parse_threads(self._client.transfer("threads"), self.pid)
        for thread in found:
            self._remote.thread_pids[thread.tid] = thread.pid
        return tuple(thread for thread in found if thread.pid == self.pid)

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes, never trap bytes."""
        return self._remote.read_memory(address, size)

    def read_registers(self, thread: int) -> Registers:
        """The general registers of a stopped thread, in DWARF order."""
        return self._remote.read_general(thread)

    def read_register(self, thread: int, name: str) -> bytes:
        """Any register by its name in the target description, little-endian."""
        return self._remote.read_register(thread, name)

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """``(name, bits)`` of every register."""
        return tuple((slot.name, slot.bits) for slot in self._remote.layout.slots)

    def auxv(self) -> bytes:
        """The auxiliary vector as the kernel gave it."""
        return self._remote.transfer("auxv")

    def executable(self) -> str:
        """Path of the executable, openable from here where the program is on this machine."""
        if self.is_local:
            return f"/proc/{self._live_tid()}/exe"
        annex = f"{self.pid:x}"
        return os.fsdecode(self._client.transfer("exec-file", annex))

    def libraries(self) -> tuple[Library, ...]:
        """The link map, main program excluded."""
        return parse_libraries(self._remote.transfer("libraries-svr4"))

    def mappings(self) -> tuple[Mapping, ...]:
        """The address space, in order."""
        tid = self._live_tid()
        return parse_maps(self.read_file(f"/proc/{self.pid}/task/{tid}/maps"))

    def read_siginfo(self, thread: int) -> bytes:
        """The raw ``siginfo_t`` of the thread's stop."""
        return self._remote.transfer("siginfo", thread)

    def read_file(self, path: str) -> bytes:
        """A whole file from where the program lives."""
        if not self.is_local:
            return read_remote_file(self._client, path, self.pid)
        root = "" if path.startswith("/proc/") else f"/proc/{self._live_tid()}/root"
        try:
            with open(root + path, "rb") as file:
                return file.read()
        except OSError as error:
            raise TargetError(f"cannot read {path}: {error.strerror}") from None

    @property
    def is_local(self) -> bool:
        """The program's ``/proc`` entry is the one we see under its number."""
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
        return bool(ours) and ours == self.auxv()

    def _live_tid(self) -> int:
        """A thread whose ``/proc`` entry works; that of a leader that ended first does not."""
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
        client = self._client
        wanted = {name for name, _ in request.environment}
        packets = [
            b"QDisableRandomization:%d" % (not request.randomize),
            b"QStartupWithShell:%d" % (not client.has("crabtrap.stdio") and _needs_shell(request)),
            b"QEnvironmentReset",
            # A server starts from the environment it was itself started with: ours.
            *(b"QEnvironmentUnset:" + _hex(name) for name in sorted(os.environ.keys() - wanted)),
            *(
                b"QEnvironmentHexEncoded:" + _hex(f"{name}={value}")
                for name, value in request.environment
            ),
            b"QSetWorkingDir:" + _hex(request.directory or os.getcwd()),
        ]
        for packet, reply in zip(packets, client.exchange(packets), strict=True):
            if reply:  # what an old server does not know it does not do
                checked(packet, reply)
        if request.stdio is not None and client.has("crabtrap.stdio"):
            packet = b"Qcrabtrap.Stdio:"
            checked(packet, client.request_with_descriptors(packet, request.stdio))
        words = (request.program, *request.arguments)
        packet = b"vRun;" + b";".join(map(_hex, words))
        try:
            stop = client.check(packet, timeout=_START_SECONDS)
        except RemoteError as error:
            began = f"cannot start {request.program}: "
            raise LaunchError(
                began + str(error).removeprefix(began),
                hint="it must be an executable file for this machine: see file and ls -l",
            ) from error
        self._adopt(stop)

    def attach(self, pid: int) -> None:
        """Attach to a running process; its stops come through ``wait``.

        Raises:
            LaunchError: The kernel or the server refuses.
        """
        client = self._client
        try:
            reply = client.check(b"vAttach;%x" % pid, timeout=_START_SECONDS)
        except RemoteError as error:
            raise LaunchError(f"cannot attach to process {pid}: {error}") from error
        self._remote.adopt(pid)
        self._remote.running = client.non_stop
        if reply != b"OK":
            self._adopt(reply)
        elif not self._abilities.stops_all:
            # Non-stop servers stop nothing by themselves but, maybe, the main thread.
            self._control.interrupt()

    def resume_session(self) -> bool:
        """Find out about a process that the server has already.

        Returns:
            True when there is one; its stops come through ``wait``.
        """
        client = self._client
        reply = client.request(b"?")
        if reply[:1] in (b"W", b"X"):
            return False
        if reply == b"OK":  # non-stop: nothing stands still
            threads = parse_threads(client.transfer("threads"), 0)
            if not threads:
                return False
            self._remote.adopt(threads[0].pid)
            self._remote.running = True
            self._control.interrupt()
            return True
        self._adopt(checked(b"?", reply))
        if client.non_stop:
            client.expect_more_stops()
            # Threads that the server does not mention may well be running.
            self._remote.running = not self._abilities.stops_all
        return True

    def _adopt(self, reply: bytes) -> None:
        stop = parse_stop(reply)
        pid = stop.pid
        if not pid:
            threads = parse_threads(self._client.transfer("threads"), stop.tid)
            pid = threads[0].pid if threads else stop.tid
        if stop.kind in ("exited", "killed"):
            raise LaunchError("the program ended while it was being started")
        self._remote.adopt(pid)
        self._client.put_stop(reply)


def launch(
    request: LaunchRequest, *, server: ServerKind = "guard", server_path: str | None = None
) -> LiveTarget:
    """Start a program under a server of our own.

    Args:
        request: What to start, and how.
        server: Our guard, or a stock gdbserver.
        server_path: Where the server is, if not at its usual place.

    Returns:
        The target; the first ``wait`` returns the stop at the first instruction.

    Raises:
        LaunchError: The server or the program could not be started.
    """
    if server == "guard":
        target = LiveTarget(start_guard(server_path))
    else:
        target = LiveTarget(start_gdbserver(server_path or "gdbserver", request.stdio))
    return _started(target, lambda: target.start(request))


def attach(pid: int, *, server: ServerKind = "guard", server_path: str | None = None) -> LiveTarget:
    """Attach to a running process with a server of our own.

    Raises:
        LaunchError: The kernel refuses; the text says why.
    """
    if server == "guard":
        target = LiveTarget(start_guard(server_path))
    else:
        target = LiveTarget(start_gdbserver(server_path or "gdbserver"))
    return _started(target, lambda: target.attach(pid))


def connect(address: str) -> LiveTarget:
    """Connect to a server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

    Returns:
        The target; its ``pid`` is 0 when the server has no process yet, in which case
        ``start`` and ``attach`` make one.

    Raises:
        RemoteError: Nobody answers, or not in the remote protocol.
    """
    target = LiveTarget(reach(address))
    return _started(target, target.resume_session)


def _started(target: LiveTarget, begin: Callable[[], object]) -> LiveTarget:
    try:
        begin()
    except BaseException:
        target.close()
        raise
    return target


def _needs_shell(request: LaunchRequest) -> bool:
    # gdbserver quotes what vRun brings for a shell, and without one cuts it at spaces.
    words = (request.program, *request.arguments)
    return any(not _PLAIN_WORD.fullmatch(word) for word in words)


def _hex(text: str) -> bytes:
    return os.fsencode(text).hex().encode()
