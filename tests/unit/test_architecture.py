"""The pages for newcomers name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "crabtrap"
PLACES = (
    ROOT,
    PACKAGE,
    PACKAGE / "engine",
    PACKAGE / "session",
    PACKAGE / "session" / "calls",
    PACKAGE / "frontends",
    PACKAGE / "frontends" / "console",
    PACKAGE / "frontends" / "dap",
    ROOT / "rust" / "guard" / "src",
)
"""Where a path in one of the pages may begin."""

SOURCE = re.compile(r"`([\w/.-]+\.(?:py|rs|toml|txt|md))`")
FOLDER = re.compile(r"`([\w/.-]+/)`")


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    named = {*SOURCE.findall(text), *FOLDER.findall(text)}
    assert len(named) > 10, "the page was read"
    planned = set(re.findall(r"([\w.]+/)†", text))
    gone = sorted(
        name
        for name in named - planned
        if "NAME" not in name and not any((place / name).exists() for place in PLACES)
    )
    assert not gone


def test_no_two_source_files_share_a_name() -> None:
    """A name alone leads to one file."""
    names: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            names.setdefault(path.name, []).append(str(path.relative_to(PACKAGE)))
    assert not {name: paths for name, paths in names.items() if len(paths) > 1}
