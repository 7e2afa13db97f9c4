"""A session with a server that lies: every step succeeds or says what is wrong, and soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lied_to import GROWTH, be_lied_to

PACKETS = 300


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 849321336, 179026349])
def test_lies_of_a_server_are_errors(tmp_path: Path, seed: int) -> None:
    lies = be_lied_to(tmp_path, PACKETS, seed)
    assert not lies.faults, lies.faults
    assert lies.packets >= PACKETS
    assert lies.refusals
    assert lies.allocated <= GROWTH
