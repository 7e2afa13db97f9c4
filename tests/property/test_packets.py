"""Packets survive the way there and back, however they are cut, and garbage is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crabtrap.errors import RemoteError
from crabtrap.target.rsp.packets import (
    checksum,
    escape,
    expand_runs,
    frame,
    parse_thread_id,
    split,
    thread_id,
    unescape,
)

payloads = st.binary(max_size=1500).map(escape)


def run_length_encode(data: bytes, counts: list[int]) -> bytes:
    """Encode runs as a server may: any run of 4 to 98 equal bytes, in pieces."""
    encoded = bytearray()
    at = 0
    wanted = iter(counts)
    while at < len(data):
        run = 1
        while run < 98 and at + run < len(data) and data[at + run] == data[at]:
            run += 1
        run = min(run, next(wanted, run))
        # 6 and 7 would give "#" and "$", 14 and 16 the acknowledgements.
        if run >= 4 and run not in (7, 8, 15, 17):
            encoded += bytes((data[at], 0x2A, run - 1 + 29))
            at += run
        else:
            encoded.append(data[at])
            at += 1
    return bytes(encoded)


@given(st.binary(max_size=3000))
def test_checksum_is_the_sum_of_all_bytes(data: bytes):
    assert checksum(data) == sum(data) % 256


@given(st.binary(max_size=1500))
def test_escaping_round_trip(data: bytes):
    escaped = escape(data)
    assert unescape(escaped) == data
    assert not set(b"#$*") & set(escaped)


@given(
    st.lists(st.tuples(st.booleans(), payloads), max_size=6),
    st.lists(st.integers(min_value=1, max_value=700), max_size=20),
)
def test_packets_arrive_whole_however_the_stream_is_cut(packets, cuts):
    stream = b"".join(
        frame(payload) if reply else b"%" + frame(payload)[1:] for reply, payload in packets
    )
    replies, notifications, rest = [], [], b""
    at = 0
    sizes = iter(cuts)
    while at < len(stream):
        size = next(sizes, len(stream))
        found = split(rest + stream[at : at + size])
        replies += found.replies
        notifications += found.notifications
        rest = found.rest
        at += size
    assert rest == b""
    assert replies == [payload for reply, payload in packets if reply]
    assert notifications == [payload for reply, payload in packets if not reply]


@given(
    st.lists(st.tuples(st.sampled_from(b"0fx}"), st.integers(1, 200)), max_size=10),
    st.lists(st.integers(1, 98), max_size=20),
)
def test_run_lengths_round_trip(runs: list[tuple[int, int]], counts: list[int]):
    data = b"".join(bytes((byte,)) * length for byte, length in runs)
    assert expand_runs(run_length_encode(data, counts)) == data


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(data: bytes):
    try:
        found = split(data)
    except RemoteError:
        return
    assert len(found.rest) <= len(data)


@given(st.binary(max_size=100))
def test_arbitrary_run_lengths_never_raise_anything_else(data: bytes):
    try:
        expanded = expand_runs(data, limit=1000)
    except RemoteError:
        return
    assert len(expanded) <= max(1000, len(data))


@given(payloads, st.integers(min_value=0, max_value=255))
def test_a_wrong_checksum_is_noticed(payload: bytes, wrong: int):
    if wrong != checksum(payload):
        with pytest.raises(RemoteError, match="checksum"):
            split(b"$%b#%02x" % (payload, wrong))


@given(st.integers(1, 1 << 31), st.integers(1, 1 << 31))
def test_thread_ids_round_trip(pid: int, tid: int):
    assert parse_thread_id(thread_id(pid, tid)) == (pid, tid)
