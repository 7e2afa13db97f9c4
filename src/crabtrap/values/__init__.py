"""Places, values and their decoding: what the debug information says of bytes.

>>> from crabtrap.values import Value, Memory, NOWHERE
"""

from crabtrap.values.context import NOWHERE, Context, FrameView, NoProgram, Program
from crabtrap.values.decode import Char, Invalid, UnavailableError
from crabtrap.values.memory import BudgetError, BytesReader, PagedReader, Reader
from crabtrap.values.place import (
    OPTIMISED_OUT,
    Absent,
    Bytes,
    ImplicitPointer,
    Made,
    Memory,
    Part,
    Pieces,
    Place,
    Register,
    narrow,
    place_from_pieces,
)
from crabtrap.values.value import Value

__all__ = [
    "NOWHERE",
    "OPTIMISED_OUT",
    "Absent",
    "BudgetError",
    "Bytes",
    "BytesReader",
    "Char",
    "Context",
    "FrameView",
    "ImplicitPointer",
    "Invalid",
    "Made",
    "Memory",
    "NoProgram",
    "PagedReader",
    "Part",
    "Pieces",
    "Place",
    "Program",
    "Reader",
    "Register",
    "UnavailableError",
    "Value",
    "narrow",
    "place_from_pieces",
]
