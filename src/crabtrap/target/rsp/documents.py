"""Parsers of the XML objects of ``qXfer``: thread and library lists."""

from __future__ import annotations

from xml.etree import ElementTree

from crabtrap.address import Address
from crabtrap.errors import RemoteError
from crabtrap.target.interface import Library, ThreadInfo
from crabtrap.target.rsp.packets import parse_thread_id

MOST_LIBRARIES = 10_000
"""Our guard lists no more; a program with a thousand is a large one."""


def parse_xml(document: bytes) -> ElementTree.Element:
    """Parse an XML document of an untrusted server.

    Raises:
        RemoteError: It is malformed or declares entities, by which a small document can
            expand without bound and which no server needs.
    """
    try:
        # As text, which no declaration of another encoding changes.
        text = document.rstrip(b"\0").decode()
        if "<!ENTITY" in text:
            raise RemoteError("the server sent XML that declares entities")
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise RemoteError(f"the server sent malformed XML: {error}") from None


def parse_threads(document: bytes, default_pid: int) -> tuple[ThreadInfo, ...]:
    """Parse ``qXfer:threads``.

    Example:
        >>> parse_threads(b'<threads><thread id="p1.2" core="0" name="x"/></threads>', 1)
        (ThreadInfo(pid=1, tid=2, name='x', core=0),)
    """
    threads: list[ThreadInfo] = []
    for element in parse_xml(document).iter("thread"):
        pid, tid = parse_thread_id(element.get("id", "").encode())
        core = element.get("core", "")
        threads.append(
            ThreadInfo(
                pid or default_pid,
                tid,
                element.get("name", ""),
                int(core) if core.isdecimal() and len(core) < 9 else None,
            )
        )
    return tuple(threads)


def parse_libraries(document: bytes) -> tuple[Library, ...]:
    """Parse ``qXfer:libraries-svr4``, without the main program.

    Raises:
        RemoteError: There are more than anybody loads, or one has no address.

    Example:
        >>> parse_libraries(b'<library-list-svr4 version="1.0" main-lm="0x1">'
        ...     b'<library name="/lib/x.so" lm="0x2" l_addr="0x1000" l_ld="0x2000"/>'
        ...     b'</library-list-svr4>')
        (Library(path='/lib/x.so', bias=4096, dynamic=8192),)
    """
    root = parse_xml(document)
    main = root.get("main-lm")
    count = sum(1 for _ in root.iter("library"))
    if count > MOST_LIBRARIES:
        raise RemoteError(f"the server lists {count} libraries, more than {MOST_LIBRARIES}")
    return tuple(
        Library(
            element.get("name", ""),
            _number(element, "l_addr"),
            Address(_number(element, "l_ld")),
        )
        for element in root.iter("library")
        if element.get("name") and (main is None or element.get("lm") != main)
    )


def _number(element: ElementTree.Element, attribute: str) -> int:
    try:
        return int(element.get(attribute, ""), 0) & 0xFFFF_FFFF_FFFF_FFFF
    except ValueError:
        raise RemoteError(f"the server sent a library without {attribute}") from None
