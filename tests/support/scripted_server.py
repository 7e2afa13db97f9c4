"""A remote server of a few lines, in a thread, over a socket pair."""

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

# Between packets; in one piece with the packet before it where the server was slow to read.
_BREAK = re.compile(rb"(\A|#[0-9a-f]{2})\x03")

Answer = bytes | Callable[[bytes], bytes | None]
"""A payload to frame and send; ``None`` from a function means no answer."""


class ScriptedServer:
    """Answers packets by the longest prefix it knows, and with nothing what it does not know.

    Attributes:
        channel: The client's end.
        requests: Payloads received so far, in order.
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
        """Send raw bytes without being asked."""
        self._socket.sendall(data)

    def notify(self, stop: bytes) -> None:
        """Tell a stop."""
        self.send(b"%" + frame(b"Stop:" + stop)[1:])

    def hang_up(self) -> None:
        """Close the connection, as a server that ends."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End both sides."""
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
    """A server for the time of a test."""
    server = ScriptedServer(answers or {})
    try:
        yield server
    finally:
        server.close()
