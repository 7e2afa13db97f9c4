"""The program's standard input, output and error.

``Stdio`` is their configuration; ``Stdio.open`` makes ``Streams``, which owns descriptors
from just before a launch until the program has ended.  With "pty" and "pipes" the debugger
holds the other ends and publishes output as ``OutputReceived`` events out of the target's
``wait``, so that output written before a stop is published before it.

Standard error has a terminal or pipe of its own, to be distinguishable from output.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable
from typing import Literal, Protocol

from crabtrap.errors import LaunchError, StateError
from crabtrap.events import OutputReceived, StreamName
from crabtrap.records import dataclass, field, replace

Mode = Literal["inherit", "pipes", "pty"]
Publish = Callable[[OutputReceived], None]

_CHUNK = 65536


class Watcher(Protocol):
    """The part of ``Control`` that is needed here."""

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        """Call ``ready`` from ``wait`` while ``fd`` is readable; ``None`` ends it."""
        ...


@dataclass(frozen=True, slots=True)
class Stdio:
    """How the three standard streams of a program are to be connected.

    Attributes:
        mode: "inherit": the debugger's own descriptors; "pipes": pipes for output and an
            empty standard input; "pty": one terminal for input and output, another for
            errors.
        stdin: A file to read standard input from instead.
        stdout: A file for standard output instead, truncated unless ``append``.
        stderr: The same for standard error.
        append: Append to files that exist.
        keyboard: Descriptor whose bytes are forwarded to the program's terminal while the
            program runs ("pty" only), or ``None``.
        size: Rows and columns of the terminals ("pty" only), or ``None``.
    """

    mode: Mode = "inherit"
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    append: bool = False
    keyboard: int | None = None
    size: tuple[int, int] | None = None

    @staticmethod
    def inherit() -> Stdio:
        """Share the debugger's descriptors; nothing is relayed."""
        return Stdio("inherit")

    @staticmethod
    def pipes() -> Stdio:
        """Relay output through pipes; standard input is empty unless redirected."""
        return Stdio("pipes")

    @staticmethod
    def pty(keyboard: int | None = None) -> Stdio:
        """Give the program terminals of its own; ``keyboard`` is forwarded to the first."""
        return Stdio("pty", keyboard=keyboard)

    @staticmethod
    def files(
        stdin: str | None = None, stdout: str | None = None, stderr: str | None = None
    ) -> Stdio:
        """Use files or devices for some streams, the debugger's descriptors for the rest."""
        return Stdio("inherit", stdin, stdout, stderr)

    def redirect(
        self,
        *,
        stdin: str | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
        append: bool = False,
    ) -> Stdio:
        """Return a copy with some streams redirected to files, as by ``<``, ``>`` and ``2>``."""
        return replace(
            self,
            stdin=stdin or self.stdin,
            stdout=stdout or self.stdout,
            stderr=stderr or self.stderr,
            append=append or self.append,
        )

    def open(self) -> Streams:
        """Open the descriptors for one launch.

        Raises:
            LaunchError: A file or a terminal cannot be opened; the text names it.
        """
        return _Opener(self).open()


