"""Random programs, optimised: every variable that is shown has the value that it has.

``make fuzz-optimised`` runs more of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.needs import require
from tests.support.optimised.compared import compare
from tests.support.optimised.generator import Generator
from tests.support.toolchains import find_compiler

FUNCTIONS = 10


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("toolchain", "level", "seed", "least"),
    [
        ("", "1", 11, 80),
        ("", "2", 5, 80),  # places in the frame that are shared
        ("", "3", 2, 80),  # loop counters that are replaced
        ("rustc", "3", 4, 80),
        ("rustc", "3", 114, 10),  # values computed from where they are
        ("rustc-web-oldest", "3", 5, 80),
        ("rustc-web", "2", 11, 80),
    ],
)
def test_what_is_shown_of_optimised_code_is_right(
    toolchain: str, level: str, seed: int, least: int, tmp_path: Path
):
    if toolchain:
        require(toolchain)
    compiler = find_compiler(toolchain) if toolchain else ("rustc",)
    assert compiler is not None
    source = Generator(seed).program(FUNCTIONS)
    counts, differences = compare(source, compiler, tmp_path, f"-Copt-level={level}")
    assert not differences, "\n".join(map(str, differences[:5]))
    assert counts["right"] >= least
    assert counts["not yet written"] <= counts["right"] / 10
