"""Data breakpoints: old and new value are told, and what cannot be watched is explained."""

from __future__ import annotations

import pytest

from tests.support.dap_client import Body, DapClient
from tests.support.inferiors import build


def watch(client: DapClient, *wishes: Body) -> list[Body]:
    found: list[Body] = client.call("setDataBreakpoints", breakpoints=list(wishes))["breakpoints"]
    return found


def test_a_field_that_changes_stops(client: DapClient) -> None:
    inferior = build("watch")
    thread = client.stop_at(inferior, "fields_start")
    account = client.locals(thread)["account"]["variablesReference"]
    info = client.call("dataBreakpointInfo", variablesReference=account, name="balance")
    assert info["description"] == "account.balance"
    [placed] = watch(client, {"dataId": info["dataId"], "accessType": "write"})
    assert placed["verified"]
    client.call("continue", threadId=thread)
    stop = client.stopped()
    assert (stop["reason"], stop["hitBreakpointIds"]) == ("data breakpoint", [placed["id"]])
    assert "0 → 5" in stop["text"]
    assert watch(client, {"dataId": info["dataId"], "accessType": "write"}) == [placed]
    assert watch(client) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [("account.wide.len()", "not in memory"), ("nothing_here", "nothing_here"), ("1 +", "1 +")],
)
def test_what_cannot_be_watched_is_explained(client: DapClient, name: str, told: str) -> None:
    thread = client.stop_at(build("watch"), "fields_start")
    frame = client.frames(thread, 1)[0]["id"]
    info = client.call("dataBreakpointInfo", frameId=frame, name=name)
    assert info["dataId"] is None
    assert info["description"]


def test_bytes_at_an_address_are_watched(client: DapClient) -> None:
    inferior = build("watch")
    thread = client.stop_at(inferior, "fields_start")
    frame = client.frames(thread, 1)[0]["id"]
    place = client.evaluate("account.balance", frame)["memoryReference"]
    info = client.call("dataBreakpointInfo", name=place, asAddress=True, bytes=8)
    [placed] = watch(client, {"dataId": info["dataId"]})
    assert placed["verified"], placed
    client.call("continue", threadId=thread)
    assert client.stopped()["hitBreakpointIds"] == [placed["id"]]
