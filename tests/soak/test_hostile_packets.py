"""Twenty thousand packets each way: damaged ones to the guard, and a server that lies."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from crabtrap.target.server import find_guard
from tests.support import lied_to
from tests.support.c_programs import build_c
from tests.support.elf import read_sections
from tests.support.fuzzed_guard import GROWTH, fuzz

_CHUNK = 2000


@pytest.mark.timeout(3600)
def test_damaged_packets_to_the_guard(
    pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    program = build_c("looper")
    code = next(each.address for each in read_sections(program) if each.name == ".text")
    first = random.SystemRandom().randrange(1 << 30)
    binary, growth = Path(find_guard(None)), 0
    for start in range(0, pytestconfig.getoption("--packets"), _CHUNK):
        growth = max(growth, fuzz(binary, str(program), code, _CHUNK, first + start))
    report(f"the guard grew by {growth} bytes at most")
    assert growth <= GROWTH


@pytest.mark.timeout(3600)
def test_lies_of_a_server(
    tmp_path: Path, pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    lies = lied_to.be_lied_to(tmp_path, pytestconfig.getoption("--packets"), seed)
    report(f"seed {seed}: {lies}")
    assert not lies.faults
    assert lies.allocated <= lied_to.GROWTH
