"""The debug console: expressions, and the commands of the console where it is no expression."""

from __future__ import annotations

import pytest

from tests.support.dap_client import DapClient, RequestFailed
from tests.support.inferiors import build


def test_one_box_has_expressions_and_commands(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    inner, outer = client.frames(thread, 2)

    def answer(text: str, frame: int = inner["id"]) -> str:
        return str(client.evaluate(text, frame, "repl")["result"])

    assert answer("1+1") == "2"
    assert answer("0x4") == "4"
    assert answer("self.x + 0") == client.evaluate("self.x", inner["id"])["result"]
    assert answer("bt").startswith("#0")
    assert "squares" in answer("info locals")
    assert "squares" not in answer("info locals", outer["id"])
    assert answer("print self.x").startswith("$1: self.x = ")


@pytest.mark.parametrize("text", ["self.(", "nothing_here", "print", "x" * 100_000, '"'])
def test_what_is_neither_is_told_and_nothing_more(client: DapClient, text: str) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    for context in ("watch", "repl", "hover"):
        with pytest.raises(RequestFailed) as failed:
            client.evaluate(text, frame, context)
        assert not failed.value.shown
    assert client.output("console") == ""
    assert client.evaluate("1", frame)["result"] == "1"


def test_hovering_runs_nothing(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    for context in ("watch", "hover"):
        with pytest.raises(RequestFailed):
            client.evaluate("next", frame, context)
    assert client.frames(thread, 1)[0]["id"] == frame


def test_a_command_that_runs_the_program_is_told_to_the_editor(client: DapClient) -> None:
    inferior = build("basics")
    thread = client.stop_at(inferior, "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    client.evaluate("next", frame, "repl")
    assert client.event("continued")["allThreadsContinued"]
    assert client.stopped()["reason"] == "step"
    assert client.frames(thread, 1)[0]["line"] == inferior.marker("norm2") + 1


def test_all_of_a_value_is_copied(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    frame = client.frames(thread, 1)[0]["id"]
    text = '"äöü€".repeat(10000)'
    shown = client.evaluate(text, frame)["result"]
    assert len(shown) < 400
    whole = client.evaluate(text, frame, "clipboard")["result"]
    assert whole.count("€") == 10000


def test_commands_of_the_configuration(client: DapClient) -> None:
    inferior = build("basics")
    client.launch(
        inferior.path,
        initCommands=["set print-width 90", "break norm2"],
        preRunCommands=["info breakpoints"],
    )
    client.stopped()
    assert "norm2" in client.output("console")
