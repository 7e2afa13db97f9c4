"""Source files by paths as editors send them."""

from pathlib import Path

import pytest

from crabtrap.symbols.linespec import ResolveContext, parse_spec, resolve_spec
from crabtrap.symbols.module_table import ModuleTable
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, fake_module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with ``real/src/main.rs``, and links to all of it."""
    source = tmp_path / "real/src/main.rs"
    source.parent.mkdir(parents=True)
    source.write_text("fn main() {}\n")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "entry.rs").symlink_to(source)
    (tmp_path / "main.rs").write_text("another\n")
    return tmp_path


def lines(noted: str, spec: str, *substitutes: tuple[str, str]) -> list[int | None]:
    image = FakeImage(
        functions=(FakeFunction("app::main", ((0x1000, 0x1100),)),),
        rows=(FakeRow(0x1000, 0x1010, 7, noted), FakeRow(0x1010, 0x1020, 8, noted)),
    )
    context = ResolveContext(ModuleTable([fake_module(image)]), substitutes=substitutes)
    return [location.line for location in resolve_spec(parse_spec(spec), context).locations]


PATHS = ["real/src/main.rs", "link/src/main.rs", "entry.rs", "real/src/../src/./main.rs"]


@pytest.mark.parametrize("noted", ["real/src/main.rs", "link/src/main.rs", "entry.rs"])
@pytest.mark.parametrize("sent", PATHS)
def test_links_are_followed_both_ways(project: Path, noted: str, sent: str) -> None:
    assert lines(str(project / noted), f"{project / sent}:8") == [8]


def test_a_file_of_the_same_name_is_another(project: Path) -> None:
    assert lines(str(project / "real/src/main.rs"), f"{project / 'main.rs'}:8") == []
    assert lines(str(project / "real/src/main.rs"), f"{project / 'no/main.rs'}:8") == []


def test_sources_that_were_moved_are_found_where_they_are(project: Path) -> None:
    moved = ("/build/app", str(project / "real"))
    assert lines("/build/app/src/main.rs", f"{project / 'link/src/main.rs'}:8", moved) == [8]
    assert lines("/build/app/src/main.rs", f"{project / 'link/src/main.rs'}:8") == []


def test_relative_paths_are_those_of_the_working_directory(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert lines(str(project / "real/src/main.rs"), "link/src/main.rs:8") == [8]
    assert lines(str(project / "real/src/main.rs"), "./entry.rs:8") == [8]
