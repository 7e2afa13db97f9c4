"""The two kinds of address, which are distinct types.

A ``FileAddress`` is one of ELF and DWARF; an ``Address`` is one of the running program.
They differ by a module's load bias, which only ``crabtrap.symbols.module`` adds.
"""

from __future__ import annotations

from typing import NewType

Address = NewType("Address", int)
"""A virtual address of the program, 0 <= address < 2**64."""

FileAddress = NewType("FileAddress", int)
"""An address in a file (``st_value``, ``DW_AT_low_pc``), before relocation."""
