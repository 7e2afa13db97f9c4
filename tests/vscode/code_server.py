"""VS Code as a server on a free port of this machine, with the extension in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "target/vscode-test"
NODE = ROOT / "target/node/bin/node"
EXTENSION = ROOT / "target/crabtrap.vsix"
ENTRY = INSTALLED / "node_modules/code-server/out/node/entry.js"

SETTINGS = {
    "crabtrap.path": str(ROOT / ".venv/bin/crabtrap"),
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.colorTheme": "Default Light Modern",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "window.commandCenter": False,
    "editor.stickyScroll.enabled": False,
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "editor.accessibilitySupport": "off",
    "debug.toolBarLocation": "docked",
    "debug.inlineValues": "on",
    "debug.internalConsoleOptions": "openOnSessionStart",
    "debug.showInStatusBar": "never",
    "git.enabled": False,
}


@contextmanager
def code_server(directory: Path, workspace: Path) -> Generator[str]:
    """Run a server that shows a workspace; yields its address.

    Args:
        directory: Where it keeps its data.
        workspace: The folder that it opens.
    """
    data, extensions = directory / "data", directory / "extensions"
    for scope in ("User", "Machine"):  # which programs are run is a setting of the machine
        settings = data / scope / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS), "utf-8")
    places = ["--user-data-dir", str(data), "--extensions-dir", str(extensions)]
    command = [str(NODE), str(ENTRY), *places]
    subprocess.run(
        [*command, "--install-extension", str(EXTENSION)], check=True, stdout=subprocess.DEVNULL
    )
    quiet = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--auth=none", "--bind-addr=127.0.0.1:0", *quiet, str(workspace)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield _address(process)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    """Wait until the server says where it listens."""
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        _before, found, address = line.partition("HTTP server listening on ")
        if found:
            return address.strip().rstrip("/")
    raise AssertionError(f"the server did not start:\n{''.join(told)}")
