"""Who imports whom among the front ends, imports for type checking included."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import crabtrap

SOURCE = Path(crabtrap.__file__).parent


def imported(path: Path) -> set[str]:
    """Modules of the front ends that a file names in an import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


IMPORTS = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts): imported(path)
    for path in (SOURCE / "frontends").rglob("*.py")
    if path.name != "__init__.py"
}


def test_no_front_end_module_imports_itself_through_others() -> None:
    graph = {name: names & IMPORTS.keys() for name, names in IMPORTS.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which shows the cycle


def test_commands_have_a_context_and_not_the_console() -> None:
    console = "crabtrap.frontends.console.console"
    importers = {name for name, names in IMPORTS.items() if console in names}
    starts = {"crabtrap.frontends.console.embedded", "crabtrap.frontends.console.start"}
    assert importers == starts
