"""Stack overflows among other faults, by the address space alone."""

from __future__ import annotations

import pytest

from crabtrap.address import Address
from crabtrap.engine.causes.stack_overflow import is_stack_overflow
from crabtrap.target.interface import Mapping


def mapping(start: int, end: int, permissions: str) -> Mapping:
    return Mapping(Address(start), Address(end), permissions, 0, 0, "")


SPACE = (
    mapping(0x10000, 0x20000, "r-xp"),
    mapping(0x20000, 0x30000, "rw-p"),
    mapping(0x100000, 0x101000, "---p"),  # a thread's guard page
    mapping(0x101000, 0x200000, "rw-p"),
    mapping(0x900000, 0xA00000, "rw-p"),  # the main thread's: nothing is below it
)


@pytest.mark.parametrize(
    ("sp", "fault", "expected"),
    [
        (0x100FF0, 0x100FE8, True),  # a push
        (0x101010, 0x100F80, True),  # a local of a large frame
        (0x8FF000, 0x8FF008, True),
        (0x900010, 0x8FFFF8, True),
        (0x1FF000, 0x10, False),  # a null pointer
        (0x1FF000, 0x15000, False),  # a write to code
        (0x950000, 0x100800, False),  # another thread's guard page
        (0x101010, 0xB00000, False),  # beyond everything
        (0xB00000, 0x8FFFF8, False),
    ],
)
def test_a_fault_below_its_own_stack_is_an_overflow(sp: int, fault: int, expected: bool) -> None:
    assert is_stack_overflow(SPACE, sp, Address(fault)) is expected
