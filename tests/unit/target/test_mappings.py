"""Mappings as the kernel lists them."""

import os

import pytest

from crabtrap.errors import TargetError
from crabtrap.target.mappings import parse_maps


def test_maps_with_and_without_path():
    first, second = parse_maps(
        b"7ffff7fc1000-7ffff7fc3000 rw-p 00000000 00:00 0 \n"
        b"55-66 r--s 00001000 fe:01 123                  /tmp/a\\012b (deleted)\n"
    )
    assert (first.start, first.end, first.path) == (0x7FFFF7FC1000, 0x7FFFF7FC3000, "")
    assert (second.offset, second.inode, second.path) == (0x1000, 123, "/tmp/a\nb (deleted)")


@pytest.mark.parametrize("character", [*"\r\t\x0b\x0c\x1c\x85\u2028\udc85"])
def test_a_path_may_have_what_ends_a_line_elsewhere(character: str):
    path = f"/d{character}/b{character}"
    line = b"55-66 r--s 00001000 fe:01 123   " + os.fsencode(path) + b"\n"
    assert [each.path for each in parse_maps(line * 2)] == [path, path]


@pytest.mark.parametrize("line", [b"x", b"1-2 r--p", b"1-2 r--p 0 0 x", b"1-z r--p 0 00:00 0"])
def test_malformed_maps_are_refused(line: bytes):
    with pytest.raises(TargetError, match="malformed line"):
        parse_maps(line)
