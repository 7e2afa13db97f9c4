"""Lists of threads and libraries as servers send them."""

import pytest

from crabtrap.errors import RemoteError
from crabtrap.target.interface import Library, ThreadInfo
from crabtrap.target.rsp.documents import parse_libraries, parse_threads


def test_threads_without_name_core_or_process():
    document = (
        b'<threads>\n<thread id="1f"/>\n<thread id="p10.20" core="x" name="a&amp;b"/></threads>\0'
    )
    assert parse_threads(document, 7) == (ThreadInfo(7, 31), ThreadInfo(16, 32, "a&b"))


def test_the_main_program_and_nameless_entries_are_left_out():
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
