"""Stop replies as real servers send them, and malformed ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crabtrap.errors import RemoteError
from crabtrap.target.rsp.stop_replies import parse_stop

GENERAL = b"".join(
    b"%02x:%b;" % (n, (n + 1).to_bytes(8, "little").hex().encode()) for n in range(17)
)


def test_a_breakpoint_with_all_registers():
    stop = parse_stop(b"T05thread:p10.1f;swbreak:;core:1;" + GENERAL + b"11:46020000;")
    assert (stop.kind, stop.pid, stop.tid, stop.signal) == ("breakpoint", 16, 31, 5)
    assert stop.general == tuple(range(1, 18))


def test_registers_may_come_first_and_the_reason_last():
    stop = parse_stop(b"T05" + GENERAL + b"watch:1000;thread:p10.1f;")
    assert (stop.kind, stop.value, stop.tid) == ("watch", 0x1000, 31)
    assert stop.general == tuple(range(1, 18))


def test_some_registers_are_returned_by_number():
    stop = parse_stop(b"T0506:0000000000000000;07:00e8ffffff7f0000;10:xxxxxxxxxxxxxxxx;thread:1;")
    assert stop.general is None
    assert stop.registers == {6: bytes(8), 7: bytes.fromhex("00e8ffffff7f0000")}


@pytest.mark.parametrize(
    ("reply", "kind", "detail"),
    [
        (b"T05fork:p2.2;thread:p1.1;", "fork", {"child": (2, 2)}),
        (b"T05vfork:p2.2;thread:p1.1;", "vfork", {"child": (2, 2)}),
        (b"T05vforkdone:;thread:p1.1;", "vfork-done", {}),
        (b"T05exec:2f62696e2f61;thread:p1.1;", "exec", {"path": "/bin/a"}),
        (b"T05syscall_entry:e7;thread:p1.1;", "syscall-entry", {"value": 231}),
        (b"T05syscall_return:0;thread:p1.1;", "syscall-return", {"value": 0}),
        (b"T05rwatch:ff;thread:p1.1;", "watch", {"value": 255}),
        (b"T05hwbreak:;thread:p1.1;", "hardware-breakpoint", {}),
        (b"T05library:;thread:p1.1;", "library", {}),
        (b"T05create:;thread:p1.1;", "thread-created", {}),
        (b"T1ethread:p1.1;", "signal", {"signal": 10}),
        (b"T00thread:p1.1;", "signal", {"signal": 0}),
        (b"S0b", "signal", {"signal": 11}),
        (b"W03;process:10", "exited", {"pid": 16, "code": 3}),
        (b"W00", "exited", {"pid": 0, "code": 0}),
        (b"X09;process:10", "killed", {"pid": 16, "signal": 9}),
        (b"w05;p1.2", "thread-exited", {"tid": 2, "code": 5}),
        (b"N", "no-resumed", {}),
        (
            b"T05swbreak:;crabtrap.condition-error:6e6f206d656d6f7279;thread:p1.1;",
            "breakpoint",
            {"condition_error": "no memory"},
        ),
    ],
)
def test_kinds(reply: bytes, kind: str, detail: dict[str, object]):
    stop = parse_stop(reply)
    assert stop.kind == kind
    for name, value in detail.items():
        assert getattr(stop, name) == value


@pytest.mark.parametrize(
    "reply",
    [b"", b"OK", b"Txx", b"T05thread:zz;", b"Wzz", b"X99", b"T05watch:;", b"T05exec:zz;", b"T60"],
)
def test_malformed_stops_are_refused(reply: bytes):
    with pytest.raises(RemoteError):
        parse_stop(reply)


@given(st.binary(max_size=60).map(lambda tail: b"T05" + tail))
def test_arbitrary_stops_never_raise_anything_else(reply: bytes):
    with contextlib.suppress(RemoteError):
        parse_stop(reply)
