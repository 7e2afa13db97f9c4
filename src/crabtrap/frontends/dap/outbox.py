"""What goes to the client: responses, events and requests, numbered in the order they are sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.errors import CrabtrapError
    from crabtrap.frontends.dap.requests import Body, Request
    from crabtrap.frontends.dap.wire import Message

    Answered = Callable[[bool, object], None]
    """Called with whether a request has succeeded, and with the body of its response."""

CANCELLED = "cancelled"
"""The message that the protocol has for a request that was cancelled."""


class Outbox:
    """Sends messages; from any thread.

    A stop that a request leads to is told after the response, although it may have come before
    that was sent: ``event_after_response`` keeps it as long as a request is ``answering``.
    """

    def __init__(self, write: Callable[[Message], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._seq = 0
        self._answering = 0
        self._kept: list[tuple[str, Body]] = []
        self._asked: dict[int, Answered] = {}

    # -- requests of the client ------------------------------------------------------------
    def begin(self) -> None:
        """Note that a request is being carried out."""
        self._answering += 1

    def end(self) -> None:
        """Note that the request was answered; send what was kept until then."""
        self._answering -= 1
        while not self._answering and self._kept:
            self.event(*self._kept.pop(0))

    def respond(self, request: Request, body: Body | None = None) -> None:
        """Answer a request that has succeeded."""
        message = {"request_seq": request.seq, "command": request.command, "success": True}
        self._send("response", message | ({} if body is None else {"body": body}))

    def fail(self, request: Request, error: CrabtrapError | str, *, shown: bool = False) -> None:
        """Answer a request that has failed; ``shown``: the user is to be told."""
        text, kind = str(error), type(error).__name__
        if not isinstance(error, str) and error.hint:
            text += f"\n{error.hint}"
        details = {"id": _error_number(kind), "format": text, "showUser": shown}
        self._send(
            "response",
            {
                "request_seq": request.seq,
                "command": request.command,
                "success": False,
                "message": CANCELLED if kind == "CancelledError" else text,
                "body": {"error": details},
            },
        )

    # -- of our own accord -----------------------------------------------------------------
    def event(self, name: str, body: Body | None = None) -> None:
        """Send an event."""
        self._send("event", {"event": name} | ({} if body is None else {"body": body}))

    def event_after_response(self, name: str, body: Body | None = None) -> None:
        """Send an event, after the response where a request is being carried out."""
        if self._answering:
            self._kept.append((name, body or {}))
        else:
            self.event(name, body)

    def ask(self, command: str, arguments: Body, answered: Answered) -> None:
        """Send a request to the client."""
        self._send("request", {"command": command, "arguments": arguments}, answered)

    def take_answer(self, request_seq: object) -> Answered | None:
        """What is to be called with the response to a request of ours, once."""
        return self._asked.pop(request_seq, None) if isinstance(request_seq, int) else None

    def _send(self, kind: str, fields: Body, answered: Answered | None = None) -> None:
        with self._lock:
            self._seq += 1
            if answered is not None:
                self._asked[self._seq] = answered
            self._write({"seq": self._seq, "type": kind, **fields})


_KINDS = (
    "UsageError",
    "ParseError",
    "NotFoundError",
    "RangeError",
    "StateError",
    "UnsupportedError",
    "StaleError",
    "CancelledError",
    "CallError",
    "TargetError",
    "MemoryFault",
    "ProcessGone",
    "RemoteError",
    "LaunchError",
    "DebugInfoError",
    "MissingDebugInfo",
)
"""Errors by the number that the client sees; new ones go to the end."""

_FIRST_NUMBER = 1000


def _error_number(kind: str) -> int:
    return _FIRST_NUMBER + (_KINDS.index(kind) + 1 if kind in _KINDS else 0)
