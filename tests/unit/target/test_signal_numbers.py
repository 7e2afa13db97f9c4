"""Signal numbers of the protocol and of Linux."""

import pytest

from crabtrap.target.rsp.signal_numbers import from_linux, to_linux


def test_every_linux_signal_makes_the_round_trip():
    assert [to_linux(from_linux(number)) for number in range(1, 65)] == list(range(1, 65))
    assert to_linux(0) == 0
    with pytest.raises(ValueError, match="144"):
        to_linux(144)
    with pytest.raises(ValueError, match="65"):
        from_linux(65)
