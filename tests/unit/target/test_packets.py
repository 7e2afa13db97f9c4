"""Edge cases of framing and encoding; ``tests/property/test_packets.py`` has the rest."""

import pytest

from crabtrap.errors import RemoteError
from crabtrap.target.rsp.packets import (
    expand_runs,
    parse_bytes,
    parse_hex,
    parse_thread_id,
    split,
)


def test_acknowledgements_between_packets_are_skipped():
    assert split(b"+-+$OK#9a+").replies == [b"OK"]


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH\r\n", b"\0"])
def test_other_protocols_are_recognised(data: bytes):
    with pytest.raises(RemoteError, match="does not speak"):
        split(data)


def test_a_packet_without_end_is_refused_at_the_limit():
    assert split(b"$" + b"0" * 99, limit=100).rest
    with pytest.raises(RemoteError, match="longer than 100"):
        split(b"$" + b"0" * 100, limit=100)


@pytest.mark.parametrize("data", [b"*!", b"0*", b"0*\x1f", b"0*\x7f"])
def test_run_lengths_need_a_byte_and_a_printable_count(data: bytes):
    with pytest.raises(RemoteError, match="run length"):
        expand_runs(data)


def test_a_star_may_be_a_count():
    assert expand_runs(b"0**") == b"0" * 14


def test_runs_may_follow_each_other():
    assert expand_runs(b"0*~*~1") == b"0" * 195 + b"1"


def test_the_expansion_of_runs_is_limited():
    with pytest.raises(RemoteError, match="expands"):
        expand_runs(b"0*~" * 100, limit=5000)


@pytest.mark.parametrize("text", [b"", b"0x1", b"1_0", b" 1", b"+1", b"-1", b"g", b"1" * 17])
def test_numbers_are_digits_alone(text: bytes):
    with pytest.raises(ValueError, match=r"hexadecimal|invalid literal"):
        parse_hex(text)


@pytest.mark.parametrize("text", [b"", b"p", b"p1.x", b"-1", b"1.2"])
def test_malformed_thread_ids_are_refused(text: bytes):
    with pytest.raises(RemoteError, match="thread id"):
        parse_thread_id(text)


def test_an_odd_number_of_digits_is_refused():
    with pytest.raises(RemoteError, match="hexadecimal data"):
        parse_bytes(b"abc")
