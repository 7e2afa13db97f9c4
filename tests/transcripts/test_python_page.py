"""The scripts of docs/python.md, run; what they print is what the page shows."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path

import pytest

import crabtrap
from tests.support.inferiors import build, running
from tests.transcripts.player import ROOT

PAGE = ROOT / "docs" / "python.md"
SCRIPT = re.compile(
    r"^```python(?P<running> attach)?\n(?P<code>.*?)^```\n"
    r"(?:^```(?:text|html)\n(?P<shown>.*?)^```\n)",
    re.DOTALL | re.MULTILINE,
)
SCRIPTS = list(SCRIPT.finditer(PAGE.read_text("utf-8")))


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory in which the program is where cargo would put it."""
    (tmp_path / "target" / "debug").mkdir(parents=True)
    (tmp_path / "target" / "debug" / "stock").symlink_to(build("stock").path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script.py"])


def run(script: re.Match[str]) -> str:
    printed = io.StringIO()
    with contextlib.ExitStack() as stack:
        if script["running"]:
            process = stack.enter_context(running(build("stock")))
            sys.argv.append(str(process.pid))
        stack.enter_context(contextlib.redirect_stdout(printed))
        exec(compile(script["code"], "docs/python.md", "exec"), {"__name__": "__main__"})
    return "".join(f"{line.rstrip()}\n" for line in printed.getvalue().splitlines())


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_scripts_print_what_is_shown(number: int) -> None:
    script = SCRIPTS[number]
    printed = run(script)
    if os.environ.get("CRABTRAP_TRANSCRIPTS") == "write":
        page = PAGE.read_text("utf-8")
        shown = f"{script['code']}```\n", script["shown"]
        at = page.index(shown[0]) + len(shown[0])
        start = page.index("\n", at) + 1
        PAGE.write_text(page[:start] + printed + page[start + len(shown[1]) :], "utf-8")
    else:
        assert printed == script["shown"]


def test_every_script_is_run() -> None:
    assert len(SCRIPTS) == PAGE.read_text("utf-8").count("```python")


def test_the_table_names_what_there_is() -> None:
    table = PAGE.read_text("utf-8").partition("## Where do I look?")[2]
    names = set(re.findall(r"`([A-Z]\w+)`", table))
    assert len(names) > 25
    assert names <= set(crabtrap.__all__)
    with crabtrap.Session(None) as session:
        for part in re.findall(r"`session\.(\w+)`", table):
            assert hasattr(type(session), part) or hasattr(session, part)
