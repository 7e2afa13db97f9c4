"""A session with a server that lies: every step succeeds or says what is wrong, and soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lied_to import be_lied_to

PACKETS = 1000
SEED = 1
MEMORY = 64 << 20


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_lies_of_a_server_are_errors(tmp_path: Path) -> None:
    lies = be_lied_to(tmp_path, PACKETS, SEED)
    assert not lies.faults, lies.faults
    assert lies.packets >= PACKETS
    assert lies.refusals
    assert lies.memory <= MEMORY
