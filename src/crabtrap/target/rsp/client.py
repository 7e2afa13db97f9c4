"""Requests and replies in order, stops whenever they come.

Requests are numbered by *tickets*; the reply with the same number answers them.  Many
requests travel in one ``send``.  All state that must change together is one immutable
tuple replaced by one assignment, so that an exception out of a signal handler, which may
strike anywhere, leaves the stream in step: replies to an abandoned request are dropped
when they come.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from enum import Enum
from time import monotonic
from typing import NamedTuple

from crabtrap.errors import RemoteError, UnsupportedError
from crabtrap.log import Log
from crabtrap.target.rsp.channel import Channel
from crabtrap.target.rsp.packets import frame, parse_hex, split, unescape

_log = Log("crabtrap.remote")

REPLY_TIMEOUT = 30.0
"""Seconds a server may take for a reply."""

DEFAULT_PACKET_SIZE = 400
"""Bytes of a packet that every server takes, where it does not tell its own limit."""

_VSTOPPED = b"vStopped"
_LAST_STOP = b"crabtrap.last-stop:"
"""In a stop: no other will be told before something is resumed, and that acknowledges it."""


class Route(Enum):
    """Where a reply goes that nobody waits for."""

    STOP = "a stop, or OK when there are no more"
    CHECK = "an error is kept for the next wait"
    NOTE = "an error is kept for whoever asks, see ``take_noted``"


class _Outgoing(NamedTuple):
    data: bytes
    sent: list[int]
    next_ticket: int


class _Incoming(NamedTuple):
    rest: bytes
    chunks: list[bytes]
    answered: int
    stops: tuple[bytes, ...]
    unacknowledged: bool
    complete: bool


class Client:
    """One connection to a server.

    Attributes:
        features: What the server said to ``qSupported``: name to value, "+" or "-".
        non_stop: Stops come as notifications and requests are allowed meanwhile.
        packet_size: Longest packet the server takes, in bytes.
        bytes_sent, bytes_received: For measurements.
    """

    def __init__(
        self, channel: Channel, exit_message: Callable[[], str] = lambda: "the server closed"
    ) -> None:
        """Wrap a connected channel; ``obituary`` tells, after its end, what happened."""
        self.features: dict[str, str] = {}
        self.non_stop = False
        self.packet_size = DEFAULT_PACKET_SIZE
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

    @property
    def channel(self) -> Channel:
        """The bytes below."""
        return self._channel

    # -- start -------------------------------------------------------------------------

    def negotiate(self, offers: Sequence[str]) -> None:
        """Exchange features, end acknowledgements and choose non-stop mode where it is known.

        Args:
            offers: Our side of ``qSupported``.

        Raises:
            RemoteError: The other side does not speak the protocol.
        """
        # One at a time: until acknowledgements end, a server may discard what follows.
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
        """The server announced ``feature``."""
        return self.features.get(feature) == "+"

    # -- requests ----------------------------------------------------------------------

    def request(self, payload: bytes, *, timeout: float = REPLY_TIMEOUT) -> bytes:
        """Send one packet and return its reply as it is, errors included."""
        return self.exchange((payload,), timeout=timeout)[0]

    def exchange(self, payloads: Sequence[bytes], *, timeout: float = REPLY_TIMEOUT) -> list[bytes]:
        """Send packets together and return their replies in order.

        Raises:
            RemoteError: The connection ended, or a reply did not come within ``timeout``
                seconds (per packet of progress).
        """
        first = self.post(payloads)
        return self.collect(first, len(payloads), timeout=timeout, asked=payloads)

    def check(self, payload: bytes, *, timeout: float = REPLY_TIMEOUT) -> bytes:
        """Send one packet and return its reply.

        Raises:
            RemoteError: The server answered with an error.
            UnsupportedError: The server does not know the packet.
        """
        return checked(payload, self.request(payload, timeout=timeout))

    def post(self, payloads: Sequence[bytes], route: Route | None = None) -> int:
        """Queue packets without sending them yet; returns the first one's ticket.

        Args:
            payloads: Escaped where they are binary.
            route: What to do with replies that nobody will ``collect``.
        """
        outgoing = self._outgoing
        first = outgoing.next_ticket
        for ticket in range(first, first + len(payloads)):
            if route is not None:
                self._routes[ticket] = route
            elif self._routes:
                self._routes.pop(ticket, None)
        data = b"".join(map(frame, payloads))
        if _log.is_read:
            for payload in payloads:
                _log.debug("-> %s", payload)
        self._outgoing = _Outgoing(outgoing.data + data, outgoing.sent, first + len(payloads))
        return first

    def settle(self, *, timeout: float = REPLY_TIMEOUT) -> None:
        """Send what is queued and wait until everything sent so far is answered."""
        self.flush()
        end = self._outgoing.next_ticket
        deadline = monotonic() + timeout
        while self._incoming.answered < end:
            self._expect(deadline, b"")

    def take_noted(self) -> list[tuple[int, bytes]]:
        """Tickets of packets posted with ``Route.NOTE`` that failed, with their replies."""
        noted, self._noted = self._noted, []
        return noted

    def collect(
        self,
        first: int,
        count: int,
        *,
        timeout: float = REPLY_TIMEOUT,
        asked: Sequence[bytes] = (),
    ) -> list[bytes]:
        """Send what is queued and return the replies to ``count`` tickets from ``first``."""
        self.flush()
        replies = self._replies
        for ticket in [ticket for ticket in replies if ticket < first]:
            del replies[ticket]  # asked for by somebody who was interrupted
        end = first + count
        deadline = monotonic() + timeout
        while self._incoming.answered < end:
            before = self._incoming.answered
            self._expect(deadline, asked[max(0, before - first)] if asked else b"")
            if self._incoming.answered > before:
                deadline = monotonic() + timeout
        return [replies.pop(ticket) for ticket in range(first, end)]

    def transfer(self, kind: str, annex: str = "", *, limit: int = 16 << 20) -> bytes:
        """Read a whole ``qXfer`` object.

        Raises:
            RemoteError: The server refuses, or sends more than ``limit`` bytes.
            UnsupportedError: It does not know the object.
        """
        room = self.packet_size - 8
        parts: list[bytes] = []
        size = 0
        while True:
            packet = f"qXfer:{kind}:read:{annex}:{size:x},{room:x}".encode()
            reply = checked(packet, self.request(packet))
            part = unescape(reply[1:])
            parts.append(part)
            size += len(part)
            if reply[:1] == b"l":
                return b"".join(parts)
            if reply[:1] != b"m" or not part:
                raise RemoteError(f"the server's {kind} are malformed", packet=shorten(packet))
            if size > limit:
                raise RemoteError(f"the server's {kind} are longer than {limit} bytes")

    def request_descriptor(self, payload: bytes) -> tuple[bytes, int | None]:
        """Send a packet whose reply may bring a file descriptor.

        Returns:
            The reply, and the descriptor or ``None``; the caller owns it.
        """
        ticket = self.post((payload,))
        self.flush()
        descriptors: list[int] = []
        deadline = monotonic() + REPLY_TIMEOUT
        while self._incoming.answered <= ticket:
            if not self._channel.receive_descriptor(self._incoming.chunks, descriptors):
                remaining = deadline - monotonic()
                if remaining <= 0 or not self._channel.sleep(remaining):
                    raise RemoteError("the server did not answer", packet=shorten(payload))
            self._absorb()
        for extra in descriptors[1:]:
            os.close(extra)
        return self.collect(ticket, 1)[0], descriptors[0] if descriptors else None

    def request_with_descriptors(self, payload: bytes, descriptors: tuple[int, ...]) -> bytes:
        """Send a packet with descriptors of ours attached and return its reply."""
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
        """The oldest stop that has come and was not taken, without waiting."""
        incoming = self._incoming
        if not incoming.stops:
            return None
        rest, chunks, answered, (stop, *stops), unacknowledged, complete = incoming
        self._incoming = _Incoming(rest, chunks, answered, tuple(stops), unacknowledged, complete)
        return stop

    def put_stop(self, payload: bytes) -> None:
        """Treat a reply as a stop, after those that wait already (``vRun``, ``?``)."""
        incoming = self._incoming
        self._incoming = incoming._replace(stops=(*incoming.stops, payload))

    def expect_more_stops(self) -> None:
        """Ask for the stops that follow the one that ``?`` has answered."""
        self._incoming = self._incoming._replace(unacknowledged=True)

    def wait_stop(self, timeout: float | None, until: Callable[[], bool]) -> bytes | None:
        """Wait for a stop and take it.

        Watched descriptors are served meanwhile.

        Args:
            timeout: Seconds, or ``None`` for ever.
            until: Asked after every wake-up; waiting ends with ``None`` when it is true.

        Raises:
            RemoteError: The connection ended, or a request sent without waiting failed.
        """
        deadline = None if timeout is None else monotonic() + timeout
        channel = self._channel
        while True:
            if self._incoming.stops:
                channel.serve_watched()
                return self.take_stop()
            if timeout == 0 and self._incoming.complete:
                return None  # the acknowledgement can go with the next resume
            self.acknowledge_stops()
            self.flush()
            if self._failures:
                failures, self._failures = self._failures, []
                raise error_of(b"vCont", failures[0])
            if until():
                return None
            remaining = None if deadline is None else deadline - monotonic()
            overdue = remaining is not None and remaining <= 0
            if overdue and self._more_stops_asked:
                # The answer to a question put already: there are further stops, or not.
                self._expect(monotonic() + REPLY_TIMEOUT, b"vStopped")
            elif self._channel_receive(channel.spin if not overdue else 0.0):
                self._absorb()
            elif overdue:
                channel.serve_watched()
                return None
            else:
                channel.sleep_watching(remaining)

    @property
    def _more_stops_asked(self) -> bool:
        return self.non_stop and Route.STOP in self._routes.values()

    def acknowledge_stops(self) -> None:
        """Queue the acknowledgement of a notification, which asks for further stops."""
        if self._incoming.unacknowledged:
            # Asking twice, should a signal handler raise between these, does no harm.
            self.post((_VSTOPPED,), Route.STOP)
            self._note_acknowledged()

    def acknowledge_by_resuming(self) -> None:
        """As ``acknowledge_stops``, when a resume will be sent along in any case."""
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
        while (outgoing := self._outgoing).data:
            if not outgoing.sent:
                try:
                    taken = self._channel.send_into(outgoing.sent, outgoing.data)
                except OSError as error:
                    raise self._lost(error) from error
                if not taken:
                    # Both sides may be full: keep reading while waiting to write.
                    self._channel.sleep(REPLY_TIMEOUT, writable=True)
                    self._receive(monotonic())
                    continue
            done = sum(outgoing.sent)
            self._outgoing = _Outgoing(outgoing.data[done:], [], outgoing.next_ticket)
            self.bytes_sent += done

    def send_break(self) -> None:
        """Interrupt a server that is in all-stop mode."""
        self._send_raw(b"\x03")

    def close(self) -> None:
        """Close the connection; harmless to repeat."""
        self._channel.close()

    def _expect(self, deadline: float, payload: bytes) -> None:
        """Take in some bytes of the reply to ``payload``.

        Raises:
            RemoteError: Nothing comes before ``deadline``.
        """
        if not self._receive(deadline):
            raise RemoteError(
                "the server does not answer",
                packet=shorten(payload),
                hint="it may be stuck or the connection may be lost; close and start again",
            )

    def _receive(self, deadline: float) -> bool:
        """Take in some bytes; False when ``deadline`` has passed."""
        while not self._channel_receive(self._channel.spin):
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
        """Cut received chunks into packets and file them.

        Everything before the last assignment may be repeated without harm.
        """
        incoming = self._incoming
        chunks = incoming.chunks
        if not chunks:
            return
        replies, notifications, rest = split(incoming.rest + b"".join(chunks))
        if _log.is_read:
            for packet in (*replies, *notifications):
                _log.debug("<- %s", packet)
        if not (chunks[-1] or replies or notifications):
            raise self._lost(None)
        answered, more = self._file_replies(replies, incoming.answered)
        news = [stop[5:] for stop in notifications if stop.startswith(b"Stop:")]
        if self._acknowledge and replies:
            self._outgoing = self._outgoing._replace(data=self._outgoing.data + b"+" * len(replies))
        self.bytes_received += sum(map(len, chunks))
        self._incoming = _Incoming(
            rest,
            [],
            answered,
            (*incoming.stops, *more, *news),
            incoming.unacknowledged or bool(news) or (self.non_stop and bool(more)),
            bool(news) and _LAST_STOP in news[-1],
        )
        for ticket in range(incoming.answered, answered):
            self._routes.pop(ticket, None)

    def _file_replies(self, replies: Sequence[bytes], ticket: int) -> tuple[int, list[bytes]]:
        """Put each reply where its ticket wants it; returns the next ticket and stops."""
        stops: list[bytes] = []
        for reply in replies:
            route = self._routes.get(ticket)
            if route is None:
                self._replies[ticket] = reply
            elif route is Route.CHECK:
                if reply[:1] == b"E" or not reply:
                    self._failures.append(reply)
            elif route is Route.NOTE:
                if reply != b"OK":
                    self._noted.append((ticket, reply))
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

    def _lost(self, error: OSError | None) -> RemoteError:
        detail = self._exit_message()
        if error is not None:
            detail = f"{detail} ({error.strerror or error})"
        return RemoteError(detail, hint="start the program again, or attach to it again")


def parse_features(reply: bytes) -> dict[str, str]:
    """Read the reply to ``qSupported``.

    Example:
        >>> parse_features(b"PacketSize=47ff;QNonStop+;x-")
        {'PacketSize': '47ff', 'QNonStop': '+', 'x': '-'}
    """
    features: dict[str, str] = {}
    for item in reply.decode("ascii", "replace").split(";"):
        name, equals, value = item.partition("=")
        if equals:
            features[name] = value
        elif name:
            features[name[:-1]] = name[-1]
    return features


def checked(payload: bytes, reply: bytes) -> bytes:
    """Return ``reply`` unless it says that ``payload`` failed.

    Raises:
        RemoteError: It is ``Exx`` or ``E.text``.
        UnsupportedError: It is empty, as for packets that a server does not know.
    """
    if not reply:
        raise UnsupportedError(f"the remote request {shorten(payload)!r}")
    if reply[:1] == b"E" and (len(reply) == 3 or reply[1:2] == b"."):
        raise error_of(payload, reply)
    return reply


def error_of(payload: bytes, reply: bytes) -> RemoteError:
    """Make an error of ``Exx`` or ``E.text``."""
    packet = shorten(payload)
    if not reply:
        return RemoteError(f"the server does not know {packet!r}", packet=packet)
    if reply[1:2] == b".":
        return RemoteError(reply[2:].decode("utf-8", "replace"), packet=packet)
    try:
        code = parse_hex(reply[1:3])
    except ValueError:
        return RemoteError(f"the server answered {shorten(reply)!r}", packet=packet)
    return RemoteError(f"the server refused {packet!r} (error {code})", packet=packet, code=code)


def shorten(payload: bytes) -> str:
    """The beginning of a packet, printable, for messages."""
    text = payload[:60].decode("latin-1")
    return text if len(payload) <= 60 else text + "..."


def _is_console_output(reply: bytes) -> bool:
    return reply[:1] == b"O" and reply != b"OK"
