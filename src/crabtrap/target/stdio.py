"""Where the program's standard input, output and error go.

``Stdio`` says what is wanted and owns nothing; ``Stdio.open`` makes ``Streams``, which
owns descriptors from just before a launch until the program is gone.  With "pty" and
"pipes" the debugger holds the other ends: output comes as ``OutputReceived`` events
through the target's one wait, so a stop is never overtaken by output written before it.

Standard error has a terminal (or pipe) of its own, so the two stay distinguishable.
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
    """A wish: how the three standard streams of a program are to be connected.

    Attributes:
        mode: "inherit": the debugger's own descriptors; "pipes": pipes for output and an
            empty standard input; "pty": one terminal for input and output, another for
            errors.
        stdin: A file that takes the place of standard input.
        stdout: A file for standard output, emptied first unless ``append``.
        stderr: The same for standard error.
        append: Write to the end of files that exist.
        keyboard: Descriptor whose bytes are passed on to the program's terminal while the
            program runs ("pty" only), or ``None``.
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
        """The program shares the debugger's descriptors; nothing is relayed."""
        return Stdio("inherit")

    @staticmethod
    def pipes() -> Stdio:
        """Output is relayed through pipes; standard input is empty unless redirected."""
        return Stdio("pipes")

    @staticmethod
    def pty(keyboard: int | None = None) -> Stdio:
        """The program gets terminals of its own; ``keyboard`` is typed into the first."""
        return Stdio("pty", keyboard=keyboard)

    @staticmethod
    def files(
        stdin: str | None = None, stdout: str | None = None, stderr: str | None = None
    ) -> Stdio:
        """Files or devices for the streams that are named, the debugger's own for the rest."""
        return Stdio("inherit", stdin, stdout, stderr)

    def redirect(
        self,
        *,
        stdin: str | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
        append: bool = False,
    ) -> Stdio:
        """The same wish with files in place of some streams, as ``<``, ``>`` and ``2>`` ask."""
        return replace(
            self,
            stdin=stdin or self.stdin,
            stdout=stdout or self.stdout,
            stderr=stderr or self.stderr,
            append=append or self.append,
        )

    def open(self) -> Streams:
        """Open what is needed for one launch.

        Raises:
            LaunchError: A file or a terminal cannot be opened; the text names it.
        """
        return _Opener(self).open()


@dataclass(slots=True)
class Streams:
    """The open descriptors of one launch.

    Attributes:
        descriptors: What becomes the program's 0, 1 and 2.
    """

    descriptors: tuple[int, int, int]
    _theirs: list[int] = field(default_factory=list[int])
    _outputs: dict[int, StreamName] = field(default_factory=dict[int, StreamName])
    _input: int | None = None
    _keyboard: int | None = None
    _watcher: Watcher | None = None
    _publish: Publish | None = None

    @property
    def relays(self) -> bool:
        """Whether any output comes as events."""
        return bool(self._outputs)

    def release(self) -> None:
        """Close our copies of the program's ends; called once the program has them.

        Without it the end of the program's output would never be seen.
        """
        while self._theirs:
            os.close(self._theirs.pop())

    def watch(self, watcher: Watcher, publish: Publish) -> None:
        """Have output published from the target's ``wait``, and the keyboard passed on."""
        self._watcher, self._publish = watcher, publish
        for fd in self._outputs:
            watcher.watch_descriptor(fd, lambda fd=fd: self._pump(fd))
        if self._keyboard is not None and self._input is not None:
            watcher.watch_descriptor(self._keyboard, self._forward_keyboard)

    def drain(self) -> None:
        """Publish all output written so far, so that what follows is shown after it."""
        for fd in tuple(self._outputs):
            self._pump(fd)

    def write(self, data: bytes) -> None:
        """Type ``data`` into the program's standard input.

        Raises:
            StateError: The program's standard input is not ours to write to.
        """
        if self._input is None:
            raise StateError(
                "the program's standard input does not belong to the debugger",
                hint="launch it with a terminal of its own (no redirection, no --batch)",
            )
        while data:
            data = data[os.write(self._input, data) :]

    def resize(self, rows: int, columns: int) -> None:
        """Tell the program's terminals their size in character cells; no terminal, no effect."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        for fd in {*self._outputs, *([] if self._input is None else [self._input])}:
            if os.isatty(fd):
                fcntl.ioctl(fd, termios.TIOCSWINSZ, size)

    def close(self) -> None:
        """Publish what is left and close everything; harmless to repeat."""
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
        """Read ``fd`` until it is empty or at its end."""
        while fd in self._outputs:
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                # A terminal whose last user closed it answers EIO; see tty_ioctl(4).
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
        # The terminal's controlling side stays open while it also carries the input.
        if fd != self._input:
            os.close(fd)

    def _forward_keyboard(self) -> None:
        assert self._keyboard is not None
        data = os.read(self._keyboard, _CHUNK)
        if data:
            # The program may have ended with the terminal; its exit is reported elsewhere.
            with contextlib.suppress(OSError):
                self.write(data)
        elif self._watcher is not None:
            self._watcher.watch_descriptor(self._keyboard, None)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Descriptors before files take the place of some.

    Attributes:
        program: The program's 0, 1 and 2; -1 where a file will be.
        outputs: Our ends of its output.
        input: Our end of its input, if there is one.
    """

    program: tuple[int, int, int]
    outputs: dict[int, StreamName]
    input: int | None = None


