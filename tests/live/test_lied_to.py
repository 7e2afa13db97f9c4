"""A session with a server that lies: every step succeeds or says what is wrong, and soon."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.lied_to import be_lied_to

PACKETS = 1000
MEMORY = 64 << 20


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_lies_of_a_server_are_errors(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    lies = be_lied_to(tmp_path, PACKETS, seed)
    assert not lies.faults, lies.faults
    assert lies.packets >= PACKETS
    assert lies.refusals
    assert lies.memory <= MEMORY
