"""Variables: shown, paged, changed, copied; memory behind them; completion."""

from __future__ import annotations

import base64

import pytest

from tests.support.dap_client import DapClient, RequestFailed
from tests.support.inferiors import build


def test_a_variable_is_changed(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    scope = client.scopes(frame)["Locals"]["variablesReference"]
    squares = client.locals(thread)["squares"]["variablesReference"]
    changed = client.call("setVariable", variablesReference=squares, name="1", value="7 * 6")
    assert changed["value"] == "42"
    assert client.event("memory")["count"] == 4
    assert "variables" in client.event("invalidated")["areas"]
    assert client.evaluate("squares.1", frame)["result"] == "42"
    client.call("setExpression", frameId=frame, expression="squares.0", value="1")
    assert client.evaluate("squares", frame)["result"] == "(1, 42)"
    with pytest.raises(RequestFailed, match="found &str") as failed:
        client.call("setVariable", variablesReference=scope, name="squares", value='"text"')
    assert failed.value.shown


def test_long_values_come_in_pages(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    row = client.evaluate("vec![7u32; 250]", frame)
    assert row["indexedVariables"] == 250
    reference = row["variablesReference"]
    page = client.variables(reference, filter="indexed", start=200, count=100)
    assert [each["name"] for each in page] == [f"[{n}]" for n in range(200, 250)]
    assert client.variables(reference, filter="indexed", start=900, count=100) == []
    assert client.variables(reference, filter="named") == []
    whole = client.variables(reference)
    assert len(whole) == 101
    assert whole[-1]["value"] == "150 more"
    rest = client.variables(whole[-1]["variablesReference"])
    assert rest[0]["name"] == "[100]"


def test_completion_counts_as_the_protocol_does(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]

    def complete(text: str, column: int) -> list[tuple[str, int, int]]:
        found = client.call("completions", frameId=frame, text=text, column=column)["targets"]
        return [(each["label"], each["start"], each["length"]) for each in found]

    assert ("squares", 0, 2) in complete("sq", 3)
    assert ("x", 10, 0) in complete('"😀" == self.', 14) or complete('"😀" == self.', 14)
    assert complete("sq", 1)
    assert complete("self.", 99)
    assert complete('"', 2) is not None


def test_memory_of_a_text_is_its_bytes(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "dog_name")
    frame = client.frames(thread, 1)[0]["id"]
    row = client.evaluate("GREETING", frame)
    read = client.call("readMemory", memoryReference=row["memoryReference"], count=5)
    assert base64.b64decode(read["data"]) == b"hello"
    nothing = client.call("readMemory", memoryReference="0x10", count=8)
    assert nothing == {"address": "0x10", "unreadableBytes": 8}
    assert "data" not in client.call("readMemory", memoryReference="0x10", count=0)


def test_memory_ends_where_its_page_does(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "dog_name")
    frame = client.frames(thread, 1)[0]["id"]
    rows = client.variables(client.scopes(frame)["Registers"]["variablesReference"])
    stack = int({row["name"]: row["value"] for row in rows}["rsp"], 16)
    size = 1 << 24  # more than a stack has
    read = client.call("readMemory", memoryReference=f"{stack:#x}", count=size)
    found = len(base64.b64decode(read["data"]))
    assert found
    assert found + read["unreadableBytes"] == size
    assert (stack + found) % 4096 == 0


def test_written_memory_is_read_again(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    place = client.evaluate("squares.0", frame)["memoryReference"]
    data = base64.b64encode(b"\x05\0\0\0").decode()
    assert client.call("writeMemory", memoryReference=place, data=data)["bytesWritten"] == 4
    assert client.evaluate("squares.0", frame)["result"] == "5"
    with pytest.raises(RequestFailed, match="base64"):
        client.call("writeMemory", memoryReference=place, data="*")
    with pytest.raises(RequestFailed, match="cannot access"):
        client.call("writeMemory", memoryReference="0x10", data=data)


@pytest.mark.parametrize(
    ("offset", "count"), [(-200, 400), (-50, 50), (0, 50), (-8, 24), (0, 1), (5, 3), (0, 0)]
)
def test_as_many_instructions_as_were_asked_for(client: DapClient, offset: int, count: int) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    pc = client.frames(thread, 1)[0]["instructionPointerReference"]
    rows = client.call(
        "disassemble", memoryReference=pc, instructionOffset=offset, instructionCount=count
    )["instructions"]
    assert len(rows) == count
    addresses = [int(row["address"], 16) for row in rows]
    assert addresses == sorted(addresses)
    if offset <= 0 < offset + count:
        assert rows[-offset]["address"] == pc
        assert rows[-offset]["line"]


def test_nothing_is_disassembled_where_nothing_is(client: DapClient) -> None:
    client.stop_at(build("basics"), "norm2")
    rows = client.call(
        "disassemble", memoryReference="0x10", instructionOffset=-4, instructionCount=8
    )["instructions"]
    assert [row["presentationHint"] for row in rows] == ["invalid"] * 8


def test_modules_are_listed(client: DapClient) -> None:
    inferior = build("basics")
    client.stop_at(inferior, "norm2")
    found = client.call("modules", startModule=0, moduleCount=1)
    assert found["totalModules"] > 2
    [first] = found["modules"]
    assert (first["name"], first["path"]) == ("basics", str(inferior.path))


def test_lines_that_breakpoints_can_have(client: DapClient) -> None:
    inferior = build("basics")
    client.stop_at(inferior, "norm2")
    line = inferior.marker("norm2")
    found = client.call(
        "breakpointLocations", source={"path": str(inferior.source)}, line=1, endLine=line
    )
    lines = [each["line"] for each in found["breakpoints"]]
    assert line in lines
    assert 1 not in lines


def test_a_source_that_is_not_here_is_explained(client: DapClient) -> None:
    client.launch(build("panics").path, args=["inlined"])
    thread = client.stopped()["threadId"]
    inner = client.frames(thread)[0]["source"]
    reference = inner.get("sourceReference")
    if reference is None:
        assert inner["path"].startswith("/")
        return
    text = client.call("source", source=inner, sourceReference=reference)["content"]
    assert "rustup component add rust-src" in text


def test_a_long_evaluation_is_cancelled(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    long = "(0..10000000000i64).map(|n| n % 7).map(|n| squares.0 as i64).sum::<i64>()"
    seq = client.request("evaluate", {"expression": long, "frameId": frame, "context": "watch"})
    waiting = client.request("evaluate", {"expression": "1 + 1", "context": "watch"})
    client.call("cancel", requestId=waiting)
    with pytest.raises(RequestFailed) as failed:
        client.response(waiting)
    assert failed.value.short == "cancelled"
    assert client.event("progressStart")["cancellable"]
    client.call("cancel", requestId=seq)
    with pytest.raises(RequestFailed) as failed:
        client.response(seq)
    assert failed.value.short == "cancelled"
    assert client.evaluate("1 + 1", frame)["result"] == "2"
