"""A connection to a server: requests matched with replies by order, stops queued as they come.

Requests are numbered by *tickets*, and the replies in the same way; many requests are sent
in one ``send``.  State that must change together is one immutable tuple that is replaced by
one assignment.  So an exception out of a signal handler, which may be raised anywhere, leaves
requests and replies matched: replies to an abandoned request are dropped when they arrive.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from enum import Enum
from time import monotonic
from typing import NamedTuple

from crabtrap.errors import ConnectionLost, RemoteError
from crabtrap.log import Log
from crabtrap.target.rsp.channel import Channel
from crabtrap.target.rsp.packets import frame, parse_hex, split
from crabtrap.target.rsp.replies import checked, error_of, parse_features, shorten

_log = Log("crabtrap.remote")

REPLY_TIMEOUT = 30.0
"""Seconds a server may take for a reply."""

_MOST_STOPS = 1 << 16
"""Stops without a resume in between; a process has fewer threads."""

_MOST_LATE = 64
"""Receptions after the end of a wait, for what had come by then; a server may send for ever."""

DEFAULT_PACKET_SIZE = 400
"""Bytes of a packet that a server accepts if it announces no ``PacketSize``."""

RESUME = "vCont"
"""The packet of an error that says that a resume was refused."""

_VSTOPPED = b"vStopped"
_LAST_STOP = b"crabtrap.last-stop:"
"""In a stop of our guard: no other stop is pending, and a resume acknowledges this one."""


class Route(Enum):
    """What to do with a reply that is not collected."""

    STOP = "queue it as a stop, unless it is OK: there are no more"
    CHECK = "raise an error in the next wait"
    NOTE = "keep an error for ``take_noted``"
    DISCARD = "an error changes nothing"


class _Outgoing(NamedTuple):
    """Data to send, the counts of bytes sent of it, and the ticket of the next request."""

    data: bytes
    sent: list[int]
    next_ticket: int


class _Incoming(NamedTuple):
    """Received data, and what was parsed of it.

    Attributes:
        rest: The beginning of an incomplete packet.
        chunks: Data received after it.
        answered: Ticket of the next reply.
        stops: Stops that were not taken yet.
        unacknowledged: A stop notification waits for ``vStopped``.
        complete: The server has announced that no other stop is pending.
    """

    rest: bytes
    chunks: list[bytes]
    answered: int
    stops: tuple[bytes, ...]
    unacknowledged: bool
    complete: bool


class Connection:
    """One connection to a server.

    Attributes:
        features: The server's ``qSupported`` features: name to value, "+" or "-".
        non_stop: Non-stop mode: stops are notifications, requests are always allowed.
        packet_size: Longest packet that the server accepts, in bytes.
        patience: Seconds the server may take for a reply, where a request says nothing else.
        is_silent: A request was given up without a reply, and nothing has come since: the
            server has had its time, and further requests are given up at once.
        bytes_sent, bytes_received: Totals, for measurements.
    """

    def __init__(
        self, channel: Channel, exit_message: Callable[[], str] = lambda: "the server closed"
    ) -> None:
        """Wrap a connected channel; ``exit_message`` says, once it is closed, why."""
        self.features: dict[str, str] = {}
        self.non_stop = False
        self.packet_size = DEFAULT_PACKET_SIZE
        self.patience = REPLY_TIMEOUT
        self.is_silent = False
        self.bytes_sent = 0
        self.bytes_received = 0
        self._channel = channel
        self._exit_message = exit_message
        self._acknowledge = True
        self._outgoing = _Outgoing(b"", [], 0)
        self._incoming = _Incoming(b"", [], 0, (), False, False)
        self._replies: dict[int, bytes] = {}
        self._routes: dict[int, Route] = {}
        self._failures: list[bytes] = []
        self._noted: list[tuple[int, bytes]] = []
        self._stop_count = 0

    @property
    def channel(self) -> Channel:
        """The connection's byte stream."""
        return self._channel

    # -- start -------------------------------------------------------------------------

    def negotiate(self, offers: Sequence[str]) -> None:
        """Exchange features, end acknowledgements, and enter non-stop mode where supported.

        Args:
            offers: The features that we announce in ``qSupported``.

        Raises:
            RemoteError: The server does not speak the protocol.
        """
        # One at a time: until acknowledgements end, a server may discard further packets.
        reply = self.request(b"qSupported:" + ";".join(offers).encode(), timeout=10.0)
        self.features = parse_features(reply)
        size = self.features.get("PacketSize", "")
        if size:
            try:
                self.packet_size = max(64, min(parse_hex(size.encode()), 1 << 20))
            except ValueError:
                raise RemoteError(f"the server claims a packet size of {size[:20]!r}") from None
        if self.features.get("QStartNoAckMode") == "+" and self._ask_ok(b"QStartNoAckMode"):
            self.flush()  # the acknowledgement of that very reply
            self._acknowledge = False
        if self.features.get("QNonStop") == "+":
            self.non_stop = self._ask_ok(b"QNonStop:1")

    def has(self, feature: str) -> bool:
        """Whether the server has announced ``feature``."""
        return self.features.get(feature) == "+"

    # -- requests ----------------------------------------------------------------------

    def request(self, payload: bytes, *, timeout: float | None = None) -> bytes:
        """Send one packet and return its reply, be it an error or not."""
        return self.exchange((payload,), timeout=timeout)[0]

    def exchange(self, payloads: Sequence[bytes], *, timeout: float | None = None) -> list[bytes]:
        """Send packets together and return their replies in order.

        Raises:
            RemoteError: The connection ended, or no reply came for ``timeout`` seconds.
        """
        first = self.post(payloads)
        return self.collect(first, len(payloads), timeout=timeout, asked=payloads)

    def check(self, payload: bytes, *, timeout: float | None = None) -> bytes:
        """Send one packet and return its reply.

        Raises:
            RemoteError: The reply is an error.
            UnsupportedError: The server does not support the packet.
        """
        return checked(payload, self.request(payload, timeout=timeout))

    def post(self, payloads: Sequence[bytes], route: Route | None = None) -> int:
        """Queue packets without sending them yet, and return the ticket of the first.

        Args:
            payloads: Escaped where they are binary.
            route: What to do with the replies; without it they must be collected.
        """
        outgoing = self._outgoing
        first = outgoing.next_ticket
        for ticket in range(first, first + len(payloads)):
            if route is not None:
                self._routes[ticket] = route
            elif self._routes:
                self._routes.pop(ticket, None)
        data = b"".join(map(frame, payloads))
        if _log.is_enabled:
            for payload in payloads:
                _log.debug("-> %s", payload)
        self._outgoing = _Outgoing(outgoing.data + data, outgoing.sent, first + len(payloads))
        return first

    def settle(self, *, timeout: float | None = None) -> None:
        """Send what is queued, and wait until all requests have their replies."""
        self.flush()
        end = self._outgoing.next_ticket
        deadline = self._deadline(timeout)
        while self._incoming.answered < end:
            was_silent = self.is_silent
            self._expect(deadline, b"")
            if was_silent:
                deadline = self._deadline(timeout)

    def take_noted(self) -> list[tuple[int, bytes]]:
        """Return ticket and reply of each packet posted with ``Route.NOTE`` that failed."""
        noted, self._noted = self._noted, []
        return noted

    def collect(
        self,
        first: int,
        count: int,
        *,
        timeout: float | None = None,
        asked: Sequence[bytes] = (),
    ) -> list[bytes]:
        """Send what is queued, and return the replies to ``count`` tickets from ``first``."""
        self.flush()
        replies = self._replies
        for ticket in [ticket for ticket in replies if ticket < first]:
            del replies[ticket]  # of a request that was abandoned by an exception
        end = first + count
        deadline = self._deadline(timeout)
        while self._incoming.answered < end:
            before = self._incoming.answered
            was_silent = self.is_silent
            self._expect(deadline, asked[max(0, before - first)] if asked else b"")
            if was_silent or self._incoming.answered > before:
                deadline = self._deadline(timeout)
        return [replies.pop(ticket) for ticket in range(first, end)]

    def request_descriptor(self, payload: bytes) -> tuple[bytes, int | None]:
        """Send a packet whose reply may come with a file descriptor.

        Returns:
            The reply, and the descriptor (owned by the caller) or ``None``.
        """
        ticket = self.post((payload,))
        self.flush()
        descriptors: list[int] = []
        deadline = self._deadline(None)
        while self._incoming.answered <= ticket:
            remaining = deadline - monotonic()
            if not self._channel.receive_descriptor(self._incoming.chunks, descriptors) and not (
                remaining > 0 and self._channel.sleep(remaining)
            ):
                raise self._silent(payload)
            self._absorb()
            self._check_overdue(deadline, payload)
        for extra in descriptors[1:]:
            os.close(extra)
        return self.collect(ticket, 1)[0], descriptors[0] if descriptors else None

    def request_with_descriptors(self, payload: bytes, descriptors: tuple[int, ...]) -> bytes:
        """Send a packet with descriptors attached, and return its reply."""
        self.flush()
        ticket = self.post((payload,))
        data = self._outgoing.data
        try:
            sent = self._channel.send_descriptors(data, descriptors)
        except OSError as error:
            raise self._lost(error) from error
        self._outgoing = _Outgoing(data[sent:], [], self._outgoing.next_ticket)
        return self.collect(ticket, 1)[0]

    # -- stops -------------------------------------------------------------------------

    def take_stop(self) -> bytes | None:
        """Take the oldest queued stop, without waiting."""
        incoming = self._incoming
        if not incoming.stops:
            return None
        rest, chunks, answered, (stop, *stops), unacknowledged, complete = incoming
        self._incoming = _Incoming(rest, chunks, answered, tuple(stops), unacknowledged, complete)
        return stop

    def put_stop(self, payload: bytes) -> None:
        """Queue the reply to a request that is a stop (``vRun``, ``?``)."""
        incoming = self._incoming
        self._incoming = incoming._replace(stops=(*incoming.stops, payload))

    def expect_more_stops(self) -> None:
        """Request the stops after the one in the reply to ``?``, which starts a sequence."""
        self._incoming = self._incoming._replace(unacknowledged=True)

    def wait_stop(self, timeout: float | None, until: Callable[[], bool]) -> bytes | None:
        """Wait for a stop and take it, calling the callbacks of watched descriptors meanwhile.

        Args:
            timeout: Seconds, or ``None`` for ever.
            until: Called after every wake-up; when it is true, the wait returns ``None``.

        Raises:
            RemoteError: The connection ended, or a request with ``Route.CHECK`` failed.
        """
        deadline = None if timeout is None else monotonic() + timeout
        channel = self._channel
        late = 0
        while True:
            if self._incoming.stops:
                channel.serve_watched()
                return self.take_stop()
            if timeout == 0 and self._incoming.complete:
                return None  # the next resume will acknowledge the last stop
            self.acknowledge_stops()
            self.flush()
            if self._failures:
                failures, self._failures = self._failures, []
                raise error_of(RESUME.encode(), failures[0])
            if until():
                return None
            remaining = None if deadline is None else deadline - monotonic()
            overdue = remaining is not None and remaining <= 0
            if overdue and self._more_stops_asked:
                # Not returning yet: vStopped was sent, and its reply may be a stop.
                self._expect(self._deadline(None), b"vStopped")
            elif late < _MOST_LATE and self._channel_receive(channel.spin if not overdue else 0.0):
                self._absorb()
                late += overdue
            elif overdue:
                channel.serve_watched()
                return None
            else:
                channel.sleep_watching(remaining)

    def await_stop(self, is_wanted: Callable[[bytes], bool], timeout: float) -> bool:
        """Receive stops until a wanted one is queued, and leave all of them queued.

        Args:
            is_wanted: Judges a stop reply.
            timeout: Seconds; 0 to take in only what has arrived.

        Raises:
            RemoteError: The connection ended.
        """
        deadline = monotonic() + timeout
        late = 0
        while True:
            if any(map(is_wanted, self._incoming.stops)):
                return True
            self.acknowledge_stops()
            self.flush()
            received = self._receive(deadline)
            late += received and monotonic() >= deadline
            if late > _MOST_LATE or not (received or monotonic() < deadline):
                return False

    @property
    def _more_stops_asked(self) -> bool:
        return self.non_stop and Route.STOP in self._routes.values()

    def acknowledge_stops(self) -> None:
        """Queue ``vStopped``, which acknowledges a notification and requests further stops."""
        if self._incoming.unacknowledged:
            # If a signal handler raises in between, it is sent twice, which is harmless.
            self.post((_VSTOPPED,), Route.STOP)
            self._note_acknowledged()

    def acknowledge_by_resuming(self) -> None:
        """Acknowledge stops when a resume follows at once, which may do it by itself."""
        self._stop_count = 0
        if self._incoming.complete:
            self._note_acknowledged()
        else:
            self.acknowledge_stops()

    def _note_acknowledged(self) -> None:
        rest, chunks, answered, stops, _, _ = self._incoming
        self._incoming = _Incoming(rest, chunks, answered, stops, False, False)

    # -- bytes -------------------------------------------------------------------------

    def flush(self) -> None:
        """Send everything that is queued.

        Raises:
            RemoteError: The connection has ended.
        """
        deadline: float | None = None
        while (outgoing := self._outgoing).data:
            if not outgoing.sent:
                try:
                    taken = self._channel.send_into(outgoing.sent, outgoing.data)
                except OSError as error:
                    self._absorb_rest()
                    raise self._lost(error) from error
                if not taken:
                    deadline = self._deadline(None) if deadline is None else deadline
                    # The server may be blocked writing: read while waiting to write.
                    self._channel.sleep(max(0.0, deadline - monotonic()), writable=True)
                    self._receive(monotonic())
                    self._check_overdue(deadline, b"")
                    continue
            deadline = None
            done = sum(outgoing.sent)
            self._outgoing = _Outgoing(outgoing.data[done:], [], outgoing.next_ticket)
            self.bytes_sent += done

    def send_break(self) -> None:
        """Interrupt the program in all-stop mode (a 0x03 byte)."""
        self._send_raw(b"\x03")

    def close(self) -> None:
        """Close the connection; may be repeated."""
        self._channel.close()

    def _expect(self, deadline: float, payload: bytes) -> None:
        """Receive some bytes of the reply to ``payload``.

        Raises:
            RemoteError: Nothing arrives before ``deadline``.
        """
        before, was_silent = self._incoming.answered, self.is_silent
        if not self._receive(deadline):
            raise self._silent(payload)
        if self._incoming.answered == before and not was_silent:
            self._check_overdue(deadline, payload)

    def _check_overdue(self, deadline: float, payload: bytes) -> None:
        """Raise ``RemoteError`` after ``deadline``: what comes is no reply to ``payload``."""
        if monotonic() >= deadline:
            raise self._silent(payload)

    def _silent(self, payload: bytes) -> RemoteError:
        self.is_silent = True
        return RemoteError(
            "the server does not answer",
            packet=shorten(payload),
            hint="it may be stuck or the connection lost: try again, or close and start again",
        )

    def _deadline(self, timeout: float | None) -> float:
        """When a reply is overdue; it is at once if the server owes another one so long already."""
        if self.is_silent:
            return monotonic()
        return monotonic() + (self.patience if timeout is None else timeout)

    def _receive(self, deadline: float) -> bool:
        """Receive some bytes; return False when ``deadline`` has passed."""
        # What is not waited for is not spun for, either.
        spin = self._channel.spin if monotonic() < deadline else 0.0
        while not self._channel_receive(spin):
            remaining = deadline - monotonic()
            if remaining <= 0 or not self._channel.sleep(remaining):
                return False
        self._absorb()
        return True

    def _channel_receive(self, spin: float) -> bool:
        try:
            return self._channel.receive_into(self._incoming.chunks, spin)
        except OSError as error:
            raise self._lost(error) from error

    def _absorb(self) -> None:
        """Split received chunks into packets, and file these as replies and stops.

        After an exception anywhere before ``_incoming`` is assigned, it can be repeated.
        """
        incoming = self._incoming
        chunks = incoming.chunks
        if not chunks:
            return
        replies, notifications, rest = split(incoming.rest + b"".join(chunks))
        if _log.is_enabled:
            for packet in (*replies, *notifications):
                _log.debug("<- %s", packet)
        if not (chunks[-1] or replies or notifications):
            raise self._lost(None)
        answered, more = self._file_replies(replies, incoming.answered)
        notified = [stop[5:] for stop in notifications if stop.startswith(b"Stop:")]
        self._count_stops(len(more) + len(notified))
        if self._acknowledge and replies:
            self._outgoing = self._outgoing._replace(data=self._outgoing.data + b"+" * len(replies))
        self.is_silent = False
        self.bytes_received += sum(map(len, chunks))
        self._incoming = _Incoming(
            rest,
            [],
            answered,
            (*incoming.stops, *more, *notified),
            incoming.unacknowledged or bool(notified) or (self.non_stop and bool(more)),
            bool(notified) and _LAST_STOP in notified[-1],
        )
        for ticket in range(incoming.answered, answered):
            self._routes.pop(ticket, None)

    def _count_stops(self, count: int) -> None:
        self._stop_count += count
        if self._stop_count > _MOST_STOPS:
            raise RemoteError(f"the server reports more than {_MOST_STOPS} stops at once")

    def _absorb_rest(self) -> None:
        """Parse what arrived before the connection broke.

        Raises:
            RemoteError: It is not the protocol, which is why the connection broke.
        """
        with contextlib.suppress(OSError):
            while self._channel.receive_into(self._incoming.chunks, 0.0):
                self._absorb()

    def _file_replies(self, replies: Sequence[bytes], ticket: int) -> tuple[int, list[bytes]]:
        """File each reply by its ticket's route; return the next ticket, and new stops."""
        stops: list[bytes] = []
        for reply in replies:
            route = self._routes.get(ticket)
            if ticket >= self._outgoing.next_ticket:
                if _is_console_output(reply):
                    continue
                raise RemoteError(f"the server answers what it was not asked: {shorten(reply)!r}")
            if route is None:
                self._replies[ticket] = reply
            elif route is Route.CHECK:
                if reply[:1] == b"E" or not reply:
                    self._failures.append(reply)
            elif route is Route.NOTE:
                if reply != b"OK":
                    self._noted.append((ticket, reply))
            elif route is Route.DISCARD:
                pass
            elif _is_console_output(reply):
                continue  # all-stop servers send it before the stop
            elif reply != b"OK":
                stops.append(reply)
            ticket += 1
        return ticket, stops

    def _send_raw(self, data: bytes) -> None:
        outgoing = self._outgoing
        self._outgoing = outgoing._replace(data=outgoing.data + data)
        self.flush()

    def _ask_ok(self, payload: bytes) -> bool:
        return self.request(payload) == b"OK"

    def _lost(self, error: OSError | None) -> ConnectionLost:
        detail = self._exit_message()
        if error is not None:
            detail = f"{detail} ({error.strerror or error})"
        return ConnectionLost(detail, hint="start the program again, or attach to it again")


def _is_console_output(reply: bytes) -> bool:
    return reply[:1] == b"O" and reply != b"OK"
