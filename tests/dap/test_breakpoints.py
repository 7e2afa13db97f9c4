"""Breakpoints: verified or explained, counted, logged, changed while the program runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dap_client import Body, DapClient
from tests.support.inferiors import build


@pytest.mark.parametrize("line", [9999, 1])
def test_a_line_without_code_is_explained(client: DapClient, line: int) -> None:
    inferior = build("basics")
    answered = client.launch(inferior.path, {str(inferior.source): [line]})
    [placed] = answered[str(inferior.source)]
    assert (placed["verified"], placed["reason"]) == (False, "failed")
    assert placed["message"]


def test_a_breakpoint_moves_within_a_function_and_to_the_item_below(client: DapClient) -> None:
    inferior = build("basics")
    path, text = str(inferior.source), inferior.source.read_text().splitlines()
    comment = next(n for n, each in enumerate(text, 1) if each.startswith("/// Three instances"))
    trait = next(n for n, each in enumerate(text, 1) if each.startswith("trait Animal"))
    answered = client.launch(inferior.path, {path: [comment, trait]})
    below, other = answered[path]
    assert below["verified"]
    assert below["line"] == inferior.marker("generic")
    assert (other["verified"], other["reason"]) == (False, "failed")
    assert "line" in other["message"]


def test_a_file_of_another_program_is_explained(client: DapClient, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.rs"
    elsewhere.write_text("fn main() {}\n")
    answered = client.launch(build("basics").path, {str(elsewhere): [1]})
    [placed] = answered[str(elsewhere)]
    assert (placed["verified"], placed["reason"]) == (False, "failed")
    assert "elsewhere.rs" in placed["message"]


def test_two_breakpoints_on_one_line_are_hit_at_once(client: DapClient) -> None:
    inferior = build("basics")
    line = inferior.marker("norm2")
    client.launch(inferior.path, {str(inferior.source): [line, line]})
    stop = client.stopped()
    assert len(set(stop["hitBreakpointIds"])) == 2


def test_breakpoints_that_stay_keep_their_numbers(client: DapClient) -> None:
    inferior = build("basics")
    path, first, second = str(inferior.source), inferior.marker("norm2"), inferior.marker("shift")
    answered = client.launch(inferior.path, {path: [first, second]})
    numbers = [each["id"] for each in answered[path]]
    third = inferior.marker("cat_name")
    again = client.set_breakpoints(path, third, second)
    assert again[1]["id"] == numbers[1]
    assert again[0]["id"] not in numbers


def test_a_breakpoint_is_set_while_the_program_runs(client: DapClient) -> None:
    inferior = build("attachme")
    client.launch(inferior.path, args=["2"])
    client.event("process")
    line = next(
        number
        for number, text in enumerate(inferior.source.read_text().splitlines(), 1)
        if "loop" in text or "while" in text
    )
    [placed] = client.set_breakpoints(str(inferior.source), line + 1)
    assert placed["verified"]
    assert not client.pending("continued")


@pytest.mark.parametrize(
    ("condition", "count"),
    [("2", 2), ("==2", 1), ("%2", 1), (">1", 2), ("<2", 1), (">=3", 1), (None, 3)],
)
def test_hit_conditions_count(client: DapClient, condition: str | None, count: int) -> None:
    inferior = build("basics")
    wish: Body = {"line": inferior.marker("generic"), "logMessage": "hit"}
    if condition is not None:
        wish["hitCondition"] = condition
    client.launch(inferior.path, {str(inferior.source): [wish]})
    client.event("exited")
    assert client.output("console").count("hit\n") == count


def test_hit_conditions_that_are_none_are_refused(client: DapClient) -> None:
    inferior = build("basics")
    path = str(inferior.source)
    wish = {"line": inferior.marker("norm2"), "hitCondition": "abc"}
    [placed] = client.launch(inferior.path, {path: [wish]})[path]
    assert not placed["verified"]
    assert "abc" in placed["message"]


def test_a_logpoint_has_values_and_a_place_and_never_stops(client: DapClient) -> None:
    inferior = build("basics")
    line = inferior.marker("norm2")
    wish = {"line": line, "logMessage": "x={self.x} {squares:?}", "condition": "self.x == 3"}
    client.launch(inferior.path, {str(inferior.source): [wish]})
    client.event("exited")
    assert not client.pending("stopped")
    logged = [
        m["body"]
        for m in client.transcript
        if m.get("event") == "output" and "x=" in m["body"]["output"]
    ]
    assert logged
    for body in logged:
        assert body["category"] == "console"
        assert body["output"].startswith("x=3 (9, ")
        assert body["output"].endswith("\n")
        assert (body["source"]["path"], body["line"]) == (str(inferior.source), line)


def test_conditions_that_mean_nothing_are_refused(client: DapClient) -> None:
    inferior = build("basics")
    path = str(inferior.source)
    wish = {"line": inferior.marker("norm2"), "condition": "nothing_here == 1"}
    [placed] = client.launch(inferior.path, {path: [wish]})[path]
    assert not placed["verified"]
    assert "nothing_here" in placed["message"]


def test_functions_and_instructions(client: DapClient) -> None:
    inferior = build("basics")
    client.launch(inferior.path, stopOnEntry=True)
    thread = client.stopped()["threadId"]
    [function] = client.call("setFunctionBreakpoints", breakpoints=[{"name": "Point::norm2"}])[
        "breakpoints"
    ]
    client.call("continue", threadId=thread)
    stop = client.stopped()
    assert (stop["reason"], stop["hitBreakpointIds"]) == ("function breakpoint", [function["id"]])
    pc = client.frames(thread, 1)[0]["instructionPointerReference"]
    rows = client.call("disassemble", memoryReference=pc, instructionCount=2)["instructions"]
    wish = {"instructionReference": rows[1]["address"]}
    [instruction] = client.call("setInstructionBreakpoints", breakpoints=[wish])["breakpoints"]
    client.call("continue", threadId=thread)
    stop = client.stopped()
    assert stop["reason"] == "instruction breakpoint"
    assert stop["hitBreakpointIds"] == [instruction["id"]]
    client.call("stepIn", threadId=thread, granularity="instruction")
    assert client.stopped()["reason"] == "step"
    [bad] = client.call(
        "setInstructionBreakpoints", breakpoints=[{"instructionReference": "nowhere"}]
    )["breakpoints"]
    assert not bad["verified"]
    assert bad["message"]
