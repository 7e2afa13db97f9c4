"""The packets that a live target sends, also to servers with fewer features."""

import os
import struct

import pytest

from crabtrap.address import Address
from crabtrap.errors import LaunchError, MemoryFault, NotFoundError, RemoteError, UnsupportedError
from crabtrap.target.interface import LaunchRequest, ResumeAction, SiteRequest
from crabtrap.target.live import LiveTarget
from crabtrap.target.register_layout import DWARF_GENERAL, PROTOCOL_GENERAL
from crabtrap.target.rsp.packets import escape, frame, unescape
from crabtrap.target.server import Endpoint
from tests.support.scripted_server import FEATURES, Answer, ScriptedServer, scripted

NAMES = (*PROTOCOL_GENERAL, "eflags")
DESCRIPTION = (
    "<target><architecture>i386:x86-64</architecture><feature name='core'>"
    + "".join(f"<reg name='{name}' bitsize='{32 if name == 'eflags' else 64}'/>" for name in NAMES)
    + "<reg name='orig_rax' bitsize='64'/><reg name='far' bitsize='128'/></feature></target>"
).encode()
BLOCK = struct.pack("<17QIQ", *range(1, 18), 0x246, 5)
STOP = b"T05thread:p10.11;"
ALL_STOP = FEATURES.replace(b"QNonStop+;", b"")


def program(answers: dict[bytes, Answer] | None = None) -> dict[bytes, Answer]:
    return {
        b"vAttach;": STOP,
        b"qXfer:features:read:target.xml": b"l" + escape(DESCRIPTION),
        b"g": BLOCK.hex().encode(),
        **(answers or {}),
    }


def attached(server: ScriptedServer) -> LiveTarget:
    target = LiveTarget(Endpoint("a script", server.channel, lambda: "ended", lambda: None))
    target.attach(16)
    return target


def test_registers_are_returned_in_dwarf_order():
    with scripted(program()) as server:
        target = attached(server)
        expected = tuple(PROTOCOL_GENERAL.index(name) + 1 for name in DWARF_GENERAL)
        assert target.read_registers(17) == expected
        assert target.read_register(17, "eflags") == b"\x46\x02\0\0"
        assert server.requests.count(b"g") == 1  # once per stop


def test_threads_that_are_read_one_after_the_other_are_read_together():
    tids = range(17, 32)
    listed = "".join(f'<thread id="p10.{tid:x}"/>' for tid in tids)

    def select(packet: bytes) -> bytes:
        return b"E01" if packet.endswith(b".14") else b"OK"

    threads = f"l<threads>{listed}</threads>".encode()
    answers = {b"qSupported": ALL_STOP, b"qXfer:threads": threads, b"Hgp10.": select}
    with scripted(program(answers)) as server:
        target = attached(server)
        target.threads()
        del server.batches[:]
        for tid in tids:
            if tid != 20:
                assert target.read_registers(tid)[16] == 17
        assert len(server.batches) < 6
        with pytest.raises(NotFoundError):  # and not the registers of the one selected before
            target.read_registers(20)


def test_one_thread_is_read_alone():
    listed = b'l<threads><thread id="p10.11"/><thread id="p10.12"/></threads>'
    answers = {b"qSupported": ALL_STOP, b"qXfer:threads": listed}
    with scripted(program(answers)) as server:
        target = attached(server)
        target.threads()
        target.read_registers(18)
        assert server.requests.count(b"g") == 1


def test_a_register_outside_of_the_block_is_requested_alone():
    with scripted(program({b"p": bytes(range(16)).hex().encode()})) as server:
        assert attached(server).read_register(17, "far") == bytes(range(16))
        assert server.requests[-1] == b"p13"


def test_registers_are_written_as_a_block_where_the_server_has_no_p_packet():
    with scripted(program({b"G": b"OK"})) as server:
        target = attached(server)
        assert target.control is not None
        target.control.write_registers(17, {"rbx": 0xFFEE, "rax": -1})
        written = bytes.fromhex(server.requests[-1][1:].decode())
        assert written == struct.pack("<QQ", (1 << 64) - 1, 0xFFEE) + BLOCK[16:]
        target.control.write_registers(17, {"rax": 2})
        assert sum(request.startswith(b"P") for request in server.requests) == 2


def test_a_new_pc_keeps_the_kernel_from_restarting_a_system_call():
    with scripted(program({b"P": b"OK"})) as server:
        target = attached(server)
        assert target.control is not None
        target.control.write_registers(17, {"rip": 0x1000})
        assert server.requests[-2:] == [b"P10=0010000000000000", b"P12=" + b"f" * 16]


