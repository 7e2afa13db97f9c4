"""Values of the program: their locations, how they are read, and how bytes are decoded.

>>> from crabtrap.values import Value, Memory, NOWHERE
"""

from crabtrap.values.decode import Char, Invalid, UnavailableError
from crabtrap.values.readers import BudgetError, BytesReader, PagedReader, Reader
from crabtrap.values.value import Value
from crabtrap.values.value_context import (
    NOWHERE,
    FrameView,
    NoProgramInfo,
    ProgramInfo,
    ValueContext,
)
from crabtrap.values.value_location import (
    OPTIMISED_OUT,
    Absent,
    Bytes,
    ImplicitPointer,
    Memory,
    Part,
    Pieces,
    PointerTo,
    Register,
    Synthetic,
    ValueLocation,
    location_from_pieces,
    narrow,
)

__all__ = [
    "NOWHERE",
    "OPTIMISED_OUT",
    "Absent",
    "BudgetError",
    "Bytes",
    "BytesReader",
    "Char",
    "FrameView",
    "ImplicitPointer",
    "Invalid",
    "Memory",
    "NoProgramInfo",
    "PagedReader",
    "Part",
    "Pieces",
    "PointerTo",
    "ProgramInfo",
    "Reader",
    "Register",
    "Synthetic",
    "UnavailableError",
    "Value",
    "ValueContext",
    "ValueLocation",
    "location_from_pieces",
    "narrow",
]
