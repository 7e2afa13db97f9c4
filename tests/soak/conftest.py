"""Options for the sizes of long runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.sessions import server

__all__ = ["server"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=1000, help="programs killed within verbs")
    parser.addoption("--count", type=int, help="rounds of each row of the bar")
    parser.addoption(
        "--interrupted", type=float, default=300, help="seconds of Ctrl-C, each server"
    )
    parser.addoption("--sessions", type=int, default=1000, help="sessions of one process")
    parser.addoption("--packets", type=int, default=20_000, help="damaged packets, each way")
    parser.addoption("--minutes", type=float, default=30, help="of all verbs in any order")
    parser.addoption("--mutants", type=int, default=10_000, help="programs with random damage")
    parser.addoption("--flips", type=int, default=10_000, help="bits flipped in tasks")
    parser.addoption("--rounds", type=int, default=200, help="rounds of an async function")
    parser.addoption("--threads", type=int, default=5000, help="threads of one program")


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A function that shows the numbers of a run."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return show
