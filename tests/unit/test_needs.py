"""What is told of tests that are not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.needs import NEEDS, MissingError, lack, render_not_run, require

ROOT = Path(__file__).parents[2]

SUITE = """
import pytest
from tests.support.needs import lack, require, skip_inapplicable

@pytest.fixture(params=["guard", "gdbserver"])
def server(request):
    if request.param == "gdbserver":
        require("gdbserver")

@pytest.mark.parametrize("number", range(2))
def test_on_each_server(server, number): ...

@pytest.mark.differential
def test_beside_gdb(): raise AssertionError

@pytest.mark.needs("objcopy", "strip")
def test_of_a_stripped_program(): raise AssertionError

def test_of_a_registry(): lack("crates.io")

def test_of_what_cannot_be(): skip_inapplicable("there is nothing to see")
"""


def run(directory: Path, suite: str) -> list[str]:
    """The last lines of a run on a machine that has no other program."""
    (directory / "test_suite.py").write_text(suite)
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-c", os.devnull]
    command += ["-p", "no:cacheprovider", "-p", "tests.support.needs", directory]
    environment = os.environ | {"PATH": str(directory)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.stdout.splitlines()


def test_the_last_line_before_the_totals_tells_what_was_not_run(tmp_path: Path) -> None:
    *above, line, totals = run(tmp_path, SUITE)
    assert line == (
        "not run: 1 test needs gdb, 2 need gdbserver, 1 needs objcopy, 1 needs strip "
        "(apt-get install gdb gdbserver binutils); 1 needs crates.io (connect to the network)"
    )
    assert totals.startswith("2 passed, 6 skipped")
    assert any("there is nothing to see" in each for each in above)
    assert any("no gdbserver: apt-get install gdbserver" in each for each in above)


@pytest.mark.parametrize(
    "skip", ["def test(): pytest.skip('x')", "@pytest.mark.skip\ndef test(): 0"]
)
def test_a_skip_that_names_no_need_is_a_failure(tmp_path: Path, skip: str) -> None:
    lines = run(tmp_path, f"import pytest\n{skip}")
    assert lines[-1].startswith(("1 failed", "1 error"))
    assert any("skipped without a need" in line for line in lines)


def test_nothing_is_told_where_everything_was_run(tmp_path: Path) -> None:
    assert render_not_run([]) == ""
    lines = run(tmp_path, "def test(): ...")
    assert lines[-1].startswith("1 passed")
    assert not any("not run" in line for line in lines)


def test_needs_of_one_remedy_are_told_together() -> None:
    tests = [("rustc-web",), ("gdb",), ("rustc",), ("rustc",), ("nightly",)]
    assert render_not_run(tests) == (
        "not run: 1 test needs gdb (apt-get install gdb); "
        "2 need rustc 1.63, 1 needs rustc-web (make toolchains); "
        "1 needs nightly rustc (rustup toolchain install nightly)"
    )


@pytest.mark.parametrize("name", NEEDS)
def test_every_need_says_what_to_do(name: str) -> None:
    with pytest.raises(MissingError) as caught:
        lack(name)
    assert caught.value.names == (name,)
    assert NEEDS[name].remedy in str(caught.value)


def test_what_is_unknown_or_not_to_be_known_cannot_be_required() -> None:
    with pytest.raises(KeyError):
        require("no such need")
    with pytest.raises(ValueError, match="in advance"):
        require("crates.io")
