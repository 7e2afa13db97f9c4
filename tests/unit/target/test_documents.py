"""Lists of threads, libraries, mappings and signals, as servers and the kernel give them."""

import pytest

from crabtrap.errors import RemoteError, TargetError, UsageError
from crabtrap.target.interface import Library, ThreadInfo
from crabtrap.target.mappings import parse_maps
from crabtrap.target.rsp.documents import parse_libraries, parse_threads
from crabtrap.target.rsp.signal_numbers import from_linux, to_linux
from crabtrap.target.server import reach, start_guard


def test_threads_without_name_core_or_process():
    document = (
        b'<threads>\n<thread id="1f"/>\n<thread id="p10.20" core="x" name="a&amp;b"/></threads>\0'
    )
    assert parse_threads(document, 7) == (ThreadInfo(7, 31), ThreadInfo(16, 32, "a&b"))


def test_the_main_program_and_nameless_entries_are_no_libraries():
    document = (
        b'<library-list-svr4 version="1.0" main-lm="0x7ffff7ffe2e0">'
        b'<library name="/bin/main" lm="0x7ffff7ffe2e0" l_addr="0x0" l_ld="0x10"/>'
        b'<library name="" lm="0x2" l_addr="0x0" l_ld="0x10"/>'
        b'<library name="/lib/a.so" lm="0x3" l_addr="0xfffffffffffff000" l_ld="0x20" lmid="0x0"/>'
        b"</library-list-svr4>"
    )
    assert parse_libraries(document) == (Library("/lib/a.so", 0xFFFF_FFFF_FFFF_F000, 0x20),)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<threads",
        b'<threads><thread id="x"/></threads>',
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    ],
)
def test_malformed_thread_lists_are_refused(document: bytes):
    with pytest.raises(RemoteError):
        parse_threads(document, 1)


def test_libraries_without_addresses_are_refused():
    with pytest.raises(RemoteError, match="l_addr"):
        parse_libraries(b'<library-list-svr4><library name="a"/></library-list-svr4>')


def test_maps_with_and_without_path():
    first, second = parse_maps(
        b"7ffff7fc1000-7ffff7fc3000 rw-p 00000000 00:00 0 \n"
        b"55-66 r--s 00001000 fe:01 123                  /tmp/a\\012b (deleted)\n"
    )
    assert (first.start, first.end, first.path) == (0x7FFFF7FC1000, 0x7FFFF7FC3000, "")
    assert (second.offset, second.inode, second.path) == (0x1000, 123, "/tmp/a\nb (deleted)")


@pytest.mark.parametrize("line", [b"x", b"1-2 r--p", b"1-2 r--p 0 0 x", b"1-z r--p 0 00:00 0"])
def test_malformed_maps_are_refused(line: bytes):
    with pytest.raises(TargetError, match="malformed line"):
        parse_maps(line)


def test_every_linux_signal_makes_the_round_trip():
    assert [to_linux(from_linux(number)) for number in range(1, 65)] == list(range(1, 65))
    assert to_linux(0) == 0
    with pytest.raises(ValueError, match="144"):
        to_linux(144)
    with pytest.raises(ValueError, match="65"):
        from_linux(65)


@pytest.mark.parametrize("address", ["nowhere", "host:port", "127.0.0.1:99999", "stdio:"])
def test_addresses_must_have_a_known_form(address: str):
    with pytest.raises(UsageError):
        reach(address)


@pytest.mark.parametrize("address", ["unix:/nonexistent/socket", "127.0.0.1:1"])
def test_where_nobody_listens_that_is_reported(address: str):
    with pytest.raises(RemoteError, match="cannot connect") as caught:
        reach(address)
    assert caught.value.hint


def test_a_missing_guard_is_named():
    with pytest.raises(TargetError, match="/nonexistent/guard"):
        start_guard("/nonexistent/guard")
