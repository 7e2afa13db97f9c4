"""Places, values and their decoding: what the debug information says of bytes.

>>> from crabtrap.values import Value, Memory, NOWHERE
"""

from crabtrap.values.decode import Char, Invalid, UnavailableError
from crabtrap.values.readers import BudgetError, BytesReader, PagedReader, Reader
from crabtrap.values.value import Value
from crabtrap.values.value_context import NOWHERE, Context, FrameView, NoProgram, Program
from crabtrap.values.value_location import (
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
