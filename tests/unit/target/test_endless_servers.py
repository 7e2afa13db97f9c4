"""Servers that never come to an end: each has a deadline or a count, and the user is told."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator

import pytest

from crabtrap.errors import RemoteError
from crabtrap.target.remote_files import read_remote_file
from crabtrap.target.rsp.connection import Connection, Route
from crabtrap.target.rsp.documents import parse_libraries, parse_threads, parse_xml
from crabtrap.target.rsp.incoming_data import read_object
from crabtrap.target.rsp.packets import frame
from tests.support.scripted_server import Answer, ScriptedServer, scripted

PATIENCE = 0.3


def connected(server: ScriptedServer) -> Connection:
    client = Connection(server.channel)
    client.negotiate(())
    client.patience = PATIENCE
    return client


@pytest.fixture
def flooding() -> Generator[Callable[[ScriptedServer, bytes], None]]:
    """Sends the same bytes again and again, until the test ends."""
    threads: list[threading.Thread] = []
    over = threading.Event()

    def begin(server: ScriptedServer, data: bytes) -> None:
        def send() -> None:
            try:
                while not over.is_set():
                    server.send(data)
            except OSError:
                pass  # the test has closed it

        threads.append(threading.Thread(target=send))
        threads[-1].start()

    yield begin
    over.set()
    for thread in threads:
        thread.join()


# -- data without end ------------------------------------------------------------------------


def endless_object(packet: bytes) -> bytes:
    return b"m" + b"x" * 1000


def dripping(packet: bytes) -> bytes:
    threading.Event().wait(0.02)  # a slow link
    return b"mx"


@pytest.mark.parametrize(
    ("answer", "told"),
    [(endless_object, "longer than"), (dripping, "too slowly"), (lambda _: b"m", "malformed")],
    ids=["endless", "dripping", "empty"],
)
def test_an_object_ends(answer: Answer, told: str) -> None:
    with scripted({b"qXfer": answer}) as server, pytest.raises(RemoteError, match=told):
        read_object(connected(server), "threads", limit=1 << 20)


@pytest.mark.parametrize(
    ("part", "told"),
    [(b"F200;" + b"x" * 512, "longer than"), (b"F1;", "malformed"), (b"Ffffffffffffffff;x", "malf"),
     (b"F-1,ffffffffffffffff", "answered"), (b"Q", "answered"), (b"F-1,", "answered")],
    ids=["endless", "short", "huge", "odd-error", "junk", "no-error"],
)  # fmt: skip
def test_a_file_ends(part: bytes, told: str) -> None:
    answers: dict[bytes, Answer] = {b"vFile:open": b"F3", b"vFile:pread": part}
    with scripted(answers) as server, pytest.raises(RemoteError, match=told):
        read_remote_file(connected(server), "/bin/x", 1, limit=1 << 20)


def test_lists_have_a_length() -> None:
    library = b'<library name="/l" lm="0x1" l_addr="0" l_ld="0"/>'
    many = b"<library-list-svr4>" + library * 100_000 + b"</library-list-svr4>"
    with pytest.raises(RemoteError, match="100000 libraries"):
        parse_libraries(many)
    threads = b"<threads>" + b'<thread id="p1.2"/>' * 100_000 + b"</threads>"
    assert len(parse_threads(threads, 1)) == 100_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_documents_cannot_grow(encoding: str) -> None:
    inner = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))
    document = f'<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a0 "x">{inner}]><t>&a39;</t>'
    with pytest.raises(RemoteError):
        parse_xml(document.encode(encoding))


def test_documents_may_be_deep() -> None:
    depth = 1_000_000
    with pytest.raises(RemoteError):
        parse_xml(b"<a>" * depth)
    parse_threads(b"<a>" * depth + b"</a>" * depth, 1)


# -- packets without end ---------------------------------------------------------------------

OUTPUT = frame(b"O41")
NOTIFICATION = b"%" + frame(b"Fancy:1")[1:]
STOP = b"%" + frame(b"Stop:T05thread:p1.1;")[1:]


@pytest.mark.parametrize(
    "data", [NOTIFICATION, b"+" * 100, STOP], ids=["notification", "acknowledgement", "stop"]
)
def test_a_flood_is_no_reply(
    data: bytes, flooding: Callable[[ScriptedServer, bytes], None]
) -> None:
    with scripted({b"x": lambda _: None}) as server:
        client = connected(server)
        flooding(server, data * 100)
        start = time.monotonic()
        with pytest.raises(RemoteError, match=r"does not answer|stops at once"):
            client.request(b"x1")
        assert time.monotonic() - start < 20
        server.hang_up()


@pytest.mark.parametrize("data", [NOTIFICATION, b"+" * 100], ids=["notification", "ack"])
def test_a_wait_ends_in_a_flood(
    data: bytes, flooding: Callable[[ScriptedServer, bytes], None]
) -> None:
    with scripted() as server:
        client = connected(server)
        flooding(server, data * 100)
        assert client.wait_stop(0.2, lambda: False) is None
        assert client.wait_stop(0, lambda: False) is None
        assert not client.await_stop(lambda _: True, 0.2)
        server.hang_up()


def test_a_wait_for_a_program_that_only_talks_ends(
    flooding: Callable[[ScriptedServer, bytes], None],
) -> None:
    with scripted({b"qSupported": b"PacketSize=1000", b"vCont": lambda _: None}) as server:
        client = connected(server)
        client.post((b"vCont;c",), Route.STOP)
        flooding(server, OUTPUT * 100)
        assert client.wait_stop(0.2, lambda: False) is None
        calls = iter([False, False, True])
        assert client.wait_stop(None, lambda: next(calls)) is None
        server.hang_up()


def test_stops_without_end_are_counted() -> None:
    with scripted({b"vStopped": b"T05thread:p1.1;"}) as server:
        client = connected(server)
        server.notify(b"T05thread:p1.1;")

        def drain() -> None:
            while client.wait_stop(1.0, lambda: False):
                pass

        with pytest.raises(RemoteError, match="more than 65536 stops"):
            drain()


def test_what_was_not_asked_is_not_answered() -> None:
    with scripted() as server:
        client = connected(server)
        server.send(frame(b"OK") * 2)
        with pytest.raises(RemoteError, match="not asked"):
            client.request(b"x")


def test_a_server_that_does_not_read_is_given_up() -> None:
    with scripted({b"X": lambda _: threading.Event().wait(3) or None}) as server:
        client = connected(server)
        start = time.monotonic()
        with pytest.raises(RemoteError, match="does not answer"):
            client.exchange([b"X" + b"x" * 4000] * 2000)
        assert time.monotonic() - start < 3


def test_a_silent_server_is_given_up_at_every_step() -> None:
    with scripted({b"": lambda _: None}) as server:
        client = Connection(server.channel)
        client.patience = PATIENCE
        start = time.monotonic()
        with pytest.raises(RemoteError, match="does not answer"):
            client.request(b"?")
        assert time.monotonic() - start < 2


def test_a_silent_server_is_waited_for_once() -> None:
    with scripted({b"x": lambda _: None}) as server:
        client = connected(server)
        start = time.monotonic()
        for _ in range(20):
            with pytest.raises(RemoteError, match="does not answer"):
                client.request(b"x")
        with pytest.raises(RemoteError, match="does not answer"):
            client.settle()
        assert time.monotonic() - start < 5 * PATIENCE


@pytest.mark.parametrize("come", [0, 3, 17], ids=["all", "most", "little"])
def test_a_server_that_speaks_again_is_heard(come: int) -> None:
    late = frame(b"late") + frame(b"too late")
    rest = late[len(late) - come :]

    def go_on(_: bytes) -> bytes:
        server.send(rest)
        return b"now"

    with scripted({b"x": lambda _: None, b"y": go_on}) as server:
        client = connected(server)
        for _ in range(2):
            with pytest.raises(RemoteError, match="does not answer"):
                client.request(b"x")
        # Of the requests that were given up; the rest comes while another is made.
        server.send(late[: len(late) - come])
        assert client.request(b"y") == b"now"
        assert not client.is_silent


@pytest.mark.parametrize("size", [b"*" * 4, b"x*\x01", b"x*~" * 500_000, b"0*\xff"])
def test_run_lengths_are_bounded(size: bytes) -> None:
    with scripted({b"x": size}) as server, pytest.raises(RemoteError):
        connected(server).request(b"x")


def test_ctrl_c_ends_the_wait_for_a_silent_server() -> None:
    with scripted({b"x": lambda _: None}) as server:
        client = connected(server)
        client.patience = 30.0
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                client.request(b"x")
        finally:
            timer.join()
            signal.signal(signal.SIGINT, before)
