"""The table of requests: it is what is documented, and what is announced is real."""

from __future__ import annotations

from pathlib import Path

from crabtrap.frontends.dap.dap_manual import page
from crabtrap.frontends.dap.request_table import HANDLERS, capabilities
from tests.support.dap_schema import check_message

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_fresh() -> None:
    assert (DOCS / "dap.md").read_text("utf-8") == page()


def test_capabilities_are_those_of_the_protocol() -> None:
    response = {"seq": 1, "type": "response", "request_seq": 1, "success": True}
    check_message({**response, "command": "initialize", "body": capabilities()})


def test_every_request_is_of_the_protocol_or_ours() -> None:
    for command in HANDLERS:
        if not command.startswith("crabtrap/"):
            response = {"seq": 1, "type": "response", "request_seq": 1, "success": False}
            check_message({**response, "command": command, "message": "no", "body": {}})