class _Opener:
    """Opens descriptors for one launch, and closes them all again if one fails."""

    def __init__(self, wish: Stdio) -> None:
        self._wish = wish
        self._opened: list[int] = []

    def open(self) -> Streams:
        try:
            match self._wish.mode:
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
        # What a file took the place of is not needed any more.
        for fd in set(self._opened) - ours - set(program):
            os.close(fd)
        theirs = [fd for fd in self._opened if fd in program]
        keyboard = self._wish.keyboard if layout.input is not None else None
        streams = Streams(program, theirs, dict(layout.outputs), layout.input, keyboard)
        if self._wish.size is not None:
            streams.resize(*self._wish.size)
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
        # Echo still comes back where standard output is a file.
        outputs: dict[int, StreamName] = {ours: "stdout"}
        errors = -1
        if self._wish.stderr is None:
            error_ours, errors = self._terminal()
            outputs[error_ours] = "stderr"
        typed = ours if self._wish.stdin is None else None
        return _Layout((program, program, errors), outputs, typed)

    def _terminal(self) -> tuple[int, int]:
        ours, program = (self._keep(fd) for fd in pty.openpty())
        os.set_blocking(ours, False)
        return ours, program

    def _relayed(self) -> tuple[StreamName, ...]:
        wish = self._wish
        names: list[StreamName] = []
        if wish.stdout is None:
            names.append("stdout")
        if wish.stderr is None:
            names.append("stderr")
        return tuple(names)

    def _with_files(self, descriptors: tuple[int, int, int]) -> tuple[int, int, int]:
        wish = self._wish
        tail = os.O_APPEND if wish.append else os.O_TRUNC
        stdin, stdout, stderr = descriptors
        # A device or terminal is opened without becoming the debugger's controlling one.
        flags = os.O_CLOEXEC | os.O_NOCTTY
        if wish.stdin is not None:
            stdin = self._keep(os.open(wish.stdin, os.O_RDONLY | flags))
        writing = os.O_WRONLY | os.O_CREAT | tail | flags
        if wish.stdout is not None:
            stdout = self._keep(os.open(wish.stdout, writing, 0o666))
        if wish.stderr is not None:
            same = wish.stderr == wish.stdout
            stderr = stdout if same else self._keep(os.open(wish.stderr, writing, 0o666))
        return stdin, stdout, stderr

    def _keep(self, fd: int) -> int:
        self._opened.append(fd)
        return fd

    def _close_all(self) -> None:
        while self._opened:
            os.close(self._opened.pop())
