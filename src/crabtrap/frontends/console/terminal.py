"""The user's terminal: its settings while the program runs, and their restoration.

While a program with a terminal of its own runs, the user's terminal stops editing
lines and echoing: the program's terminal does both, by the program's own settings.
Ctrl-C stays a signal, and pauses the program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_IFLAG, _LFLAG, _CC = 0, 3, 6
_DISABLED = b"\0"  # _POSIX_VDISABLE
_IMPATIENT = 3


class Terminal:
    """The user's terminal, whose settings are changed while the program runs.

    Args:
        fd: The terminal, or ``None`` where there is none; then only Ctrl-C is handled.
    """

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._saved = termios.tcgetattr(fd) if fd is not None else None
        self._keeper: subprocess.Popen[bytes] | None = None

    def guard(self) -> None:
        """Have the terminal restored even if this process is killed.

        A child process, a shell that ignores the keyboard's signals, waits for our end of a
        pipe to close, and restores it then.
        """
        if self._fd is None or self._saved is None:
            return
        # "read" fails at the end of file, when we were killed, and succeeds at the line that
        # ``close`` sends.
        script = "trap '' INT QUIT TSTP TTIN TTOU HUP; read -r _ || stty \"$0\" </dev/tty"
        self._keeper = subprocess.Popen(
            ["sh", "-c", script, _as_stty(self._fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def columns(self) -> int | None:
        """Its width in characters, ``None`` where there is no terminal."""
        return None if self._fd is None else self.size()[1]

    def size(self) -> tuple[int, int]:
        """Rows and columns, 24 by 100 where there is no terminal."""
        if self._fd is None:
            return 24, 100
        size = os.get_terminal_size(self._fd)
        return size.lines, size.columns

    @contextmanager
    def program_runs(
        self, interrupt: Callable[[], None], resized: Callable[[int, int], None]
    ) -> Generator[None]:
        """Let the program have the terminal for the duration of a ``with`` block.

        Args:
            interrupt: Called at Ctrl-C, from a signal handler.
            resized: Called with rows and columns when the window changes, in the same way.
        """
        presses = 0

        def on_interrupt(_number: int, _frame: FrameType | None) -> None:
            nonlocal presses
            presses += 1
            if presses >= _IMPATIENT:
                raise KeyboardInterrupt
            interrupt()

        before = signal.signal(signal.SIGINT, on_interrupt)
        window = signal.signal(signal.SIGWINCH, lambda _number, _frame: resized(*self.size()))
        self._unedited()
        try:
            yield
        finally:
            self.restore()
            signal.signal(signal.SIGWINCH, window)
            signal.signal(signal.SIGINT, before)

    def restore(self) -> None:
        """Restore the terminal's settings at the start."""
        if self._fd is not None and self._saved is not None:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)

    def close(self) -> None:
        """Restore the terminal and end the child process that guards it."""
        self.restore()
        if self._keeper is not None:
            self._keeper.communicate(b"done\n")
            self._keeper = None

    def _unedited(self) -> None:
        if self._fd is None:
            return
        mode = termios.tcgetattr(self._fd)
        mode[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        mode[_IFLAG] &= ~(termios.ICRNL | termios.IXON)
        mode[_CC][termios.VMIN], mode[_CC][termios.VTIME] = 1, 0
        # Ctrl-Z and Ctrl-\ go to the program's own terminal, which makes signals of them.
        mode[_CC][termios.VSUSP] = mode[_CC][termios.VQUIT] = _DISABLED
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)


NO_TERMINAL = Terminal(None)


def _as_stty(fd: int) -> str:
    done = subprocess.run(["stty", "-g"], stdin=fd, capture_output=True, text=True, check=True)
    return done.stdout.strip()
