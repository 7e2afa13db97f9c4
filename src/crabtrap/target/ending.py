"""The end of a program, found out from a request that has failed.

A program may be killed at any moment.  Until the server reports that, every request about
it fails in a way of its own: the thread is not there, its registers cannot be read, its
memory is gone.  Whoever asked is told the one thing that matters, ``ProcessGone``, and the
report of the end stays queued for ``Control.wait``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from crabtrap.errors import (
    MemoryFault,
    NotFoundError,
    ProcessGone,
    RemoteError,
    TargetError,
    UnsupportedError,
)
from crabtrap.signal_names import signal_name
from crabtrap.target.rsp.connection import Route
from crabtrap.target.rsp.stop_replies import StopReply, parse_stop

if TYPE_CHECKING:
    from crabtrap.target.remote import Remote

P = ParamSpec("P")
R = TypeVar("R")

DYING_SECONDS = 10.0
"""Seconds a program may take to end once it dies: its memory has to be given back."""
_UNASKED_SECONDS = 0.1
"""Seconds after which gdbserver, which waits only for what was resumed, is asked."""
_STOPPED_STATES = (b"t", b"T")


class Ending:
    """Finds out whether the process of a ``Remote`` has ended.

    Attributes:
        found: It has, and ``wait`` has not returned that yet.
        status: How it has ended, for example "killed by SIGKILL"; ``""`` before.
    """

    def __init__(self, remote: Remote, read_file: Callable[[str], bytes]) -> None:
        """Look at ``remote``; ``read_file`` reads ``/proc`` where the process runs.

        Args:
            remote: Its process is what may end.
            read_file: Raises ``RemoteError`` without a code where it cannot be told what is
                there.  It must not ask whether the process has ended.
        """
        self.found = False
        self.status = ""
        # Until when an end that was thought to be near is waited for.
        self._deadline: float | None = None
        self._remote = remote
        self._read_file = read_file
        remote.on_fault = self.check
        remote.on_gone = self.confirm

    def check(self) -> None:
        """Raise ``ProcessGone`` if the program has ended."""
        if self.look():
            raise ProcessGone(self.status)

    def confirm(self) -> None:
        """Raise ``ProcessGone``: the program is known to be gone."""
        self.look(surely=True)
        raise ProcessGone(self.status)

    def explains(self, error: Exception) -> bool:
        """Whether the program's end is why something has failed."""
        return self.look(surely=isinstance(error, ProcessGone))

    def look(self, *, surely: bool = False) -> bool:
        """Whether the process has ended; the report of an end that is near is waited for.

        Args:
            surely: It is known to end: its memory is gone already.
        """
        remote = self._remote
        if self.found or not remote.alive or not remote.connection.non_stop:
            return self.found
        if not remote.connection.await_stop(self._is_end, 0.0):
            if not surely and not self._is_dying():
                return False
            self._await_end()
        return self.found

    def note_alive(self) -> None:
        """Note that the process has shown itself: what looked like its end was none."""
        self._deadline = None

    def _await_end(self) -> None:
        remote = self._remote
        connection = remote.connection
        now = monotonic()
        if self._deadline is None:
            self._deadline = now + DYING_SECONDS
        elif now >= self._deadline:
            return  # it was waited for: the server does not tell, or tells nonsense
        if connection.await_stop(self._is_end, _UNASKED_SECONDS):
            return
        if not connection.has("crabtrap.stop-all"):
            # Nothing runs by this any more, whatever it names.
            connection.post((b"vCont;c:" + remote.thread(-1),), Route.DISCARD)
        connection.await_stop(self._is_end, self._deadline - monotonic())

    def _is_end(self, reply: bytes) -> bool:
        if reply[:1] not in (b"W", b"X"):
            return False
        stop = parse_stop(reply)
        if stop.pid not in (0, self._remote.pid):
            return False
        self.found, self.status = True, describe_end(stop)
        return True

    def _is_dying(self) -> bool:
        """Whether the threads that are stopped for the debugger have left that state.

        Only SIGKILL makes them do so, and no request can be made of them any more.
        """
        held = self._remote.held
        return bool(held) and not any(map(self._is_held, held))

    def _is_held(self, tid: int) -> bool:
        try:
            stat = self._read_file(f"/proc/{self._remote.pid}/task/{tid}/stat")
        except UnsupportedError:
            return True
        except RemoteError as error:
            return error.code is None
        except TargetError:
            return False
        # pid (comm) state ...: proc_pid_stat(5).
        return stat.rpartition(b") ")[2][:1] in _STOPPED_STATES


def describe_end(stop: StopReply) -> str:
    """Return how a process has ended, as a clause."""
    if stop.kind == "exited":
        return f"exited with code {stop.code}"
    return f"killed by {signal_name(stop.signal)}"


class _Ends(Protocol):
    @property
    def ending(self) -> Ending: ...


S = TypeVar("S", bound=_Ends)


def noticing_the_end(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], R]:
    """Have a method raise ``ProcessGone`` where it fails because the program has ended.

    A ``MemoryFault`` passes: whoever raises one has looked, as nearly all have other causes.
    """

    @wraps(method)
    def call(self: S, *args: P.args, **keywords: P.kwargs) -> R:
        try:
            return method(self, *args, **keywords)
        except (TargetError, NotFoundError) as error:
            if isinstance(error, MemoryFault) or not self.ending.explains(error):
                raise
            raise ProcessGone(self.ending.status) from error

    return call
