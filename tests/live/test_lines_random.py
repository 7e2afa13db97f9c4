"""Random programs count how often their lines are executed; breakpoints count the same.

``make fuzz-lines`` runs more of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lines.compared import Difference, compare, missed
from tests.support.lines.generator import Generator
from tests.support.needs import require
from tests.support.toolchains import find_compiler

FUNCTIONS = 20
TOOLCHAINS = ["", "rustc", "rustc-web-oldest", "rustc-web"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_lines_and_functions_are_hit_as_often_as_they_are_executed(
    toolchain: str, tmp_path: Path
) -> None:
    assert not differences(toolchain, tmp_path, 1)


@pytest.mark.timeout(120)
def test_so_are_those_of_v0_symbols(tmp_path: Path) -> None:
    assert not differences("", tmp_path, 2, "-Csymbol-mangling-version=v0")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_no_line_or_function_of_optimised_code_is_missed(toolchain: str, tmp_path: Path) -> None:
    require("gdb")
    program = Generator(len(toolchain)).program(FUNCTIONS)
    found = compare(program, compiler_of(toolchain), tmp_path, "-O")[1]
    assert not missed(program, tmp_path / "programs", found)


def differences(toolchain: str, directory: Path, seed: int, *flags: str) -> list[Difference]:
    program = Generator(seed + len(toolchain)).program(FUNCTIONS)
    count, found = compare(program, compiler_of(toolchain), directory, *flags)
    assert count > 5 * FUNCTIONS
    return found


def compiler_of(toolchain: str) -> tuple[str, ...]:
    if not toolchain:
        return ("rustc",)
    require(toolchain)
    found = find_compiler(toolchain)
    assert found is not None
    return found
