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
    ("toolchain", "level", "seed"),
    [
        ("", "1", 11),
        ("", "2", 5),  # places in the frame that are shared
        ("", "3", 2),  # loop counters that are replaced
        ("rustc", "3", 4),
        ("rustc-web-oldest", "3", 5),
        ("rustc-web", "2", 11),
    ],
)
def test_what_is_shown_of_optimised_code_is_right(
    toolchain: str, level: str, seed: int, tmp_path: Path
):
    if toolchain:
        require(toolchain)
    compiler = find_compiler(toolchain) if toolchain else ("rustc",)
    assert compiler is not None
    source = Generator(seed).program(FUNCTIONS)
    counts, differences = compare(source, compiler, tmp_path, f"-Copt-level={level}")
    assert not differences, "\n".join(map(str, differences[:5]))
    assert counts["right"] >= 80
    assert counts["not yet written"] <= counts["right"] / 10
