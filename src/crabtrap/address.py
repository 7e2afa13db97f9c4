"""Two kinds of address that are never mixed.

A ``FileAddress`` is what ELF and DWARF say; an ``Address`` is where the byte is in
the running program.  They differ by a module's load bias, which is added in one
place only: ``crabtrap.symbols.module``.
"""

from __future__ import annotations

from typing import NewType

Address = NewType("Address", int)
"""A virtual address in the program, 0 <= address < 2**64."""

FileAddress = NewType("FileAddress", int)
"""An address as a file states it (``st_value``, ``DW_AT_low_pc``), before relocation."""
