"""The basic blocks of functions that are machine code in a fake image."""

from itertools import pairwise
from types import SimpleNamespace

import pytest

from crabtrap.address import Address
from crabtrap.symbols.code_flow import CodeFlow, never_returns, read_flow
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, FakeSymbol, fake_module

START = 0x1000


class FlowImage(FakeImage):
    """An image whose calls unwind as a test says."""

    pads: tuple[SimpleNamespace, ...] = ()

    def landing_pads(self, address: int) -> tuple[SimpleNamespace, ...]:
        return self.pads


def flow(code: bytes, *rows: int, pads: tuple[tuple[int, int, int, bool], ...] = ()) -> CodeFlow:
    """Decode a function; rows and pads ``(start, end, address, catches)`` count from it."""
    end = START + len(code)
    image = FlowImage(
        functions=(FakeFunction("app::f", ((START, end),)),),
        rows=[
            FakeRow(START + row, START + after, 10 + number)
            for number, (row, after) in enumerate(pairwise((*rows, len(code))))
        ],
        symbols=(FakeSymbol("app::fail", 0x2000, 2),),
        code={START: code, 0x2000: b"\x0f\x0b"},  # ud2
    )
    image.pads = tuple(
        SimpleNamespace(start=START + a, end=START + b, address=START + to, catches=catches)
        for a, b, to, catches in pads
    )
    return read_flow(fake_module(image).find_functions("f")[0])


def offsets(blocks: object) -> list[int]:
    assert isinstance(blocks, frozenset | tuple)
    return sorted(block - START for block in blocks)


def test_blocks_begin_where_jumps_lead_and_where_rows_begin() -> None:
    # 0: jnz 4; 2: nop; 3: nop; 4: ret
    found = flow(b"\x75\x02\x90\x90\xc3", 0, 3)
    assert offsets(found.starts) == [0, 2, 3, 4]
    assert offsets(found.successors[Address(START)]) == [2, 4]
    assert offsets(found.predecessors[Address(START + 4)]) == [0, 3]
    assert found.block_at(Address(START + 1)) == START


def test_what_only_unwinding_reaches_is_cleanup() -> None:
    # 0: call; 5: jmp 9; 7: nop (pad); 8: nop; 9: ret
    code = b"\xe8\x00\x00\x00\x00\xeb\x02\x90\x90\xc3"
    cleans = flow(code, 0, 8, pads=((0, 5, 7, False),))
    assert offsets(cleans.cleanup) == [7, 8]
    assert cleans.is_cleanup(Address(START + 8))
    assert not cleans.is_cleanup(Address(START + 9))
    assert offsets(cleans.successors[Address(START)]) == [7, 9]
    catches = flow(code, 0, 8, pads=((0, 5, 7, True),))
    assert catches.cleanup == frozenset()


def test_padding_leads_nowhere() -> None:
    # 0: jmp 4; 2: xchg ax,ax; 4: ret
    found = flow(b"\xeb\x02\x66\x90\xc3", 0)
    assert offsets(found.starts) == [0, 4]
    assert offsets(found.predecessors[Address(START + 4)]) == [0]


def test_targets_of_computed_jumps_are_what_nothing_else_leads_to() -> None:
    # 0: jmp rax; 2: inc eax; 4: ret; 5: ret; 6: nop
    found = flow(b"\xff\xe0\xff\xc0\xc3\xc3\x90", 0, 3)
    assert offsets(found.successors[Address(START)]) == [2, 5]


def test_a_call_that_never_returns_ends_the_flow() -> None:
    # 0: call 0x2000; 5: ret
    found = flow(b"\xe8\xfb\x0f\x00\x00\xc3", 0, 5)
    assert found.successors[Address(START)] == ()


@pytest.mark.parametrize(
    ("code", "diverges"),
    [
        (b"\x0f\x0b", True),  # ud2
        (b"\xc3", False),  # ret
        (b"\xeb\xfe", True),  # jmp .
        (b"\xff\xe0", False),  # jmp rax
        (b"\xe8\x00\x00\x00\x00", True),  # a call at the very end
        (b"\xe9\xfb\x0f\x00\x00", True),  # jmp 0x3000, which is ud2
        (b"\xe9\xfb\x1f\x00\x00", False),  # jmp 0x4000, of which nothing is known
    ],
)
def test_functions_without_a_return_never_return(code: bytes, diverges: bool) -> None:
    image = FakeImage(
        symbols=(FakeSymbol("f", 0x2000, len(code)), FakeSymbol("g", 0x3000, 2)),
        code={0x2000: code, 0x3000: b"\x0f\x0b"},
        size=0x8000,
    )
    module = fake_module(image)
    assert never_returns(module, Address(0x2000)) == diverges
    assert not never_returns(module, Address(0x2001))


def test_unreadable_code_is_taken_for_straight() -> None:
    image = FakeImage(
        functions=(FakeFunction("app::f", ((START, START + 16),)),),
        rows=(FakeRow(START, START + 8, 10), FakeRow(START + 8, START + 16, 11)),
    )
    found = read_flow(fake_module(image).find_functions("f")[0])
    assert offsets(found.successors[Address(START)]) == [8]
    assert found.successors[Address(START + 8)] == ()