def test_values_that_do_not_fit_are_refused():
    with scripted(program({b"P": b"OK"})) as server:
        target = attached(server)
        assert target.control is not None
        with pytest.raises(RemoteError, match="eflags"):
            target.control.write_registers(17, {"eflags": 1 << 32})
        with pytest.raises(RemoteError, match="8 bytes"):
            target.control.write_registers(17, {"rax": b"x"})
        with pytest.raises(NotFoundError):
            target.control.write_registers(17, {"zmm99": 0})


def test_memory_is_read_in_parts_that_fit_packets():
    memory = bytes(range(256)) * 100

    def read(packet: bytes) -> bytes:
        at, size = (int(text, 16) for text in packet[1:].split(b","))
        return memory[at - 0x1000 : at - 0x1000 + size].hex().encode() or b"E01"

    with scripted(program({b"m": read})) as server:
        target = attached(server)
        assert target.read_memory(Address(0x1003), 20000) == memory[3:20003]
        asked = [request for request in server.requests if request.startswith(b"m")]
        assert 4 < len(asked) < 20
        assert max(server.batches) >= len(asked)  # all at once
        with pytest.raises(MemoryFault):
            target.read_memory(Address(0x1000 + len(memory) - 5), 10)


def test_binary_memory_is_unescaped():
    features = FEATURES + b";binary-upload+"
    with scripted(program({b"qSupported": features, b"x": b"b" + escape(b"}#$*")})) as server:
        assert attached(server).read_memory(Address(0x1000), 4) == b"}#$*"


def test_memory_is_written_in_parts_that_fit_packets():
    received = bytearray()

    def write(packet: bytes) -> bytes:
        head, _, data = packet.partition(b":")
        data = unescape(data)
        at, size = (int(text, 16) for text in head[1:].split(b","))
        assert (at - 0x1000, size) == (len(received), len(data))
        received.extend(data)
        return b"OK"

    data = bytes(range(256)) * 40
    with scripted(program({b"X": write})) as server:
        target = attached(server)
        assert target.control is not None
        target.control.write_memory(Address(0x1000), data)
        assert received == data


def test_sites_are_sent_with_the_resume_and_failures_are_returned():
    good = SiteRequest("software", Address(0x1000), conditions=(b"\x22\x01\x27", b"\x27"))
    bad = SiteRequest("write", Address(0x2000), 8)
    with scripted(
        program(
            {
                b"qSupported": FEATURES + b";crabtrap.stop-all+;crabtrap.step-over-breakpoint+",
                b"Qcrabtrap.StopAll:1": b"OK",
                b"Z0": b"OK",
                b"Z2": b"E.no debug register is free",
                b"vCont;": b"OK",
            }
        )
    ) as server:
        target = attached(server)
        control = target.control
        assert control is not None
        assert control.wait(5) is not None
        before = len(server.requests)
        assert control.update_sites([], [good, bad]) == ()
        assert len(server.requests) == before
        control.resume([ResumeAction(17, "step"), ResumeAction(None)])
        assert control.wait(0.2) is None
        failures = control.take_site_failures()
        assert [(each.request, each.message) for each in failures] == [
            (bad, "no debug register is free")
        ]
        assert server.requests[before:] == [
            b"Z0,1000,1;X3,220127X1,27",
            b"Z2,2000,8",
            b"vCont;s:p10.11;c:p10.-1",
        ]
        assert server.batches[-1] == 3


@pytest.mark.parametrize(
    ("action", "packet"),
    [
        (ResumeAction(None), b"vCont;c:p10.-1"),
        (ResumeAction(17, signal=10), b"vCont;C1e:p10.11"),
        (ResumeAction(17, "step", signal=11), b"vCont;S0b:p10.11"),
        (
            ResumeAction(17, "range-step", start=Address(0x10), end=Address(0x20)),
            b"vCont;r10,20:p10.11",
        ),
    ],
)
def test_actions(action: ResumeAction, packet: bytes):
    with scripted(program({b"vCont;": b"OK"})) as server:
        target = attached(server)
        assert target.control is not None
        assert target.control.wait(5) is not None
        target.control.resume([action])
        target.connection.request(b"vCont?")
        assert packet in server.requests


