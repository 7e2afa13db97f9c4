"""Random closures, captures, function items and unsized values, as ``Debug`` has them.

``make fuzz-values`` runs more of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.needs import require
from tests.support.places.compared import compare
from tests.support.places.generator import Generator
from tests.support.toolchains import find_compiler

CASES = 60
KINDS = {"closure", "method", "nested", "unsized", "items"}
TOOLCHAINS = ["", "rustc", "rustc-web-oldest", "rustc-web"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_random_places_are_what_the_program_shows(toolchain: str, tmp_path: Path):
    counts = run(toolchain, tmp_path, len(toolchain))
    assert set(counts) == KINDS


@pytest.mark.timeout(120)
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_random_places_of_optimised_code_are_right_or_gone(toolchain: str, tmp_path: Path):
    counts = run(toolchain, tmp_path, len(toolchain), "-O")
    assert counts["unsized"] > 0


def run(toolchain: str, directory: Path, seed: int, *flags: str) -> dict[str, int]:
    if toolchain:
        require(toolchain)
    compiler = find_compiler(toolchain) if toolchain else ("rustc",)
    assert compiler is not None
    program = Generator(seed).program(CASES)
    counts, differences = compare(program, compiler, directory, *flags)
    assert not differences, "\n".join(map(str, differences[:5]))
    return counts
