"""What VS Code knows of a configuration is what the server reads."""

import json
from pathlib import Path

import pytest

from crabtrap.frontends.dap.configuration import SETTINGS

EXTENSION = Path(__file__).parents[3] / "editors/vscode/package.json"
OF_EDITORS = {"noDebug"}
"""What editors put in themselves."""


@pytest.mark.parametrize("request_name", ["launch", "attach"])
def test_the_extension_knows_every_setting(request_name: str) -> None:
    manifest = json.loads(EXTENSION.read_text("utf-8"))
    [debugger] = manifest["contributes"]["debuggers"]
    known = debugger["configurationAttributes"][request_name]["properties"]
    read = {each.name for each in SETTINGS if request_name in each.requests}
    assert set(known) == read - OF_EDITORS