@dataclass(slots=True)
class Streams:
    """The open descriptors of one launch.

    Attributes:
        descriptors: They become the program's 0, 1 and 2.
    """

    descriptors: tuple[int, int, int]
    _theirs: list[int] = field(default_factory=list[int])
    _outputs: dict[int, StreamName] = field(default_factory=dict[int, StreamName])
    _input: int | None = None
    _keyboard: int | None = None
    _watcher: Watcher | None = None
    _publish: Publish | None = None

    def release(self) -> None:
        """Close our copies of the program's ends, once the program has them.

        While we hold one, reading our end never reports the end of the output.
        """
        while self._theirs:
            os.close(self._theirs.pop())

    def watch(self, watcher: Watcher, publish: Publish) -> None:
        """Have the target's ``wait`` publish output and forward the keyboard."""
        self._watcher, self._publish = watcher, publish
        for fd in self._outputs:
            watcher.watch_descriptor(fd, lambda fd=fd: self._pump(fd))
        if self._keyboard is not None and self._input is not None:
            watcher.watch_descriptor(self._keyboard, self._forward_keyboard)

    def drain(self) -> None:
        """Publish all output written so far, so that it comes before what is published next."""
        for fd in tuple(self._outputs):
            self._pump(fd)

    def write(self, data: bytes) -> None:
        """Write ``data`` to the program's standard input.

        Raises:
            StateError: The debugger does not hold the other end of it.
        """
        if self._input is None:
            raise StateError(
                "the program's standard input does not belong to the debugger",
                hint="launch it with a terminal of its own (no redirection, no --batch)",
            )
        while data:
            data = data[os.write(self._input, data) :]

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the program's terminals, if it has any; see ``ioctl_tty(2)``."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        for fd in {*self._outputs, *([] if self._input is None else [self._input])}:
            if os.isatty(fd):
                fcntl.ioctl(fd, termios.TIOCSWINSZ, size)

    def close(self) -> None:
        """Publish the remaining output and close all descriptors; may be repeated."""
        self.release()
        self.drain()
        for fd in tuple(self._outputs):
            self._forget(fd)
        if self._keyboard is not None and self._watcher is not None:
            self._watcher.watch_descriptor(self._keyboard, None)
        self._keyboard = None
        if self._input is not None:
            os.close(self._input)
            self._input = None

    def _pump(self, fd: int) -> None:
        """Publish what ``fd`` holds; at its end, forget it."""
        while fd in self._outputs:
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                # A pty master fails with EIO once the last slave was closed.
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                self._forget(fd)
            elif self._publish is not None:
                self._publish(OutputReceived(self._outputs[fd], data))

    def _forget(self, fd: int) -> None:
        del self._outputs[fd]
        if self._watcher is not None:
            self._watcher.watch_descriptor(fd, None)
        # The pty master stays open while it is also our end of the input.
        if fd != self._input:
            os.close(fd)

    def _forward_keyboard(self) -> None:
        assert self._keyboard is not None
        data = os.read(self._keyboard, _CHUNK)
        if data:
            # The program may have closed the terminal or ended, which ``wait`` reports.
            with contextlib.suppress(OSError):
                self.write(data)
        elif self._watcher is not None:
            self._watcher.watch_descriptor(self._keyboard, None)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Descriptors of one mode, before some are replaced by files.

    Attributes:
        program: The program's 0, 1 and 2; -1 where a file replaces one.
        outputs: Our ends of its output.
        input: Our end of its input, if there is one.
    """

    program: tuple[int, int, int]
    outputs: dict[int, StreamName]
    input: int | None = None


class _Opener:
    """Opens the descriptors for one launch, and closes them again if one fails."""

    def __init__(self, stdio: Stdio) -> None:
        self._stdio = stdio
        self._opened: list[int] = []

    def open(self) -> Streams:
        try:
            match self._stdio.mode:
                case "inherit":
                    layout = _Layout((0, 1, 2), {})
                case "pipes":
                    layout = self._pipes()
                case "pty":
                    layout = self._terminals()
            program = self._with_files(layout.program)
        except OSError as error:
            self._close_all()
            name = f" {error.filename}" if error.filename else ""
            raise LaunchError(
                f"cannot open{name} for the program: {error.strerror}",
                hint="check the redirections",
            ) from error
        return self._finish(layout, program)

    def _finish(self, layout: _Layout, program: tuple[int, int, int]) -> Streams:
        ours = {*layout.outputs, *(() if layout.input is None else (layout.input,))}
        # Those that were replaced by files.
        for fd in set(self._opened) - ours - set(program):
            os.close(fd)
        theirs = [fd for fd in self._opened if fd in program]
        keyboard = self._stdio.keyboard if layout.input is not None else None
        streams = Streams(program, theirs, dict(layout.outputs), layout.input, keyboard)
        if self._stdio.size is not None:
            streams.resize(*self._stdio.size)
        return streams

    def _pipes(self) -> _Layout:
        null = self._keep(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        outputs: dict[int, StreamName] = {}
        ends: dict[StreamName, int] = {"stdout": -1, "stderr": -1}
        for name in self._relayed():
            read, write = (self._keep(fd) for fd in os.pipe2(os.O_CLOEXEC))
            os.set_blocking(read, False)
            outputs[read] = name
            ends[name] = write
        return _Layout((null, ends["stdout"], ends["stderr"]), outputs)

    def _terminals(self) -> _Layout:
        ours, program = self._terminal()
        # Also where standard output is a file: the terminal echoes the input.
        outputs: dict[int, StreamName] = {ours: "stdout"}
        errors = -1
        if self._stdio.stderr is None:
            error_ours, errors = self._terminal()
            outputs[error_ours] = "stderr"
        typed = ours if self._stdio.stdin is None else None
        return _Layout((program, program, errors), outputs, typed)

    def _terminal(self) -> tuple[int, int]:
        ours, program = (self._keep(fd) for fd in pty.openpty())
        os.set_blocking(ours, False)
        return ours, program

    def _relayed(self) -> tuple[StreamName, ...]:
        stdio = self._stdio
        names: list[StreamName] = []
        if stdio.stdout is None:
            names.append("stdout")
        if stdio.stderr is None:
            names.append("stderr")
        return tuple(names)

    def _with_files(self, descriptors: tuple[int, int, int]) -> tuple[int, int, int]:
        stdio = self._stdio
        tail = os.O_APPEND if stdio.append else os.O_TRUNC
        stdin, stdout, stderr = descriptors
        # O_NOCTTY: a terminal must not become the debugger's controlling terminal.
        flags = os.O_CLOEXEC | os.O_NOCTTY
        if stdio.stdin is not None:
            stdin = self._keep(os.open(stdio.stdin, os.O_RDONLY | flags))
        writing = os.O_WRONLY | os.O_CREAT | tail | flags
        if stdio.stdout is not None:
            stdout = self._keep(os.open(stdio.stdout, writing, 0o666))
        if stdio.stderr is not None:
            same = stdio.stderr == stdio.stdout
            stderr = stdout if same else self._keep(os.open(stdio.stderr, writing, 0o666))
        return stdin, stdout, stderr

    def _keep(self, fd: int) -> int:
        self._opened.append(fd)
        return fd

    def _close_all(self) -> None:
        while self._opened:
            os.close(self._opened.pop())
