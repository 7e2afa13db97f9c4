"""The public API: one program being debugged, and every verb a front end has."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.client import Client
from crabtrap.session.session import LaunchSettings, Session

__all__ = ["Breakpoints", "Client", "LaunchSettings", "Session", "attach", "connect", "launch"]


def launch(program: str, arguments: Sequence[str] = ()) -> Session:
    """Start a program; the session is stopped at its entry point.

    Raises:
        DebugInfoError: The file is no program we can read.
        LaunchError: It cannot be started; ``hint`` says what to try.
    """
    session = Session(program)
    session.launch(arguments)
    return session


def attach(pid: int) -> Session:
    """Take over a running process; closing the session lets it go on.

    Raises:
        LaunchError: The kernel refuses; the text says which rule.
    """
    session = Session(None)
    session.attach(pid)
    return session


def connect(address: str) -> Session:
    """Connect to a remote server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

    Raises:
        RemoteError: Nobody answers there, or not in the remote protocol.
    """
    session = Session(None)
    session.connect(address)
    return session
