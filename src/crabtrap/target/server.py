"""Starting servers of the remote protocol, and connecting to running ones."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from crabtrap.errors import LaunchError, RemoteError, UsageError
from crabtrap.records import dataclass
from crabtrap.target.rsp.channel import Channel

GUARD_NAME = "crabtrap-guard"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_TAIL = 2000
_END_SECONDS = 5.0

ServerKind = Literal["guard", "gdbserver"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A connected server.

    Attributes:
        description: Text for users: "crabtrap-guard", "server at 127.0.0.1:2345".
        channel: The connection.
        exit_message: Says, once the connection has ended, how the server ended.
        close: Waits for a server that was started here to exit, or kills it.
    """

    description: str
    channel: Channel
    exit_message: Callable[[], str]
    close: Callable[[], None]


def find_guard(explicit: str | None = None) -> str:
    """Find the guard that belongs to this installation.

    Args:
        explicit: The path to use instead.

    Raises:
        LaunchError: There is no executable file of that name.
    """
    candidates = _installed_guards() if explicit is None else [explicit]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise LaunchError(
        f"{explicit or GUARD_NAME} is not there or not executable",
        hint="install the package again, or name the guard's path",
    )


def _installed_guards() -> Iterator[str]:
    yield os.path.join(_PACKAGE, GUARD_NAME)
    import shutil  # noqa: PLC0415 - slow to import
    import sysconfig  # noqa: PLC0415 - slow to import

    yield os.path.join(sysconfig.get_path("scripts"), GUARD_NAME)
    yield os.path.join(os.path.dirname(sys.executable), GUARD_NAME)
    on_path = shutil.which(GUARD_NAME)
    if on_path is not None:
        yield on_path


def start_guard(path: str | None = None) -> Endpoint:
    """Start the guard, connected by a socket pair, which can pass descriptors.

    It runs in a session of its own, so that Ctrl-C at our terminal does not reach it.
    """
    program = find_guard(path)

    def spawn(its: int, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [program, "--fd", str(its)],
            pass_fds=[its],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )

    return _start(GUARD_NAME, "the guard", program, spawn)


def _start(
    name: str, subject: str, program: str, spawn: Callable[[int, int], subprocess.Popen[bytes]]
) -> Endpoint:
    """Start a server by ``spawn(socket, log)`` on its end of a socket pair.

    Args:
        name: Description of the endpoint.
        subject: What messages call the server.
        program: Its path, for the error if it cannot be started.
        spawn: Starts it; standard error goes to ``log``.
    """
    # An anonymous file, unlike a pipe, never fills up and blocks the server.
    log = os.memfd_create("crabtrap-server.log", os.MFD_CLOEXEC)
    ours, its = socket.socketpair()
    with its:
        try:
            process = spawn(its.fileno(), log)
        except OSError as error:
            ours.close()
            os.close(log)
            raise LaunchError(f"cannot start {program}: {error.strerror}") from None

    def close() -> None:
        nonlocal log
        _end(process)
        if log >= 0:
            os.close(log)
            log = -1

    return Endpoint(
        name, Channel(ours), lambda: _exit_message(subject, process, _log_tail(log)), close
    )


def start_gdbserver(
    program: str = "gdbserver", stdio: tuple[int, int, int] | None = None
) -> Endpoint:
    """Start a stock gdbserver on the loopback interface, for one connection.

    Args:
        program: Name or path of gdbserver.
        stdio: Descriptors of the programs it launches, which inherit gdbserver's own;
            gdbserver's messages therefore go to the third one, too.

    Raises:
        LaunchError: It cannot be started.
    """
    log, its_log = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(its_log, True)
    try:
        process = subprocess.Popen(
            [program, "--once", "--multi", "127.0.0.1:0"],
            start_new_session=True,
            stdin=subprocess.DEVNULL if stdio is None else stdio[0],
            stdout=subprocess.DEVNULL if stdio is None else stdio[1],
            stderr=its_log,
        )
    except OSError as error:
        os.close(log)
        raise LaunchError(f"cannot start {program}: {error.strerror}") from None
    finally:
        os.close(its_log)
    tail = _StreamTail(log, None if stdio is None else stdio[2])
    try:
        port = tail.wait_for_port()
        connection = socket.create_connection(("127.0.0.1", port), timeout=_END_SECONDS)
    except OSError as error:
        process.kill()
        process.wait()
        raise LaunchError(f"cannot reach {program}: {error}; {tail.text}") from None
    channel = Channel(connection)
    channel.watch(log, lambda: tail.forward(channel))

    def close() -> None:
        _end(process)
        tail.close()

    return Endpoint(
        "gdbserver", channel, lambda: _exit_message("gdbserver", process, tail.text), close
    )


