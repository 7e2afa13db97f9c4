"""Damages a program in reproducible ways and asks a session everything about the result.

``python -m tests.support.mutants PROGRAM DIRECTORY FIRST END`` works through the seeds
``[FIRST, END)`` and prints an object for each, ``{"seed": 7, "seconds": 0.01, "said": ".."}``,
and at the end one with the most bytes it had in memory, ``{"memory": 50000000}``.
Anything but a ``CrabtrapError`` ends it with a traceback.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.examination import examine, limit_memory, peak_memory

EDGES = (
    0,
    1,
    7,
    0x7F,
    0xFF,
    0xFFFF,
    0x7FFF_FFFF,
    0xFFFF_FFFF,
    1 << 32,
    (1 << 63) - 1,
    (1 << 64) - 1,
)

# (offset, size) of the fields of ELF64 headers, see elf(5).
FILE_HEADER = (
    (16, 2),
    (18, 2),
    (24, 8),
    (32, 8),
    (40, 8),
    (54, 2),
    (56, 2),
    (58, 2),
    (60, 2),
    (62, 2),
)
SEGMENT_HEADER = ((0, 4), (4, 4), (8, 8), (16, 8), (32, 8), (40, 8), (48, 8))
SECTION_HEADER = ((0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (48, 8), (56, 8))
SECTION_SIZE = 64
SEGMENT_SIZE = 56


def mutate(original: bytes, seed: int) -> bytes:
    """One of endlessly many damaged copies; the same for the same seed."""
    chance = random.Random(seed)
    data = bytearray(original)
    kinds: tuple[Callable[[bytearray, random.Random], None], ...] = (
        change_bytes,
        change_header,
        change_debug_information,
        change_debug_information,
        cut_or_repeat,
    )
    kinds[seed % len(kinds)](data, chance)
    return bytes(data)


def change_bytes(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 64, 1024))):
        data[chance.randrange(4, len(data))] = chance.randrange(256)


def change_header(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 5))):
        segments, sections = struct.unpack_from("<QQ", data, 32)
        segment_count, section_count = data[56], data[60]
        tables = [
            (0, 1, FILE_HEADER, 0),
            (segments, segment_count, SEGMENT_HEADER, SEGMENT_SIZE),
            (sections, section_count, SECTION_HEADER, SECTION_SIZE),
        ]
        start, count, fields, stride = chance.choice(tables)
        offset, size = chance.choice(fields)
        at = start + stride * chance.randrange(max(count, 1)) + offset
        if at + size <= len(data):
            value = chance.choice((*EDGES, len(data), len(data) - 1)) & ((1 << 8 * size) - 1)
            data[at : at + size] = value.to_bytes(size, "little")


def change_debug_information(data: bytearray, chance: random.Random) -> None:
    """Bytes of sections that are not loaded: lines, types, names, unwinding."""
    (sections,) = struct.unpack_from("<Q", data, 40)
    ranges: list[tuple[int, int]] = []
    for index in range(data[60]):
        flags, _, offset, size = struct.unpack_from("<QQQQ", data, sections + 64 * index + 8)
        if not flags & 2 and size:
            ranges.append((offset, size))
    for _ in range(chance.choice((1, 2, 8, 100))):
        offset, size = chance.choice(ranges)
        at = offset + chance.randrange(min(size, chance.choice((16, 64, size))))
        data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def cut_or_repeat(data: bytearray, chance: random.Random) -> None:
    cut = chance.randrange(len(data))
    if chance.random() < 0.5:
        del data[cut:]
    else:
        other = chance.randrange(len(data))
        data[cut : cut + 512] = data[other : other + 512]


def tell(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work through the seeds that the command line names."""
    program, directory, first, end = sys.argv[1:]
    limit_memory()
    original = Path(program).read_bytes()
    for seed in range(int(first), int(end)):
        path = Path(directory) / f"mutant-{seed}"
        path.write_bytes(mutate(original, seed))
        tell({"began": seed})
        start = time.process_time()
        answer = examine(path)
        seconds = time.process_time() - start
        path.unlink()
        tell({"seed": seed, "seconds": seconds, "said": "; ".join(answer.said + answer.problems)})
    tell({"memory": peak_memory()})


if __name__ == "__main__":
    main()
