"""The client, against a scripted server."""

import os
import signal
import socket
import threading
import time

import pytest

from crabtrap.errors import RemoteError, UnsupportedError
from crabtrap.target.rsp.channel import Channel
from crabtrap.target.rsp.connection import Connection, Route
from crabtrap.target.rsp.incoming_data import read_object
from crabtrap.target.rsp.packets import frame
from tests.support.scripted_server import ScriptedServer, scripted


def connected(server: ScriptedServer) -> Connection:
    client = Connection(server.channel, lambda: "the guard ended with status 1: its last output")
    client.negotiate(("multiprocess+",))
    return client


def never() -> bool:
    return False


def test_features_are_negotiated_and_acknowledgements_end():
    with scripted() as server:
        client = connected(server)
        assert client.non_stop
        assert client.packet_size == 0x1000
        assert client.has("multiprocess")
        assert not client.has("crabtrap.stop-all")
        assert server.requests[0] == b"qSupported:multiprocess+"


def test_a_server_without_non_stop_mode_is_used_in_all_stop_mode():
    with scripted({b"qSupported": b"PacketSize=1000"}) as server:
        client = connected(server)
        assert not client.non_stop
        assert client.request(b"vCont?") == b"vCont;c;C;s;S;t;r"


@pytest.mark.parametrize("size", [b"zz", b"", b"10000000000000000"])
def test_an_implausible_packet_size_is_bounded_or_refused(size: bytes):
    with scripted({b"qSupported": b"PacketSize=" + size}) as server:
        client = Connection(server.channel)
        try:
            client.negotiate(())
        except RemoteError:
            return
        assert 64 <= client.packet_size <= 1 << 20


def test_many_packets_are_sent_together_and_replies_keep_their_order():
    with scripted({b"m": lambda packet: packet[1:]}) as server:
        client = connected(server)
        packets = [b"m%d" % number for number in range(50)]
        assert client.exchange(packets) == [b"%d" % number for number in range(50)]
        assert server.batches[-1] == 50


def test_stops_between_replies_do_not_disturb_them():
    with scripted({b"vStopped": b"OK"}) as server:
        client = connected(server)
        server._answers[b"m"] = lambda packet: server.notify(b"T05thread:p1.1;") or packet
        assert client.exchange([b"m1", b"m2"]) == [b"m1", b"m2"]
        assert client.wait_stop(1, never) == b"T05thread:p1.1;"
        assert client.wait_stop(1, never) == b"T05thread:p1.1;"


def test_further_stops_are_requested():
    more = [b"OK", b"T05thread:p1.3;", b"T05thread:p1.2;"]
    with scripted({b"vStopped": lambda _: more.pop()}) as server:
        client = connected(server)
        server.notify(b"T05thread:p1.1;")
        taken = [client.wait_stop(5, never)]
        while (stop := client.wait_stop(0, never)) is not None:
            taken.append(stop)
        assert taken == [b"T05thread:p1.1;", b"T05thread:p1.2;", b"T05thread:p1.3;"]
        assert more == []


def test_no_further_stops_are_requested_after_the_last_one():
    with scripted({b"vStopped": b"OK", b"vCont;c": b"OK"}) as server:
        client = connected(server)
        server.notify(b"T05thread:p1.1;crabtrap.last-stop:;")
        assert client.wait_stop(5, never) is not None
        assert client.wait_stop(0, never) is None
        assert b"vStopped" not in server.requests
        client.acknowledge_by_resuming()
        client.post((b"vCont;c",), Route.CHECK)
        client.request(b"vCont?")
        assert server.requests[-2:] == [b"vCont;c", b"vCont?"]
        assert b"vStopped" not in server.requests
        server.notify(b"W00;process:1")
        deadline = time.monotonic() + 5
        while (stop := client.wait_stop(0, never)) is None:
            assert time.monotonic() < deadline, "polling does not see the stop"
        assert stop == b"W00;process:1"


def test_in_all_stop_mode_the_reply_to_a_resume_is_a_stop_after_console_output():
    with scripted({b"qSupported": b"PacketSize=1000", b"vCont;c": lambda _: None}) as server:
        client = connected(server)
        client.post((b"vCont;c",), Route.STOP)
        assert client.wait_stop(0.01, never) is None
        server.send(frame(b"O" + b"hello".hex().encode()) + frame(b"T05thread:1;"))
        assert client.wait_stop(5, never) == b"T05thread:1;"
        assert client.request(b"vCont?")


def test_errors_carry_their_code_or_their_text():
    with scripted({b"a": b"E0e", b"b": b"E.no such thing"}) as server:
        client = connected(server)
        with pytest.raises(RemoteError) as numbered:
            client.check(b"a")
        assert (numbered.value.code, numbered.value.packet) == (14, "a")
        with pytest.raises(RemoteError, match="no such thing"):
            client.check(b"b")
        with pytest.raises(UnsupportedError):
            client.check(b"c")


def test_the_failure_of_a_posted_request_is_raised_by_the_next_wait():
    with scripted({b"vCont;c": b"E.no such process"}) as server:
        client = connected(server)
        client.post((b"vCont;c",), Route.CHECK)
        with pytest.raises(RemoteError, match="no such process"):
            client.wait_stop(5, never)