def reach(address: str, *, timeout: float = 10.0) -> Endpoint:
    """Connect to a server.

    Args:
        address: ``unix:PATH``, ``HOST:PORT``, ``[IPV6]:PORT`` or ``stdio:COMMAND``.  The
            command is split into words as by a shell and run without one; it speaks the
            protocol on its standard input and output.
        timeout: Seconds to wait for the connection.

    Raises:
        UsageError: The address is none of these.
        RemoteError: The connection fails.
    """
    if address.startswith("stdio:"):
        return _reach_command(address.removeprefix("stdio:"))
    try:
        connection = _connect(address, timeout)
    except OSError as error:
        raise RemoteError(
            f"cannot connect to {address}: {error.strerror or error}",
            hint="is the server running, and listening at this address?",
        ) from None
    return Endpoint(
        f"server at {address}",
        Channel(connection),
        lambda: f"the server at {address} closed the connection",
        lambda: None,
    )


def _connect(address: str, timeout: float) -> socket.socket:
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(address.removeprefix("unix:"))
        except OSError:
            connection.close()
            raise
        return connection
    host, colon, port = address.removeprefix("tcp:").rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise UsageError(
            f"{address!r} is not the address of a server",
            hint="write unix:PATH, HOST:PORT or stdio:COMMAND",
        )
    return socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout)


def _reach_command(command: str) -> Endpoint:
    words = shlex.split(command)
    if not words:
        raise UsageError("stdio: needs a command", hint="for example stdio:ssh host guard --stdio")

    def spawn(its: int, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(words, stdin=its, stdout=its, stderr=log, start_new_session=True)

    return _start(f"server of {words[0]}", words[0], words[0], spawn)


class _StreamTail:
    """The last output on a pipe, which is forwarded to another descriptor."""

    def __init__(self, source: int, sink: int | None) -> None:
        self._source = source
        self._sink = sink
        self._tail = b""

    @property
    def text(self) -> str:
        self._read()
        return self._tail.decode("utf-8", "replace").strip()

    def wait_for_port(self) -> int:
        """Wait for "Listening on port N" and return N.

        Raises:
            OSError: The pipe was closed, or nothing came in time.
        """
        poll = select.poll()
        poll.register(self._source, select.POLLIN)
        while b"Listening on port" not in self._tail or not self._tail.endswith(b"\n"):
            if not poll.poll(int(_END_SECONDS * 1000)) or not self._read():
                raise OSError("it does not say where it listens")
        return int(self._tail.rsplit(b"Listening on port", 1)[1])

    def forward(self, channel: Channel) -> None:
        """Forward what has arrived; at the end of the pipe, stop watching it."""
        data = self._read()
        if not data:
            channel.watch(self._source, None)
        elif self._sink is not None:
            with contextlib.suppress(OSError):  # the reader of the program's errors is gone
                os.write(self._sink, data)

    def close(self) -> None:
        if self._source >= 0:
            os.close(self._source)
            self._source = -1

    def _read(self) -> bytes:
        if self._source < 0:
            return b""
        try:
            data = os.read(self._source, 1 << 16)
        except BlockingIOError:
            return b""
        self._tail = (self._tail + data)[-_TAIL:]
        return data


def _log_tail(descriptor: int) -> str:
    if descriptor < 0:
        return ""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
    return tail.decode("utf-8", "replace").strip()


def _exit_message(name: str, process: subprocess.Popen[bytes], output: str) -> str:
    try:
        code = process.wait(1.0)
    except subprocess.TimeoutExpired:
        status = f"{name} closed the connection"
    else:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        status = f"{name} {how}"
    return f"{status}: {output}" if output else status


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a server to exit after its connection was closed; terminate it if it does not."""
    steps: Sequence[Callable[[], None]] = (process.terminate, process.kill)
    for step in steps:
        try:
            process.wait(_END_SECONDS)
            return
        except subprocess.TimeoutExpired:
            step()
    process.wait()
