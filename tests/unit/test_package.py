"""What the package promises to export."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import crabtrap

SOURCE = Path(crabtrap.__file__).read_text()


def test_every_exported_name_can_be_used() -> None:
    for name in crabtrap.__all__:
        assert getattr(crabtrap, name) is not None
        assert name in dir(crabtrap)
    assert not hasattr(crabtrap, "no_such_name")


def test_type_checkers_see_what_is_exported() -> None:
    (block,) = [
        node
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        (node.module, alias.name)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {name for _, name in seen} == set(crabtrap.__all__) - {"__version__"}
    for home, name in seen:
        whole = importlib.import_module(home) if home != "crabtrap" else crabtrap
        assert getattr(whole, name) is getattr(crabtrap, name)


def test_nothing_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, crabtrap; loaded = [m for m in sys.modules if m.startswith('crabtrap.')]; "
        "assert not loaded, loaded; assert crabtrap.events.Notice and crabtrap.errors.StateError; "
        "assert 'crabtrap.engine' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_front_ends_name_only_what_is_exported() -> None:
    import crabtrap.frontends

    (folder,) = crabtrap.frontends.__path__
    for path in Path(folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "crabtrap":
                assert {alias.name for alias in node.names} <= set(crabtrap.__all__), path


def test_every_module_can_be_imported_alone() -> None:
    for module in pkgutil.walk_packages(crabtrap.__path__, "crabtrap."):
        importlib.import_module(module.name)