def test_objects_are_read_in_parts():
    def part(packet: bytes) -> bytes:
        offset = int(packet.rsplit(b":", 1)[1].split(b",")[0], 16)
        return (b"m" if offset < 40 else b"l") + b"x" * 20

    with scripted({b"qXfer:auxv:read": part}) as server:
        assert read_object(connected(server), "auxv") == b"x" * 60


@pytest.mark.parametrize("reply", [b"m", b"x", b"mm"])
def test_endless_or_malformed_objects_are_refused(reply: bytes):
    with scripted({b"qXfer:auxv:read": reply}) as server, pytest.raises(RemoteError):
        read_object(connected(server), "auxv", limit=100)


def test_a_missing_reply_is_an_error_that_names_the_request():
    with scripted({b"slow": lambda _: None}) as server:
        client = connected(server)
        with pytest.raises(RemoteError) as caught:
            client.request(b"slow", timeout=0.05)
        assert caught.value.packet == "slow"
        assert caught.value.hint


def test_the_end_of_the_server_is_reported_with_its_exit_message():
    with scripted() as server:
        client = connected(server)
        server.hang_up()
        with pytest.raises(RemoteError, match="the guard ended with status 1: its last output"):
            client.request(b"m0,1")
        with pytest.raises(RemoteError, match="its last output"):
            client.wait_stop(5, never)


def test_the_end_of_the_server_ends_a_wait():
    with scripted() as server:
        client = connected(server)
        timer = threading.Timer(0.02, server.hang_up)
        timer.start()
        with pytest.raises(RemoteError, match="its last output"):
            client.wait_stop(5, never)
        timer.join()


def test_garbage_between_packets_is_refused():
    with scripted() as server:
        client = connected(server)
        server.send(b"hello")
        with pytest.raises(RemoteError, match="does not speak"):
            client.wait_stop(5, never)


def test_garbage_is_refused_also_when_the_connection_has_ended():
    with scripted() as server:
        client = connected(server)
        server.send(b"hello")
        server.hang_up()
        with pytest.raises(RemoteError, match="does not speak"):
            client.request(b"m0,1")


def test_large_requests_and_replies_do_not_block_each_other():
    with scripted({b"X": lambda packet: packet[:4000]}) as server:
        client = connected(server)
        packets = [b"X" + bytes((65 + number % 26,)) * 4000 for number in range(500)]
        assert client.exchange(packets) == [packet[:4000] for packet in packets]


def test_replies_to_an_interrupted_request_are_dropped():
    with scripted({b"m": lambda packet: packet}) as server:
        client = connected(server)
        client.post((b"m1", b"m2"))
        client.flush()  # and an exception is raised before the replies are collected
        assert client.request(b"m3") == b"m3"


def test_replies_stay_matched_after_keyboard_interrupts():
    """Exceptions are raised hundreds of times, at arbitrary bytecode instructions."""
    with scripted({b"m": lambda packet: packet}) as server:
        client = connected(server)
        interrupted = 0
        old = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            number = 0
            ends = time.monotonic() + 1.5
            while time.monotonic() < ends:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0002 + number % 7 * 0.00005)
                    while True:
                        number += 1
                        packets = [b"m%d-%d" % (number, part) for part in range(3)]
                        assert client.exchange(packets) == packets
                except KeyboardInterrupt:
                    interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
        assert interrupted > 100
        assert client.request(b"m-last") == b"m-last"


def test_nobody_is_woken_on_a_closed_channel():
    with scripted() as server:
        client = connected(server)
        client.channel.close()
        client.channel.wake()  # the handler of a signal may come late


def test_a_thread_may_wake_a_channel_while_it_is_closed():
    channels: list[Channel | None] = []
    failures: list[OSError] = []

    def wake() -> None:
        while not channels or channels[-1] is not None:
            try:
                if (channel := channels[-1] if channels else None) is not None:
                    channel.wake()
            except OSError as error:
                failures.append(error)

    waker = threading.Thread(target=wake)
    waker.start()
    for _ in range(2000):
        near, far = socket.socketpair()
        channels.append(Channel(near))
        channels[-1].close()
        far.close()
    channels.append(None)
    waker.join()
    assert not failures


def test_a_wake_up_ends_a_wait_when_its_condition_is_true():
    with scripted() as server:
        client = connected(server)
        asked: list[int] = []
        client.channel.wake()
        timer = threading.Timer(0.02, lambda: (asked.append(1), client.channel.wake()))
        timer.start()
        assert client.wait_stop(5, lambda: bool(asked)) is None
        timer.join()
        assert asked


def test_watched_descriptors_are_read_during_a_wait_and_can_be_closed():
    with scripted() as server:
        client = connected(server)
        reader, writer = os.pipe()
        seen: list[bytes] = []

        def ready() -> None:
            seen.append(os.read(reader, 10))
            if not seen[-1]:
                client.channel.watch(reader, None)
                server.notify(b"W00")

        client.channel.watch(reader, ready)
        os.write(writer, b"x")
        os.close(writer)
        assert client.wait_stop(5, never) == b"W00"
        os.close(reader)
        assert seen == [b"x", b""]
