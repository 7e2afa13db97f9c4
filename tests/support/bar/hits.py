"""Hits that stop nobody: not one is lost."""

from __future__ import annotations

import random
import time

from crabtrap import Session, Stdio
from crabtrap.events import Exited, OutputReceived
from tests.support.inferiors import build

_THREADS = 64


def count_hits(count: int, chance: random.Random) -> str:
    """R3: exact counts under a condition, and under one that is false, in 64 threads."""
    output = bytearray()
    program = build("threads")
    hits = _THREADS * count
    with Session(str(program.path)) as session:
        session.subscribe(
            lambda event: output.extend(event.data) if isinstance(event, OutputReceived) else None
        )
        points = session.breakpoints
        never = points.add(f"main.rs:{program.marker('hot')}", condition="worker > 1000")
        counted = points.add("threads::hot", condition="worker < 1000", ignore=1 << 60)
        session.launch([str(_THREADS), str(count)], stdio=Stdio.pipes())
        began = time.perf_counter()
        event = session.continue_()
        seconds = time.perf_counter() - began
        assert isinstance(event.reasons[0], Exited)
        assert f"calls {hits} " in output.decode()
        assert points[never.number].hits == 0
        assert points[counted.number].hits == hits
    return f"{hits} hits at {hits / seconds:.0f} a second"
