"""Debugging a program in VS Code, as its user does it."""

from pathlib import Path

import pytest

from tests.vscode.workbench import Workbench

pytestmark = pytest.mark.timeout(900)

SOURCE = Path(__file__).parent / "project/src/main.rs"


def marker(name: str) -> int:
    """The line that ends in ``// @name``."""
    lines = SOURCE.read_text("utf-8").splitlines()
    [line] = [number for number, text in enumerate(lines, 1) if text.endswith(f"// @{name}")]
    return line


def test_f5_without_a_launch_json_stops_at_a_breakpoint(editor: Workbench) -> None:
    editor.open("main.rs", marker("total"))
    editor.press("F9")
    editor.see(".debug-breakpoint, .codicon-debug-breakpoint")
    editor.press("F5")
    editor.is_stopped_at(marker("total"))
    editor.see_variable("sum", "10")
    editor.screenshot("breakpoint")

    editor.expand("self")
    editor.expand("items")
    editor.see_variable("customer", '"ada"')
    editor.see_variable("gift", "None")
    editor.screenshot("variables")


def test_a_condition(editor: Workbench) -> None:
    editor.open("main.rs", marker("pays"))
    editor.add_conditional_breakpoint('order.customer == "grace"')
    editor.press("F5")
    editor.is_stopped_at(marker("pays"))
    editor.see_variable("order", "grace")
    editor.screenshot("conditional-breakpoint")


def test_the_lens_above_a_test(editor: Workbench) -> None:
    editor.open("main.rs", marker("asserts"))
    editor.press("F9")
    lens = editor.see('.codelens-decoration a:text-is("Debug test") >> nth=0')
    editor.screenshot("test-lens")
    lens.click()
    editor.is_stopped_at(marker("asserts"))
    editor.see_variable("total", "10")
    editor.screenshot("test-stopped")


def test_a_panic_stops_the_program(editor: Workbench) -> None:
    editor.open("main.rs", marker("purse"))
    editor.press("F5")
    editor.see(".exception-widget")
    editor.screenshot("panic")
