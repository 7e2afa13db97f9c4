"""Types of real programs with bytes that are no values: told in words, and soon enough."""

from __future__ import annotations

import random
import struct

import pytest

from crabtrap import Session
from crabtrap.target.stdio import Stdio
from crabtrap.values import Bytes, Value
from tests.support.inferiors import build

LOCATIONS = [
    ("values", "iterators.rs", ("of_sequences", "of_maps", "of_texts", "adaptors")),
    ("values", "cells.rs", ("cells", "locks")),
    ("crates", "main.rs", ("collections", "texts")),
    ("crates", "locks.rs", ("parking_lot", "tokio", "once_cell")),
    ("crates", "times.rs", ("chrono",)),
]
EACH = 8


def words(rng: random.Random, size: int, near: int) -> bytes:
    """What memory may hold that is no longer, or not yet, a value."""
    choices = (
        lambda: rng.getrandbits(64),
        lambda: rng.getrandbits(8),
        lambda: near + 8 * rng.getrandbits(6),
        lambda: near + rng.getrandbits(12),
        lambda: (1 << 64) - 1 - rng.getrandbits(4),
        lambda: 0,
    )
    count = -(-size // 8)
    numbers = (rng.choice(choices)() & (1 << 64) - 1 for _ in range(count))
    return struct.pack(f"<{count}Q", *numbers)[:size]


@pytest.mark.parametrize(("program", "file", "markers"), LOCATIONS)
def test_damaged_values_are_shown(program: str, file: str, markers: tuple[str, ...]):
    rng = random.Random(f"{program} {file}")
    inferior = build(program)
    shown = 0
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        for marker in markers:
            line = inferior.marker(marker, file)
            session.breakpoints.add(f"{file}:{line}", temporary=True)
            while session.frame.line != line:  # a panic may come first
                session.continue_()
            near = session.frame.cfa or 0
            for binding in session.frame.locals():
                value = binding.value
                for _ in range(EACH):
                    data = words(rng, value.type.size or 0, near)
                    text = session.values.render(Value(value.type, Bytes(data), value.context))
                    shown += bool(text)
    assert shown > 10 * EACH
