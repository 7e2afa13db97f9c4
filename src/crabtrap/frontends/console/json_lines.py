"""The shape of ``--json``: one object per line, each with the version of the shape.

The version counts incompatible changes; new fields may come without one.
"""

from __future__ import annotations

import json

from crabtrap.errors import CrabtrapError, MemoryFault, NotFoundError, ParseError
from crabtrap.frontends.describe import JsonObject

VERSION = 1


def encode_line(fields: JsonObject) -> str:
    r"""One line of ASCII; nothing in it can act on a terminal.

    Example:
        >>> encode_line({"kind": "event", "event": "resumed"})
        '{"crabtrap": 1, "kind": "event", "event": "resumed"}\n'
    """
    # json leaves DEL as it is, the one control character in its ASCII output.
    text = json.dumps({"crabtrap": VERSION, **fields}, ensure_ascii=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def error_object(error: CrabtrapError) -> JsonObject:
    """An error's class, sentence, hint and the fields that say more."""
    fields: JsonObject = {
        "error": type(error).__name__,
        "message": str(error),
        "hint": error.hint or None,
    }
    match error:
        case ParseError():
            fields |= {"text": error.text, "start": error.start, "end": error.end}
        case NotFoundError():
            fields |= {"what": error.kind, "name": error.name, "close": list(error.close)}
        case MemoryFault():
            fields |= {"address": f"{error.address:#x}", "size": error.size}
        case _:
            pass
    return fields
