"""Documents that are read in pieces."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from xml.etree import ElementTree

import pytest


@contextmanager
def new_process() -> Generator[int]:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def read_piece(guard, offset: int, length: int) -> tuple[bool, str]:
    """One piece of the list of processes, and whether more follows."""
    reply = guard.request(f"qXfer:osdata:read:processes:{offset:x},{length:x}")
    piece = re.sub(r"}(.)", lambda escaped: chr(ord(escaped[1]) ^ 0x20), reply[1:], flags=re.S)
    return reply[0] == "m", piece


def read_on(guard, document: str, length: int) -> str:
    has_more = True
    while has_more:
        has_more, piece = read_piece(guard, len(document), length)
        document += piece
    return document


def pids(document: str) -> set[int]:
    columns = ElementTree.fromstring(document.encode("latin-1")).iter("column")
    return {int(column.text) for column in columns if column.get("name") == "pid"}


@pytest.mark.parametrize("length", [64, 1000])
def test_the_pieces_are_of_one_document(guard, length):
    has_more, beginning = read_piece(guard, 0, length)
    assert has_more
    with new_process() as late:
        assert late not in pids(read_on(guard, beginning, length))
        # What is begun anew shows what there is now.
        assert late in pids(read_on(guard, "", length))


def test_a_piece_of_what_was_not_begun(guard):
    assert read_piece(guard, 1, 6) == (True, "osdata")
