"""Frames and scopes: short names, what was returned and to whom."""

from __future__ import annotations

from tests.support.dap_client import DapClient
from tests.support.inferiors import build


def test_what_was_returned_belongs_to_the_frame_that_got_it(client: DapClient) -> None:
    thread = client.stop_at(build("basics"), "norm2")
    client.call("stepOut", threadId=thread)
    client.stopped()
    frames = client.frames(thread)
    scopes = client.scopes(frames[0]["id"])
    [row] = client.variables(scopes["Return value"]["variablesReference"])
    assert row["name"] == "return value"
    assert row["value"]
    assert "Return value" not in client.scopes(frames[1]["id"])


def test_what_was_returned_is_not_another_threads(client: DapClient) -> None:
    thread = client.stop_at(build("threads"), "hot")
    client.call("stepOut", threadId=thread)
    client.stopped()
    others = [each["id"] for each in client.call("threads")["threads"] if each["id"] != thread]
    assert others
    for other in others:
        assert "Return value" not in client.scopes(client.frames(other, 1)[0]["id"])


def test_names_and_types_fit_their_places(client: DapClient) -> None:
    inferior = build("values")
    maps = str(inferior.source.with_name("maps.rs"))
    client.launch(inferior.path, {maps: [inferior.marker("maps", "maps.rs")]})
    thread = client.stopped()["threadId"]
    types = [each["type"] for each in client.locals(thread).values()]
    assert "BTreeMap<u32, String>" in types
    assert [each for each in types if len(each) >= 60] == []
    frames = client.frames(thread)
    assert frames[0]["name"] == "values::maps::maps"
    assert not [each["name"] for each in frames if "$LT$" in each["name"]]
    assert all(len(each["name"]) <= 60 for each in frames if "presentationHint" not in each)
