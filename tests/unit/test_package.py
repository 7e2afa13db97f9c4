"""What the package promises to export."""

import importlib
import pkgutil

import crabtrap


def test_everything_public_is_listed() -> None:
    public = {name for name in vars(crabtrap) if not name.startswith("_")}
    modules = {module.name for module in pkgutil.iter_modules(crabtrap.__path__)}
    assert public - modules == set(crabtrap.__all__) - {"__version__"}


def test_every_module_can_be_imported_alone() -> None:
    for module in pkgutil.walk_packages(crabtrap.__path__, "crabtrap."):
        importlib.import_module(module.name)
