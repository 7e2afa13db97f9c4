"""Pages elsewhere that show sessions."""

from __future__ import annotations

import os

import pytest

from tests.transcripts.player import ROOT, check_page, write_page


@pytest.mark.parametrize(
    "page", ["docs/async.md", "docs/async-server.md", "docs/json.md", "docs/types.md"]
)
def test_sessions_of_a_page(page: str) -> None:
    if os.environ.get("CRABTRAP_TRANSCRIPTS") == "write":
        write_page(ROOT / page)
    else:
        check_page(ROOT / page)
