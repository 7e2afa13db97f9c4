"""One server and one window for all tests; every test finds a window in which nothing runs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.vscode.code_server import INSTALLED, code_server
from tests.vscode.workbench import Workbench, workbench

sys.path.append(str(INSTALLED / "python"))


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Generator[Workbench]:
    """The window, which shows a copy of the project in `project`."""
    directory = tmp_path_factory.mktemp("vscode")
    workspace = directory / "till"
    shutil.copytree(Path(__file__).parent / "project", workspace)
    with code_server(directory, workspace) as address, workbench(address, workspace) as shown:
        yield shown


@pytest.fixture
def editor(window: Workbench) -> Generator[Workbench]:
    """The window, with no breakpoints and nothing that runs."""
    yield window
    window.clear()
