"""What every editor does first: launch, stop at a breakpoint, look, step, end."""

from __future__ import annotations

import pytest

from tests.support.dap_client import DapClient, RequestFailed
from tests.support.inferiors import build


def test_a_program_is_launched_in_the_order_of_vscode(client: DapClient) -> None:
    inferior = build("basics")
    line = inferior.marker("norm2")
    answered = client.launch(inferior.path, {str(inferior.source): [line]})
    [placed] = answered[str(inferior.source)]
    assert (placed["verified"], placed["line"]) == (True, line)

    stop = client.stopped()
    assert stop["reason"] == "breakpoint"
    assert stop["hitBreakpointIds"] == [placed["id"]]
    assert stop["allThreadsStopped"]
    assert f"main.rs:{line}" in stop["description"]

    names = [each["name"] for each in client.call("threads")["threads"]]
    assert names == ["1: basics"]
    first, *_ = frames = client.frames(stop["threadId"])
    assert first["name"].endswith("Point::norm2")
    assert first["source"]["path"] == str(inferior.source)
    assert first["line"] == line
    assert frames[-1].get("presentationHint") == "subtle"

    variables = client.locals(stop["threadId"])
    assert variables["squares"]["type"] == "(i32, i32)"
    assert variables["self"]["value"].startswith("&Point { x: ")
    parts = client.variables(variables["squares"]["variablesReference"])
    assert [part["name"] for part in parts] == ["0", "1"]
    assert client.evaluate("self.x + 1", first["id"])["result"].isdigit()
    client.disconnect()


def test_stepping_and_the_end(client: DapClient) -> None:
    inferior = build("basics")
    thread = client.stop_at(inferior, "norm2")
    line = client.frames(thread, 1)[0]["line"]
    client.call("next", threadId=thread)
    assert client.stopped()["reason"] == "step"
    assert client.frames(thread, 1)[0]["line"] == line + 1
    client.call("stepOut", threadId=thread)
    assert client.stopped()["reason"] == "step"
    client.call("stepIn", threadId=thread)
    client.stopped()
    client.set_breakpoints(str(inferior.source))
    client.call("continue", threadId=thread)
    assert client.event("exited") == {"exitCode": 0}
    client.event("terminated")
    assert "[" in client.output("stdout")
    client.disconnect()
    assert client.process.returncode == 0


def test_responses_come_before_what_they_lead_to(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    client.call("next", threadId=thread)
    client.stopped()
    kinds = [
        message.get("event") or message.get("command")
        for message in client.transcript
        if message.get("event") in ("initialized", "stopped") or message["type"] == "response"
    ]
    assert kinds[:2] == ["initialize", "initialized"]
    assert kinds.index("configurationDone") < kinds.index("launch") < kinds.index("stopped")
    assert kinds[-2:] == ["next", "stopped"]


def test_a_program_that_runs_answers_and_is_paused(client: DapClient) -> None:
    inferior = build("busy")
    client.launch(inferior.path)
    thread = client.call("threads")["threads"][0]["id"]
    with pytest.raises(RequestFailed, match="runs"):
        client.call("next", threadId=thread)
    client.call("pause", threadId=thread)
    assert client.stopped()["reason"] == "pause"
    client.call("continue", threadId=thread)
    client.disconnect()


def test_the_server_ends_with_its_input_and_the_program_with_it(client: DapClient) -> None:
    client.launch(build("busy").path)
    client.event("process")
    assert client.end() == 0


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"command": "variables", "arguments": {}}, "arguments.variablesReference is needed"),
        ({"command": "variables", "arguments": []}, "an object is needed"),
        ({"command": "variables", "arguments": {"variablesReference": "x"}}, "a number"),
        ({"command": "threads", "arguments": None}, "launch or attach first"),
        ({"command": "fly"}, "there is no such request"),
        ({"command": "evaluate", "arguments": {"expression": 7}}, "a text"),
    ],
)
def test_a_request_that_is_wrong_is_answered(
    client: DapClient, message: dict[str, object], told: str
) -> None:
    client.initialize()
    client.check = False
    client.send({"seq": 4711, "type": "request", **message})
    with pytest.raises(RequestFailed, match=told):
        client.response(4711)
    assert client.initialize()


def test_bytes_that_are_no_message_disturb_nobody(client: DapClient) -> None:
    client.send_bytes(b"{")
    client.send_bytes(b"[]")
    client.send_bytes(b'{"type": "event", "event": "x"}')
    assert client.initialize()["supportsConfigurationDoneRequest"]
    assert client.output("important").count("\n") == 3


@pytest.mark.parametrize(
    ("program", "told"), [("/nowhere", "No such file"), (__file__, "not an ELF file")]
)
def test_a_program_that_cannot_be_debugged_is_told(
    client: DapClient, program: str, told: str
) -> None:
    client.initialize()
    with pytest.raises(RequestFailed, match=told) as failed:
        client.call("launch", program=program)
    assert failed.value.shown
    client.disconnect()
