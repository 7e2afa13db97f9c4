"""Packets with random damage: the guard answers each of them well formed, and stays small."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guard.conftest import Inferior
from tests.support.fuzzed_guard import GROWTH, fuzz

PACKETS = 1000


@pytest.mark.timeout(120)
def test_damaged_packets_are_answered(guard_binary: Path, build: Callable[[str], Inferior]) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    program = build("looper")
    assert fuzz(guard_binary, program.path, program.text()[0], PACKETS, seed) <= GROWTH
