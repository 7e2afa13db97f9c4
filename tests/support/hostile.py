"""Bytes that act on terminals, and a program all of whose names and texts consist of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.support.inferiors import build

PLACEHOLDER = b"zq_hostile_zq"
PAYLOADS = {
    "text": "\x1b]2;\x07\r\x08\x7f\x9b\u202e".encode(),
    "bytes": b"\x1b[2J\x07\r\x08\x7f\x9b\x9d\xff\x85\x1b",
}
"""Escape sequences, control characters of every kind, and bytes that are no UTF-8."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def hostile_program(folder: Path, payload: str) -> Path:
    """Build the program, with ``payload`` in place of every placeholder."""
    wanted = os.fsencode(payload)
    assert len(wanted) == len(PLACEHOLDER)
    data = build("hostile").path.read_bytes()
    assert data.count(PLACEHOLDER) > 50
    path = folder / "hostile"
    path.write_bytes(data.replace(PLACEHOLDER, wanted))
    path.chmod(0o755)
    return path


def unsafe_characters(output: bytes, *, terminal: bool) -> list[str]:
    """List what could act on the terminal that such output is shown on, with what is around it.

    Args:
        output: All that was written.
        terminal: It went to a terminal: our own styles and the terminal's ``\\r\\n`` are fine.
    """
    # A byte that is no UTF-8 becomes a surrogate, which is as unsafe.
    text = output.decode("utf-8", "surrogateescape")
    if terminal:
        text = _STYLE.sub("", text).replace("\r\n", "\n")
    return [text[max(0, each.start() - 40) : each.end() + 20] for each in _UNSAFE.finditer(text)]