def test_another_architecture_is_refused():
    wrong = DESCRIPTION.replace(b"i386:x86-64", b"aarch64")
    with (
        scripted(program({b"qXfer:features:read:target.xml": b"l" + wrong})) as server,
        pytest.raises(RemoteError, match="aarch64"),
    ):
        attached(server).read_registers(17)


@pytest.mark.parametrize(
    "document",
    [
        b"<target>",
        b"<!DOCTYPE t [<!ENTITY a 'b'>]><target>&a;</target>",
        b"<target><reg name='a' bitsize='0'/></target>",
        b"<target><reg name='a' bitsize='x'/></target>",
        b"<target xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='a'/></target>",
    ],
)
def test_malformed_descriptions_are_refused(document: bytes):
    answers = program({b"qXfer:features:read:target.xml": b"l" + escape(document)})
    with scripted(answers) as server, pytest.raises((RemoteError, UnsupportedError)):
        attached(server).register_names()


def test_a_description_that_includes_itself_is_refused():
    document = b"<target xmlns:xi='x'><xi:include href='target.xml'/></target>"
    answers = program({b"qXfer:features:read:target.xml": b"l" + escape(document)})
    with scripted(answers) as server, pytest.raises(RemoteError, match="lacks"):
        attached(server).register_names()


def test_a_refused_attach_has_the_servers_reason():
    answers = program({b"vAttach;": b"E.process 16 is traced by 20 (gdb)"})
    with scripted(answers) as server, pytest.raises(LaunchError, match="traced by 20"):
        attached(server)


def test_a_launch_passes_arguments_environment_and_directory(monkeypatch: pytest.MonkeyPatch):
    for name in set(os.environ) - {"PATH"}:
        monkeypatch.delenv(name)
    answers = program(
        {b"Q": b"OK", b"qXfer:threads": b"l<threads/>", b"vRun;": STOP, b"QNonStop": b"OK"}
    )
    request = LaunchRequest("/bin/a", ("x;y",), (("A", "ü"),), "/tmp")
    with scripted(answers) as server:
        target = LiveTarget(Endpoint("a script", server.channel, lambda: "ended", lambda: None))
        target.start(request)
        assert target.pid == 16
        sent = [packet for packet in server.requests if packet[:2] in (b"QE", b"QD", b"QS", b"vR")]
        assert sent[1:] == [
            b"QDisableRandomization:1",
            b"QStartupWithShell:1",  # for the argument with a character special to a shell
            b"QEnvironmentReset",
            b"QEnvironmentUnset:" + b"PATH".hex().encode(),
            b"QEnvironmentHexEncoded:" + "A=ü".encode().hex().encode(),
            b"QSetWorkingDir:" + b"/tmp".hex().encode(),
            b"vRun;" + b"/bin/a".hex().encode() + b";" + b"x;y".hex().encode(),
        ]


def test_remote_files_are_read_in_pipelined_parts():
    content = bytes(range(256)) * 300

    def pread(packet: bytes) -> bytes:
        _, size, offset = (int(text, 16) for text in packet.split(b":")[2].split(b","))
        part = content[offset : offset + min(size, 1000)]  # fewer than asked for
        return b"F%x;" % len(part) + escape(part)

    answers = program(
        {b"vFile:setfs": b"F0", b"vFile:open": b"F3", b"vFile:pread": pread, b"vFile:close": b"F0"}
    )
    answers[b"qXfer:auxv"] = b"lnot of a process here"
    with scripted(answers) as server:
        target = attached(server)
        assert not target.is_local
        assert target.read_file("/a") == content
        assert server.requests[-1] == b"vFile:close:3"
    answers[b"vFile:open"] = b"F-1,2"
    with scripted(answers) as server, pytest.raises(RemoteError, match="No such file"):
        attached(server).read_file("/a")


def test_all_stop_servers_refuse_changes_while_running_but_can_be_interrupted():
    answers = program({b"qSupported": b"PacketSize=1000;multiprocess+", b"vCont;": lambda _: None})
    with scripted(answers) as server:
        target = attached(server)
        control = target.control
        assert control is not None
        assert target.abilities.stops_all
        assert control.wait(5) is not None
        control.resume([ResumeAction(None)])
        with pytest.raises(Exception, match="no changes while the program runs"):
            control.update_sites([], [SiteRequest("software", Address(1))])
        control.interrupt()
        assert control.wait(0) is None
        server.send(frame(b"T02thread:p10.10;"))
        stop = control.wait(5)
        assert stop is not None
        assert (stop.kind, stop.thread) == ("interrupt", 16)
