"""A window of VS Code in a browser, used as its user would: by keys and by what is seen."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.vscode.code_server import INSTALLED

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SCREENSHOTS = INSTALLED / "screenshots"
MILLISECONDS = 200_000
"""How long what is expected may take: cargo may build meanwhile."""


class Workbench:
    """One window.

    Attributes:
        page: The page of the browser.
    """

    def __init__(self, page: Page, workspace: Path) -> None:
        self.page = page
        self.workspace = workspace

    def command(self, title: str) -> None:
        """Execute a command by its title, as the palette lists it."""
        self.page.keyboard.press("F1")
        self._pick(f">{title}", title)

    def open(self, path: str, line: int) -> None:
        """Open a file of the workspace and go to a line."""
        self.page.keyboard.press("F1")
        self._pick(f"{path}:{line}", Path(path).name)
        self.see(".monaco-editor.focused .view-lines")

    def _pick(self, text: str, label: str) -> None:
        field = self.page.locator(".quick-input-widget input.input")
        field.wait_for()
        field.fill(text)
        self.pick(label)
        field.wait_for(state="hidden")

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        self.page.keyboard.press(key)

    def pick(self, label: str) -> None:
        """Choose an item of the list that has opened."""
        name = self.page.locator(".label-name", has_text=re.compile(f"^{re.escape(label)}$"))
        rows = self.page.locator(".quick-input-list .monaco-list-row")
        rows.filter(has=name).first.click(timeout=MILLISECONDS)

    def add_conditional_breakpoint(self, condition: str) -> None:
        """Add a breakpoint with a condition in the line of the cursor."""
        self.command("Debug: Add Conditional Breakpoint...")
        self.see(".breakpoint-widget .monaco-editor.focused")
        self.page.keyboard.type(condition)
        self.page.keyboard.press("Enter")

    def see_variable(self, name: str, *texts: str) -> Locator:
        """Wait for a variable whose value has all texts."""
        having = "".join(f":has-text({_quoted(text)})" for text in texts)
        return self.see(f'.debug-variables .monaco-list-row[aria-label^="{name}, value"]{having}')

    def expand(self, name: str) -> None:
        """Show the parts of a variable."""
        self.see_variable(name).locator(".monaco-tl-twistie").click()

    def clear(self) -> None:
        """End what runs, forget all breakpoints and close all editors."""
        stopped = self.page.locator(".debug-call-stack .monaco-list-row")
        if stopped.count():
            self.command("Debug: Stop")
            stopped.first.wait_for(state="hidden", timeout=MILLISECONDS)
        self.command("Remove All Breakpoints")
        self.command("View: Close All Editors")

    def see(self, selector: str) -> Locator:
        """Wait until something is shown; return the first such thing."""
        found = self.page.locator(selector).first
        try:
            found.wait_for(timeout=MILLISECONDS)
        except Exception:
            self.screenshot("failed")
            raise
        return found

    def see_row(self, view: str, *texts: str) -> Locator:
        """Wait for a row of a view (a CSS selector) that has all texts."""
        having = "".join(f":has-text({_quoted(text)})" for text in texts)
        return self.see(f"{view} .monaco-list-row{having}")

    def is_stopped_at(self, line: int) -> None:
        """Wait until the program is stopped at a line, and show its variables."""
        self.see_row(".debug-call-stack", f"{line}:")
        scope = self.see_row(".debug-variables", "Locals")
        if scope.get_attribute("aria-expanded") == "false":
            scope.locator(".monaco-tl-twistie").click()

    def screenshot(self, name: str) -> None:
        """Keep what is shown, for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@contextmanager
def workbench(address: str, workspace: Path) -> Generator[Workbench]:
    """Open a window on a server."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(MILLISECONDS)
        page.goto(f"{address}/?folder={workspace}")
        page.locator(".monaco-workbench").wait_for()
        yield Workbench(page, workspace)
        browser.close()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
