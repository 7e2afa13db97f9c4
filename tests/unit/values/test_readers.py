"""Readers of memory."""

import pytest

from crabtrap.errors import MemoryFault
from crabtrap.values.readers import BytesReader


def test_bytes_reader_refuses_addresses_without_bytes():
    reader = BytesReader({100: b"abc"})
    assert reader.read(101, 2) == b"bc"
    for address, size in ((99, 2), (102, 2)):
        with pytest.raises(MemoryFault):
            reader.read(address, size)
