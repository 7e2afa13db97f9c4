"""The state of a ``Once``, whether the meaning of std's numbers is known or not."""

from __future__ import annotations

import pytest

from crabtrap.present import render, std_presenter
from crabtrap.symbols.types import Type
from tests.support.synthetic_types import SyntheticProgram, World


class Program(SyntheticProgram):
    """A program with a std whose unused ``Once`` holds this number."""

    def __init__(self, begins: int | None) -> None:
        super().__init__()
        self.begins = begins

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        del beside
        if self.begins is None or symbol != "std::rt::cleanup::CLEANUP":
            return None
        return self.begins.to_bytes(4, "little")


def shown(begins: int | None, number: int) -> str:
    world = World(program=Program(begins))
    cell = world.struct("core::cell::UnsafeCell<u32>", [("value", world.base("u32"))])
    atomic = world.struct("core::sync::atomic::AtomicU32", [("v", cell)])
    inner = world.struct("std::sys::sync::once::futex::Once", [("state_and_queued", atomic)])
    once = world.struct("std::sync::poison::once::Once", [("inner", inner)])
    return render(world.value(once, number.to_bytes(4, "little")), std_presenter())


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        (0, ["incomplete", "poisoned", "running", "complete"]),
        (3, ["complete", "running", "poisoned", "incomplete"]),
    ],
)
def test_the_numbers_are_reported_by_a_once_nobody_used(begins: int, words: list[str]):
    assert [shown(begins, number) for number in range(4)] == [f"Once({word})" for word in words]
    queued = 4
    assert shown(begins, 1 | queued) == f"Once({words[1]})"
    assert shown(begins, 8) == "<invalid Once state: 8>"


def test_numbers_nothing_reports_of_are_not_guessed():
    assert shown(None, 3) == "<it is not known what this Once calls complete>"
