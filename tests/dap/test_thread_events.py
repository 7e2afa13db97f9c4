"""Threads are told of before the stop at which they are seen."""

from tests.support.dap_client import DapClient
from tests.support.inferiors import build


def test_a_thread_is_told_of_before_the_stop(client: DapClient) -> None:
    client.stop_at(build("basics"), "norm2")
    client.call("threads")
    told = [each.get("event") for each in client.transcript]
    assert told.index("thread") < told.index("stopped")
    client.disconnect()
