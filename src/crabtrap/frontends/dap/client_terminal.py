"""A terminal of the editor's, for the program."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

from crabtrap.errors import LaunchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.frontends.dap.adapter import Adapter

_SECONDS = 30.0


class ClientTerminal:
    """A terminal that the client has opened; it is free again when this is closed.

    Attributes:
        device: Its path.
    """

    def __init__(self, connection: socket.socket, device: str) -> None:
        self.device = device
        self._connection = connection

    def on_interrupt(self, interrupt: Callable[[], object]) -> None:
        """Have ``interrupt`` called, by another thread, when Ctrl-C is typed there."""

        def read() -> None:
            try:
                while self._connection.recv(64):
                    interrupt()
            except OSError:
                return  # it was closed here

        threading.Thread(target=read, name="dap-terminal", daemon=True).start()

    def close(self) -> None:
        """Give it back."""
        with contextlib.suppress(OSError):  # its other end is gone
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def ask_for_terminal(adapter: Adapter, kind: str, directory: str | None) -> ClientTerminal | None:
    """Have the client open a terminal; ``None`` where it does not, of which its user is told.

    Raises:
        LaunchError: What was started there has not answered.
    """
    if not adapter.abilities.run_in_terminal:
        adapter.say(f"this editor opens no terminals: {kind} is taken as internalConsole")
        return None
    with tempfile.TemporaryDirectory(prefix="crabtrap-") as folder:
        path = os.path.join(folder, "terminal")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            return _open(adapter, kind, directory, listener, path)


def _open(
    adapter: Adapter, kind: str, directory: str | None, listener: socket.socket, path: str
) -> ClientTerminal | None:
    refused = threading.Event()

    def answered(succeeded: bool, _body: object) -> None:
        if not succeeded:
            refused.set()
            # The wait below ends at once.
            with socket.socket(socket.AF_UNIX) as waking:
                waking.connect(path)

    helper = os.path.join(os.path.dirname(__file__), "terminal_helper.py")
    arguments = {
        "kind": kind.removesuffix("Terminal"),
        "title": "crabtrap",
        "cwd": directory or os.getcwd(),
        "args": [sys.executable, helper, path],
    }
    adapter.outbox.ask("runInTerminal", arguments, answered)
    listener.settimeout(_SECONDS)
    try:
        connection, _ = listener.accept()
        connection.settimeout(_SECONDS)
        device = connection.makefile("r").readline().strip()
    except TimeoutError:
        raise LaunchError(
            f"the editor's terminal has not answered within {_SECONDS:.0f} s",
            hint='"console": "internalConsole"',
        ) from None
    if refused.is_set() or not device:
        connection.close()
        adapter.say("the editor has opened no terminal; the program's output is shown here")
        return None
    connection.settimeout(None)
    return ClientTerminal(connection, device)
