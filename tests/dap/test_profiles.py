"""What five editors send, with all that is odd about it."""

import pytest

from tests.support.dap_client import DapClient
from tests.support.dap_profiles import PROFILES, play
from tests.support.inferiors import build


@pytest.mark.parametrize("profile", sorted(each.stem for each in PROFILES.glob("*.json")))
def test_an_editor_is_served(client: DapClient, profile: str) -> None:
    inferior = build("basics")
    names = {
        "program": str(inferior.path),
        "source": str(inferior.source),
        "line": inferior.marker("norm2"),
        "directory": str(inferior.source.parent),
    }
    play(profile, client, names)
