"""The synthetic ``&Location`` that is passed to functions with ``#[track_caller]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.symbols.abi import WORD

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.session.calls.scratch import Scratch
    from crabtrap.symbols.module_table import ModuleTable

_FILE = b"<debugger>\0"
_TYPE = "core::panic::location::Location"
_SIZE = 24


def put_location(scratch: Scratch, modules: ModuleTable) -> Address:
    """Put a location with the layout of the program's std: file ``<debugger>``, line 1.

    Where the program does not describe the type, only the file's name is set, which is at
    the beginning in every version of std; all other bytes are zero.
    """
    file = int(scratch.put(_FILE, 1)).to_bytes(WORD, "little")
    name = file + (len(_FILE) - 1).to_bytes(WORD, "little")
    one = (1).to_bytes(4, "little")
    types = [type_ for module in modules for type_ in module.types.find(_TYPE)[:1]]
    if not types:
        return scratch.put(name.ljust(_SIZE, b"\0"))
    data = bytearray(types[0].size or _SIZE)
    for field in types[0].fields:
        part = one if field.name in ("line", "col") else name
        if field.type.size == len(part):
            data[field.offset : field.offset + len(part)] = part
    return scratch.put(bytes(data))
