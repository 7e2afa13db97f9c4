"""Asynchronous tasks: threads of every editor, and a request for those that know it."""

from __future__ import annotations

import pytest

from tests.support.dap_client import DapClient
from tests.support.inferiors import build

FIRST = 1 << 30


@pytest.mark.timeout(300)
def test_tasks_that_wait_have_stacks_and_variables(client: DapClient) -> None:
    inferior = build("tasks")
    client.stop_at(inferior, "look")
    threads = client.call("threads")["threads"]
    tasks = {each["name"]: each["id"] for each in threads if each["id"] >= FIRST}
    assert len(tasks) > 5
    listed = client.call("crabtrap/asyncTasks")["tasks"]
    large = next(each for each in listed if each["name"].endswith("large"))
    assert large["threadId"] in tasks.values()
    frames = client.frames(large["threadId"])
    own = next(each for each in frames if each["line"] == inferior.marker("large"))
    scopes = client.scopes(own["id"])
    rows = client.variables(scopes["Locals"]["variablesReference"])
    assert rows
    assert not any(row["name"].startswith("__") for row in rows)
    name = rows[0]["name"]
    assert client.evaluate(name, own["id"])["result"] == rows[0]["value"]


def test_tasks_are_left_out_where_nobody_wants_them(client: DapClient) -> None:
    client.stop_at(build("tasks"), "look", asyncTasks=False)
    assert all(each["id"] < FIRST for each in client.call("threads")["threads"])


def test_programs_without_a_runtime_have_no_tasks(client: DapClient) -> None:
    client.stop_at(build("basics"), "norm2")
    assert client.call("crabtrap/asyncTasks") == {"tasks": [], "problems": []}
