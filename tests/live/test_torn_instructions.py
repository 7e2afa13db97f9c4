"""No trap is put inside of an instruction, whatever a table, a stack or a user says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crabtrap import Session, Stdio
from crabtrap.address import Address
from crabtrap.errors import CrabtrapError, DebugInfoError
from crabtrap.events import Exited
from tests.support.elf import read_sections
from tests.support.inferiors import build


@pytest.fixture
def session() -> Session:
    session = Session(str(build("basics").path))
    session.breakpoints.add("norm2")
    session.launch((), stdio=Stdio.pipes())
    session.continue_()
    return session


def test_every_address_of_a_function_but_its_instructions_is_refused(session: Session) -> None:
    with session:
        code = session.frame.code
        assert code is not None
        function = code.entry
        instructions = session.memory.disassemble(function, count=8)
        begins = {one.address for one in instructions}
        last = instructions[-1]
        for address in range(function, last.address + last.size):
            item = session.breakpoints.add(f"*{address:#x}")
            assert bool(item.locations) == (address in begins), hex(address)
            if address not in begins:
                assert "is inside of the instruction at" in item.problem
            session.breakpoints.remove(item.number)


def test_a_smashed_return_address_is_refused(session: Session) -> None:
    with session:
        cfa = session.frame.cfa
        assert cfa is not None
        slot = Address(cfa - 8)
        returns_to = int.from_bytes(session.memory.read(slot, 8), "little")
        session.memory.write(slot, (returns_to + 1).to_bytes(8, "little"))
        session.step_instruction()  # what was unwound before is forgotten
        with pytest.raises(DebugInfoError, match="inside of the instruction at"):
            session.finish()
        assert session.is_stopped
        session.step_instruction()


# -- damaged line tables ---------------------------------------------------------------------


def damaged(path: Path, seed: int) -> None:
    """Change bytes of a program's line table, by a little generator of numbers."""
    data = bytearray(build("basics").path.read_bytes())
    (lines,) = (each for each in read_sections(path) if each.name == ".debug_line")
    state = seed * 2654435761 + 1
    for _ in range(2000):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        data[lines.offset + (state >> 33) % lines.size] = state >> 20 & 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("seed", range(6))
def test_stepping_over_a_damaged_line_table(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    shutil.copy(build("basics").path, path)
    damaged(path, seed)
    with Session(str(path)) as session:
        item = session.breakpoints.add("norm2")
        session.launch((), stdio=Stdio.pipes())
        event = session.continue_()
        for _ in range(12):
            if not session.is_stopped:
                break
            try:
                event = session.next() if seed % 2 else session.step()
            except CrabtrapError:
                event = session.step_instruction()
        session.breakpoints.remove(item.number)
        while session.is_stopped:
            event = session.continue_()
        (ended,) = event.reasons
        assert isinstance(ended, Exited)
        assert ended.code == 0, "a trap has damaged the program"
