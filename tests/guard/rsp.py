"""A small remote protocol client, independent of the one under ``src``."""

from __future__ import annotations

import os
import re
import select
import socket
import struct
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

RIP = 16
TIMEOUT = 20.0


class GuardError(Exception):
    """The guard answered with an error."""


@dataclass
class Stop:
    """One stop reply, taken apart."""

    text: str
    kind: str
    signal: int = 0
    pid: int = 0
    tid: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def pc(self) -> int:
        return self.register(RIP)

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.fields[f"{number:02x}"]), "little")


def parse_stop(text: str) -> Stop:
    """Take a stop reply packet apart."""
    stop = Stop(text, text[0])
    if text[0] == "N":
        return stop
    stop.signal = int(text[1:3], 16)
    for item in text[3:].split(";"):
        name, _, value = item.partition(":")
        if name:
            stop.fields[name] = value
    if text[0] == "w":
        stop.pid, stop.tid = parse_thread(text.split(";")[1])
    elif text[0] in "WX":
        stop.pid = int(stop.fields.get("process", "0"), 16)
    else:
        stop.pid, stop.tid = parse_thread(stop.fields["thread"])
    return stop


def parse_thread(text: str) -> tuple[int, int]:
    """``pPID.TID`` in hexadecimal."""
    match = re.fullmatch(r"p([0-9a-f]+)\.([0-9a-f]+)", text)
    assert match is not None, text
    return int(match[1], 16), int(match[2], 16)


class Guard:
    """A guard process and the connection to it, in non-stop mode with all told stops parking."""

    def __init__(self, binary: Path, *, stop_all: bool = True, features: str = "") -> None:
        ours, theirs = socket.socketpair()
        # GUARD_LOG helps when a test has to be understood.
        log = os.environ.get("GUARD_LOG")
        extra = ["--log", log] if log else []
        self.process = subprocess.Popen(
            [str(binary), "--fd", str(theirs.fileno()), *extra], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self.socket = ours
        self.stops: deque[Stop] = deque()
        self._buffer = b""
        base = "multiprocess+;swbreak+;hwbreak+;no-resumed+"
        self.supported = self.request(f"qSupported:{base}{features}")
        assert self.request("QStartNoAckMode") == "OK"
        self._acks = False
        assert self.request("QNonStop:1") == "OK"
        if stop_all:
            assert self.request("Qcrabtrap.StopAll:1") == "OK"

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> int:
        """Hang up and wait for the guard's end."""
        self.socket.close()
        return self.process.wait(TIMEOUT)

    # --- packets -------------------------------------------------------------------------

    def send(self, payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))

    def request(self, payload: str | bytes) -> str:
        """Send a packet and return the answer; stops that come meanwhile are kept."""
        self.send(payload)
        return self.answer()

    def answer(self) -> str:
        """The answer to a packet already sent."""
        first = None
        kind, text = self._read()
        if kind == "%":
            # Acknowledging it now would take this packet's answer for that one's.
            first = text
            kind, text = self._read()
        assert kind == "$"
        if first is not None:
            self._take_stops(first)
        if text.startswith("E."):
            raise GuardError(text[2:])
        return text

    def _read(self, timeout: float = TIMEOUT) -> tuple[str, str]:
        deadline = time.monotonic() + timeout
        while True:
            match = re.match(rb"\+*([$%])([^#]*)#..", self._buffer, re.S)
            if match:
                self._buffer = self._buffer[match.end() :]
                kind, text = match[1].decode(), match[2].decode("latin-1")
                return kind, text
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise TimeoutError(f"no packet; buffer {self._buffer!r}")
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the guard has hung up")
            self._buffer += data

    def _take_stops(self, text: str) -> None:
        self.stops.append(parse_stop(text.removeprefix("Stop:")))
        self.stops.extend(self.acknowledge())

    def read_notification(self) -> Stop:
        """The next stop, not acknowledged: no other comes before :meth:`acknowledge`."""
        kind, text = self._read()
        assert kind == "%", text
        return parse_stop(text.removeprefix("Stop:"))

    def acknowledge(self) -> list[Stop]:
        """Acknowledge a notification and return the stops that there are beside it."""
        stops = []
        while (answer := self.request("vStopped")) != "OK":
            stops.append(parse_stop(answer))
        return stops

    def wait(self, timeout: float = TIMEOUT) -> Stop:
        """The next stop."""
        while not self.stops:
            kind, text = self._read(timeout)
            assert kind == "%", text
            self._take_stops(text)
        return self.stops.popleft()

    def wait_for_end(self) -> Stop | None:
        """Resume; the end of the process, or ``None`` for a stop before it."""
        self.resume()
        stop = self.wait()
        return stop if stop.kind in "WX" else None

    def wait_for_write(self, address: int) -> bool:
        """Resume to the next write of a watched cell; false at the end of the process."""
        self.resume()
        stop = self.wait()
        if stop.kind == "T":
            assert int(stop.fields["watch"], 16) == address
        return stop.kind == "T"

    # --- commands ------------------------------------------------------------------------

    def run(self, *argv: str) -> Stop:
        """Start a program; it stands at its first instruction."""
        return parse_stop(self.request("vRun;" + ";".join(a.encode().hex() for a in argv)))

    def attach(self, pid: int) -> Stop:
        assert self.request(f"vAttach;{pid:x}") == "OK"
        return self.wait()

    def resume(self, actions: str = "c") -> None:
        assert self.request(f"vCont;{actions}") == "OK"

    def step(self, stop: Stop) -> Stop:
        self.resume(f"s:p{stop.pid:x}.{stop.tid:x}")
        return self.wait()

    def stop_at(self, address: int, *conditions: bytes) -> None:
        text = f"Z0,{address:x},1"
        if conditions:
            text += ";" + "".join(f"X{len(c):x},{c.hex()}" for c in conditions)
        assert self.request(text) == "OK"

    def remove(self, address: int) -> None:
        assert self.request(f"z0,{address:x},1") == "OK"

    def select(self, pid: int, tid: int) -> None:
        assert self.request(f"Hgp{pid:x}.{tid:x}") == "OK"

    def read(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self.request(f"m{address:x},{size:x}"))

    def read_u64(self, address: int) -> int:
        return struct.unpack("<Q", self.read(address, 8))[0]

    def write(self, address: int, data: bytes) -> None:
        assert self.request(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.request(f"p{number:x}")), "little")

    def variable(self, number: int) -> int:
        return int(self.request(f"qTV:{number:x}").removeprefix("V"), 16)

    def threads(self) -> list[tuple[int, int]]:
        text = self.request("qfThreadInfo")
        return [parse_thread(item) for item in text[1:].split(",")] if text != "l" else []

    def detach(self, pid: int) -> None:
        assert self.request(f"D;{pid:x}") == "OK"
