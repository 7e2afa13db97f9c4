"""Deep recursions in backtraces."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pytest

from crabtrap.frontends.console.recursion import repetitions

from .conftest import Screen
from .fake_session import FakeFrame


def left_out(keys: Sequence[Hashable]) -> list[Hashable]:
    """The frames that are shown, with ``...`` for each fold."""
    shown: list[Hashable] = []
    start = 0
    for fold in repetitions(keys):
        shown += [*keys[start : fold.start], ...]
        start = fold.stop
    return [*shown, *keys[start:]]


@pytest.mark.parametrize("stack", ["", "m", "abcdefm", "d" * 20 + "m", "ab" * 15 + "m"])
def test_a_stack_that_fits_the_screen_is_shown(stack: str) -> None:
    assert left_out(stack) == list(stack)


@pytest.mark.parametrize("cycle", ["d", "ab", "aab", "abcdefghijklmnopqrst"])
def test_a_recursion_is_shown_at_both_of_its_ends(cycle: str) -> None:
    stack = "TOP" + cycle * 1000 + "END"
    (fold,) = repetitions(stack)
    assert fold.cycle == len(cycle)
    assert (fold.stop - fold.start) == fold.rounds * len(cycle)
    shown = left_out(stack)
    assert len(shown) <= 70
    assert "".join(map(str, shown)).startswith("TOP" + cycle)
    assert "".join(map(str, shown)).endswith(cycle + "END")


def test_each_of_two_recursions_is_folded() -> None:
    assert [fold.cycle for fold in repetitions("a" * 500 + "x" + "bc" * 500)] == [1, 2]


def test_backtrace_reports_what_it_leaves_out(screen: Screen) -> None:
    deep = [FakeFrame(n, "demo::depth", "/src/demo/main.rs", 4) for n in range(5000)]
    deep.append(FakeFrame(5000, "demo::main", "/src/demo/main.rs", 40))
    screen.session.threads[0].put(deep)
    lines = screen.run("backtrace").splitlines()
    assert len(lines) < 30
    assert [line.strip() for line in lines if "…" in line] == [
        "… #13-4993 the frame above, 4981 times more  (`backtrace 4994` shows them)"
    ]
    assert lines[-1].startswith("#5000")
    assert len(screen.run("backtrace 200").splitlines()) == 201
