"""A client that sends anything: each request is answered, and the server stays alive."""

from __future__ import annotations

import random

from crabtrap.frontends.dap.request_table import HANDLERS
from tests.support.dap_client import Body, DapClient, RequestFailed
from tests.support.inferiors import build

ENDING = {"launch", "attach", "disconnect", "terminate", "restart", "initialize"}
NAMES = ("threadId", "frameId", "variablesReference", "expression", "count", "memoryReference")
NAMES += ("name", "value", "breakpoints", "source", "filters", "instructionCount", "column", "line")
VALUES = (None, -1, 0, 1, 1 << 40, "", "x", "0x10", [], [{}], {}, {"path": "main.rs"}, True, 1.5)


def test_whatever_is_sent_is_answered(client: DapClient) -> None:
    chance = random.Random(4711)
    client.stop_at(build("basics"), "norm2")
    client.check = False
    commands = [*sorted(HANDLERS.keys() - ENDING), "fly", ""]
    for _ in range(300):
        command = chance.choice(commands)
        arguments: Body = {name: chance.choice(VALUES) for name in chance.sample(NAMES, 5)}
        seq = client.request(command, chance.choice((arguments, None)))
        assert "a bug in crabtrap" not in _failure(client, seq), (command, arguments)
    assert client.initialize()
    assert client.process.poll() is None


def _failure(client: DapClient, seq: int) -> str:
    """Why a request has failed, ``""`` where it has not."""
    try:
        client.response(seq)
    except RequestFailed as failed:
        return failed.message
    return ""
