"""A guard that is sent packets with random damage.

What would start or touch other processes is left as it is, or has a process that cannot be.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
from pathlib import Path

GROWTH = 64 << 20
"""Bytes that a guard may grow by."""

_SECONDS = 10.0
_REPLY = re.compile(rb"[+-]*([$%])([^#$]*)#([0-9a-f]{2})", re.DOTALL)
_LAST = b"$vCont?#49"
_NUMBERS = ("0", "1", "-1", "7fffffff", "ffffffff", "ffffffffffffffff", "10000000000000000", "zz",
            "", "f" * 100, "40_0", "0x10")  # fmt: skip


def seeds(text: int) -> tuple[str, ...]:
    """Good packets of every kind that stays within the program."""
    return (
        "qSupported:multiprocess+;swbreak+", "QNonStop:1", "?", "!", "qC", "qAttached",
        "qXfer:features:read:target.xml:0,400", "qXfer:threads:read::0,400",
        "qXfer:auxv:read::0,400", "qXfer:libraries-svr4:read::0,400",
        "qXfer:exec-file:read:1:0,400", "qXfer:siginfo:read::0,400", "qfThreadInfo",
        "qsThreadInfo", "qThreadExtraInfo,1", "Hg0", "Hgp1.1", "Hc-1", "g", "p10",
        "P0=0000000000000000",
        f"m{text:x},40", f"x{text:x},40", f"M{text:x},1:c3", f"X{text:x},1:a", f"Z0,{text:x},1",
        f"Z0,{text:x},1;X3,220027", f"Z1,{text:x},1", f"Z2,{text + 4096:x},8", f"z0,{text:x},1",
        f"Z0,{text:x},1;X6,26000022010027;cmds:0,X1,27", "vCont;s", "vCont;c",
        "vCont;t", "vCont;C05",
        f"vCont;r{text:x},{text + 16:x}", "vCont;s:p1.1;c", "vStopped", "vFile:setfs:0",
        "vFile:open:2f70726f632f73656c662f6d617073,0,0", "vFile:pread:0,400,0", "vFile:fstat:0",
        "vFile:close:0", "vFile:readlink:2f70726f632f73656c662f657865", "QPassSignals:e;10",
        "QCatchSyscalls:1;1", "QCatchSyscalls:0", "QProgramSignals:e", "QTDV:1:0:0:61", "qTV:1",
        "QSaveRegisterState", "QRestoreRegisterState:1", "QThreadEvents:1", "QStartupWithShell:0",
        "QSetWorkingDir:2f", "QEnvironmentHexEncoded:413d42", "QEnvironmentUnset:41",
        "QEnvironmentReset", "QDisableRandomization:1", "qcrabtrap.MemoryFd:1",
        "Qcrabtrap.StopAll:1", "T1", "qRcmd,68", "bc", "D;7fffffff", "vKill;7fffffff",
        "vAttach;7fffffff", "R00",
    )  # fmt: skip


def damaged(packet: str, chance: random.Random) -> bytes:
    """One packet with some of it changed, framed, and sometimes framed wrongly."""
    data = packet
    for _ in range(chance.choice((0, 1, 1, 2))):
        match chance.randrange(4):
            case 0:
                data = re.sub(r"[0-9a-f]+", lambda found: chance.choice((found[0],) * 3 + _NUMBERS),
                              data)  # fmt: skip
            case 1:
                data = data[: chance.randrange(len(data) + 1)]
            case 2:
                data += chance.choice((";", ",", ":", "0" * 5000, data, "\xff", "*", "}"))
            case _:
                at = chance.randrange(len(data) + 1)
                data = data[:at] + chr(chance.randrange(256)) + data[at + 1 :]
    raw = data.encode("latin-1")
    # These would reach processes that are not ours, or start one.
    if raw.startswith(
        (b"vAttach", b"vKill", b"D;", b"vRun", b"R", b"k", b"D", b"T", b"Qcrabtrap.Su")
    ):
        raw = packet.encode() if packet[:1] in "vDTR" and "7fffffff" in packet else b"qC"
    raw = raw.replace(b"#", b"").replace(b"$", b"")
    check = sum(raw) & 0xFF
    if chance.randrange(100) == 0:
        check ^= 0x55
    return b"$" + raw + b"#%02x" % check


def is_framed(packet: bytes) -> bool:
    """Whether the checksum of a packet is right."""
    return int(packet[-2:], 16) == sum(packet[1:-3]) & 0xFF


class Fuzzed:
    """A guard with a program, that is asked nonsense."""

    def __init__(self, binary: Path, program: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [binary, "--fd", str(theirs.fileno()), "--", program, "1"],
            pass_fds=[theirs.fileno()],
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self.socket.settimeout(_SECONDS)
        self.rest = b""

    def ask(self, packet: bytes) -> bool:
        """Send a packet, and then a good one; ``False`` where the guard closed the connection."""
        try:
            return self._answered(packet + _LAST)
        except ConnectionError:
            return False

    def _answered(self, packets: bytes) -> bool:
        self.socket.sendall(packets)
        while True:
            while (found := _REPLY.match(self.rest)) is not None:
                kind, payload, check = found.groups()
                assert int(check, 16) == sum(payload) & 0xFF, found[0][:100]
                self.rest = self.rest[found.end() :]
                if (kind, payload) == (b"$", b"vCont;c;C;s;S;t;r"):
                    return True  # the reply to the last one
            begun = self.rest.lstrip(b"+-")
            assert not begun or begun[:1] in b"$%", begun[:100]
            data = self.socket.recv(1 << 16)
            if not data:
                return False
            self.rest += data

    def memory(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    def close(self) -> int:
        self.socket.close()
        return self.process.wait(_SECONDS)


def fuzz(binary: Path, program: str, code: int, count: int, seed: int) -> int:
    """Send so many damaged packets, and return the bytes that a guard grew by.

    Args:
        binary: The guard.
        program: A program that runs until it is killed.
        code: An address of its code.
        count: Packets.
        seed: The same packets come of the same one.
    """
    chance = random.Random(seed)
    good = seeds(code)
    growth = 0
    sent = 0
    while sent < count:
        guard, packet = Fuzzed(binary, program), b""
        try:
            assert guard.ask(b"")
            before = guard.memory()
            for _ in range(min(count - sent, 500)):
                packet = damaged(chance.choice(good), chance)
                sent += 1
                growth = max(growth, guard.memory() - before)
                if not guard.ask(packet):
                    # Only what is no packet may end the connection.
                    assert not is_framed(packet), f"seed {seed}: {packet[:200]!r}"
                    break
        except TimeoutError:
            raise AssertionError(
                f"no answer: seed {seed}, packet {sent}: {packet[:200]!r}"
            ) from None
        finally:
            if guard.process.poll() is None:
                os.kill(guard.process.pid, signal.SIGTERM)
            status = guard.close()
        assert status in (0, -signal.SIGTERM, 128 + signal.SIGTERM), (
            f"the guard ended with {status}"
        )
    return growth
