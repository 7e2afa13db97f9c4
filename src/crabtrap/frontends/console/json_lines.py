"""Output for ``--json``: one object per line, each with the version of the format.

The version counts incompatible changes; new fields may be added without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from crabtrap.errors import CrabtrapError, MemoryFault, NotFoundError, ParseError
from crabtrap.events import StreamName
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.styled_text import Text
from crabtrap.frontends.describe import JsonObject

VERSION = 1


def encode_line(fields: JsonObject) -> str:
    r"""Encode an object as one line of printable ASCII, which cannot act on a terminal.

    Example:
        >>> encode_line({"kind": "event", "event": "resumed"})
        '{"crabtrap": 1, "kind": "event", "event": "resumed"}\n'
    """
    # json leaves DEL as it is, the one control character in its ASCII output.
    text = json.dumps({"crabtrap": VERSION, **fields}, ensure_ascii=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def error_object(error: CrabtrapError) -> JsonObject:
    """An error as an object: its class, message, hint and further fields."""
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


class JsonOutput(Output):
    """Writes one JSON object per line; see docs/json.md."""

    json = True

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream, colour=False)

    def lines(self, lines: Iterable[Text]) -> None:
        """Write nothing: programs get replies and events instead."""

    def reply(self, command: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Write a "result" object."""
        self._object({"kind": "result", "command": command, "data": data})

    def event(self, name: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Write an "event" object."""
        self._object({"kind": "event", "event": name, "data": data})

    def error(self, error: CrabtrapError, command: str) -> None:
        """Write an "error" object."""
        self._object({"kind": "error", "command": command, **error_object(error)})

    def bug(self, report: str, command: str) -> None:
        """Write an "error" object of the class InternalError."""
        fields: JsonObject = {"error": "InternalError", "message": report, "hint": None}
        self._object({"kind": "error", "command": command, **fields})

    def program(self, stream: StreamName, data: bytes) -> None:
        """Write an "output" event; bytes that are not UTF-8 become U+FFFD."""
        text = data.decode("utf-8", "replace")
        self.event("output", {"stream": stream, "text": text}, ())

    def plain(self, text: str) -> None:
        """Write an "echo" event."""
        self.event("echo", {"text": text}, ())

    def _object(self, fields: JsonObject) -> None:
        self._put(self._stream, encode_line(fields))
