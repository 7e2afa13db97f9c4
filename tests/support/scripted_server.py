"""A scripted server of the remote protocol, in a thread, over a socket pair."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Generator, Mapping

from crabtrap.target.rsp.channel import Channel
from crabtrap.target.rsp.packets import frame, split

FEATURES = b"PacketSize=1000;QStartNoAckMode+;QNonStop+;multiprocess+;swbreak+;hwbreak+"
STANDARD: Mapping[bytes, bytes] = {
    b"qSupported": FEATURES,
    b"QStartNoAckMode": b"OK",
    b"QNonStop:1": b"OK",
    b"!": b"OK",
    b"vCont?": b"vCont;c;C;s;S;t;r",
    b"Hg": b"OK",
}

# An interrupt (0x03) between packets; it may be received together with the one before it.
_BREAK = re.compile(rb"(\A|#[0-9a-f]{2})\x03")

Answer = bytes | Callable[[bytes], bytes | None]
"""A payload to frame and send, or a function of the request; ``None`` for no reply."""


class ScriptedServer:
    """A server that replies by the longest known prefix of a packet, else with an empty reply.

    Attributes:
        channel: The client's end.
        requests: Payloads of the packets received so far.
        batches: How many packets came with each ``recv``.
    """

    def __init__(self, answers: Mapping[bytes, Answer]) -> None:
        ours, self._socket = socket.socketpair()
        self.channel = Channel(ours)
        self.requests: list[bytes] = []
        self.batches: list[int] = []
        self._answers: dict[bytes, Answer] = {**STANDARD, **answers}
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Send raw bytes without a request."""
        self._socket.sendall(data)

    def notify(self, stop: bytes) -> None:
        """Send a stop notification."""
        self.send(b"%" + frame(b"Stop:" + stop)[1:])

    def hang_up(self) -> None:
        """Shut the connection down, as when a server ends."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close both ends and join the thread."""
        self.channel.close()
        with contextlib.suppress(OSError):
            self.hang_up()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        rest = b""
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                return
            if not data:
                return
            found = split(_BREAK.sub(rb"\1", rest + data))
            rest = found.rest
            self.batches.append(len(found.replies))
            self.requests += found.replies
            answers = [self._answer(packet) for packet in found.replies]
            with contextlib.suppress(OSError):
                self._socket.sendall(b"".join(frame(each) for each in answers if each is not None))

    def _answer(self, packet: bytes) -> bytes | None:
        known = [prefix for prefix in self._answers if packet.startswith(prefix)]
        if not known:
            return b""
        answer = self._answers[max(known, key=len)]
        return answer(packet) if callable(answer) else answer


@contextlib.contextmanager
def scripted(answers: Mapping[bytes, Answer] | None = None) -> Generator[ScriptedServer]:
    """Run a server for the time of a test."""
    server = ScriptedServer(answers or {})
    try:
        yield server
    finally:
        server.close()
