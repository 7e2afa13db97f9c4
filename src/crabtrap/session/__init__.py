"""The public API: one program being debugged, and the verbs that front ends use."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.client import Client
from crabtrap.session.session import LaunchSettings, Session

__all__ = ["Breakpoints", "Client", "LaunchSettings", "Session", "attach", "connect", "launch"]


def launch(program: str, arguments: Sequence[str] = ()) -> Session:
    """Start a program; the session is stopped at its entry point.

    Raises:
        DebugInfoError: The file cannot be read as a program.
        LaunchError: It cannot be started; ``hint`` says what to try.
    """
    session = Session(program)
    session.launch(arguments)
    return session


def attach(pid: int) -> Session:
    """Attach to a running process; closing the session detaches from it.

    Raises:
        LaunchError: The kernel refuses it; the text says why (``ptrace(2)``).
    """
    session = Session(None)
    session.attach(pid)
    return session


def connect(address: str) -> Session:
    """Connect to a remote server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

    Raises:
        RemoteError: No server answers there in the remote serial protocol.
    """
    session = Session(None)
    session.connect(address)
    return session
