"""Panics and signals are exceptions: chosen by filters, told with all that is known."""

from __future__ import annotations

import pytest

from tests.support.dap_client import Body, DapClient, RequestFailed
from tests.support.inferiors import build


def test_the_filters_are_there_from_the_beginning(client: DapClient) -> None:
    capabilities = client.initialize()
    filters = {each["filter"]: each for each in capabilities["exceptionBreakpointFilters"]}
    assert filters["rust_panic"]["default"]
    assert filters["rust_panic"]["supportsCondition"]
    assert capabilities["supportsExceptionInfoRequest"]


def test_a_panic_is_an_exception_with_its_message_and_place(client: DapClient) -> None:
    inferior = build("panics")
    line = inferior.marker("index")
    client.launch(inferior.path, args=["inlined"])
    stop = client.stopped()
    assert stop["reason"] == "exception"
    assert "index out of bounds" in stop["text"]
    assert f"main.rs:{line}" in stop["text"]

    thread = stop["threadId"]
    info = client.call("exceptionInfo", threadId=thread)
    assert info["exceptionId"] == "panic"
    assert "index out of bounds" in info["description"]
    assert f"main.rs:{line}" in info["details"]["stackTrace"]
    assert "rust_panic" not in info["details"]["stackTrace"]
    first = next(f for f in client.frames(thread) if f.get("presentationHint") != "subtle")
    assert (first["source"]["path"], first["line"]) == (str(inferior.source), line)


@pytest.mark.parametrize(
    ("filters", "kind", "stops"),
    [
        (["rust_panic"], "caught", True),
        (["rust_panic_own"], "caught", True),
        (["rust_panic_uncaught"], "caught", False),
        (["rust_panic_uncaught"], "inlined", True),
        ([], "inlined", False),
        ([{"filterId": "rust_panic", "condition": "order.number == 2"}], "caught", True),
        ([{"filterId": "rust_panic", "condition": "order.number == 1"}], "caught", False),
        ([{"filterId": "rust_panic", "condition": "/amount -7$/"}], "caught", True),
        ([{"filterId": "rust_panic", "condition": "/amount -8$/"}], "caught", False),
        ([{"filterId": "rust_panic", "condition": "crate core"}], "caught", False),
    ],
)
def test_filters_choose(
    client: DapClient, filters: list[str | Body], kind: str, stops: bool
) -> None:
    client.launch(build("panics").path, args=[kind], filters=filters)
    assert client.stopped()["reason"] == "exception" if stops else client.event("exited")


def test_a_condition_that_means_nothing_is_told(client: DapClient) -> None:
    client.initialize()
    client.request("launch", {"program": str(build("panics").path)})
    client.event("initialized")
    unclosed = {"filterId": "rust_panic", "condition": "/("}
    wrong = {"filterId": "rust_panic_own", "condition": "order ="}
    good, first, second, unknown = client.set_exceptions("abort", "nothing", unclosed, wrong)
    assert good["verified"]
    for one in (first, second, unknown):
        assert (one["verified"], one["reason"]) == (False, "failed")
        assert one["message"]


@pytest.mark.parametrize(
    ("filters", "kind", "name"),
    [
        (["fatal_signals"], "segv", "SIGSEGV"),
        (["abort"], "abort", "SIGABRT"),
        ([], "segv", ""),
    ],
)
def test_signals_are_exceptions(
    client: DapClient, filters: list[str | Body], kind: str, name: str
) -> None:
    client.launch(build("signals").path, args=[kind], filters=filters)
    if not name:
        assert client.event("exited")["exitCode"] == 128 + 11
        return
    thread = client.stopped()["threadId"]
    info = client.call("exceptionInfo", threadId=thread)
    assert info["exceptionId"] == name
    assert name in info["description"]


def test_a_stop_for_something_else_has_no_exception(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    with pytest.raises(RequestFailed, match="not stopped for an exception"):
        client.call("exceptionInfo", threadId=thread)
