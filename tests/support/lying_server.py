"""A guard whose replies are damaged on the way: a server that lies, but knows the protocol.

``python -m tests.support.lying_server SEED RATE COUNT_FILE COMMAND...`` runs the command, a server
on its standard input and output, and passes on what the client asks as it is.  Of its packets one
in ``RATE`` is damaged; how many were passed on is written to ``COUNT_FILE`` at the end.
"""

from __future__ import annotations

import os
import random
import re
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from crabtrap.target.rsp.packets import checksum

_PACKET = re.compile(rb"[$%][^#]*#[0-9a-fA-F]{2}|[+-]", re.DOTALL)
_NUMBER = re.compile(rb"[0-9a-f]{2,}")
_EDGES = (b"0", b"-1", b"7fffffff", b"ffffffff", b"7fffffffffffffff", b"ffffffffffffffff",
          b"10000000000000000", b"f" * 5000, b"zz", b"")  # fmt: skip
_OTHERS = (b"OK", b"", b"E01", b"E.what\x1b[2Jever", b"W00", b"X09", b"N", b"T05", b"S05", b"l",
           b"m", b"F-1,2", b"F0;", b"T05thread:p1.1;", b"w0;p1.2", b"O41", b"l<a/>",
           b"T05library:;", b"T05thread:p7fffffff.7fffffff;swbreak:;")  # fmt: skip

Change = Callable[[bytes, random.Random], bytes]


def change_number(payload: bytes, chance: random.Random) -> bytes:
    """Put an edge case in place of some number."""
    found = list(_NUMBER.finditer(payload))
    if not found:
        return payload + chance.choice(_EDGES)
    start, end = chance.choice(found).span()
    return payload[:start] + chance.choice(_EDGES) + payload[end:]


def change_bytes(payload: bytes, chance: random.Random) -> bytes:
    """Change some bytes to any others that need no escape."""
    data = bytearray(payload or b"x")
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(len(data))] = chance.choice(b"0123456789abcdef;:,.-<>\"'xOEFlmT \xff")
    return bytes(data)


def cut(payload: bytes, chance: random.Random) -> bytes:
    """Leave out the end."""
    return payload[: chance.randrange(len(payload) + 1)]


def repeat(payload: bytes, chance: random.Random) -> bytes:
    """Say a part again and again."""
    start = chance.randrange(len(payload) + 1)
    return payload + payload[start:] * chance.choice((1, 10, 1000))


def swap(_payload: bytes, chance: random.Random) -> bytes:
    """Say something else altogether."""
    return chance.choice(_OTHERS)


_CHANGES: tuple[Change, ...] = (change_number, change_number, change_bytes, cut, repeat, swap)


def damage(packet: bytes, chance: random.Random) -> bytes:
    """Return what comes in place of a packet, mostly one that is well framed."""
    kind, payload = packet[:1], packet[1:-3]
    changed = chance.choice(_CHANGES)(payload, chance).replace(b"#", b"")
    framed = kind + changed + b"#%02x" % checksum(changed)
    match chance.randrange(20):
        case 0:
            return b""  # never answered
        case 1:
            return framed + framed
        case 2:
            return framed[:-2] + b"00"
        case 3:
            return b"garbage" + framed
        case 4:
            return b"%Stop:" + changed + b"#%02x" % checksum(b"Stop:" + changed) + packet
        case _:
            return framed


def relay(server: subprocess.Popen[bytes], chance: random.Random, rate: int) -> int:
    """Pass on bytes both ways until one side ends; return how many packets the server sent."""
    assert server.stdin is not None
    assert server.stdout is not None
    requests, replies = server.stdin.fileno(), server.stdout.fileno()
    rest, count = b"", 0
    while True:
        ready, _, _ = select.select([0, replies], [], [])
        if 0 in ready:
            data = os.read(0, 1 << 16)
            if not data:
                return count
            os.write(requests, data)
        if replies in ready:
            data = os.read(replies, 1 << 16)
            if not data:
                return count
            rest += data
            out, end = b"", 0
            for found in _PACKET.finditer(rest):
                packet, end = found[0], found.end()
                count += len(packet) > 1
                is_hit = len(packet) > 1 and chance.randrange(rate) == 0
                out += damage(packet, chance) if is_hit else packet
            rest = rest[end:]
            os.write(1, out)


def main() -> None:
    """Lie as the command line says."""
    seed, rate, count_file, *command = sys.argv[1:]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        count = 0
        try:
            count = relay(server, random.Random(int(seed)), int(rate))
        except OSError:
            pass  # one of the two is gone
        finally:
            Path(count_file).write_text(str(count))
            server.kill()


if __name__ == "__main__":
    main()
