"""Who waits for whom: a request of our own."""

import pytest

from tests.support.dap_client import DapClient, RequestFailed
from tests.support.inferiors import build


def test_waits_are_described_and_drawn(client: DapClient) -> None:
    inferior = build("waiting")
    client.stop_at(inferior, "look", args=["crossed"])
    answer = client.call("crabtrap/waits", format="svg")
    waiting = {one["who"]["root"].rpartition("::")[2] for one in answer["waits"]}
    assert "looks" not in waiting
    assert "deadlock" in [each["kind"] for each in answer["diagnoses"]]
    assert answer["svg"].startswith("<svg")
    assert answer["svg"].count("<rect") >= 4  # two tasks and two mutexes

    everything = client.call("crabtrap/waits", all=True)
    assert len(everything["waits"]) > len(answer["waits"])
    assert "svg" not in everything
    with pytest.raises(RequestFailed, match="no format is called 'png'"):
        client.call("crabtrap/waits", format="png")
    client.disconnect()
