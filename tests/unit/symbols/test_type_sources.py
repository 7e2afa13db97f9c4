"""The files that may declare a type, by its path."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crabtrap.symbols.source_evidence import SourceEvidence
from crabtrap.symbols.type_sources import TypeSources


class _Image:
    """Debug information without checksums."""

    def source_checksums(self, path: str) -> tuple[bytes, ...]:
        return ()


@dataclass
class _Module:
    """A module that was built from files."""

    path: str
    files: tuple[str, ...]
    image: _Image = field(default_factory=_Image)
    source_evidence: dict[str, SourceEvidence] = field(default_factory=dict[str, SourceEvidence])

    def lines_with_code(self, path: str) -> tuple[int, ...]:
        return ()

    def find_files(self, suffix: str) -> tuple[str, ...]:
        return self.files


def find(root: Path, type_path: str, **texts: str) -> str | None:
    files: list[str] = []
    for name, text in texts.items():
        file = root / name.replace("__", "/")
        file = file.with_name(f"{file.name}.rs")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        files.append(str(file))
    built = root / "program"
    built.write_text("")
    latest = max(os.stat(each).st_mtime for each in files)
    os.utime(built, (latest + 10, latest + 10))
    sources = TypeSources(_Module(str(built), tuple(files)), type_path, ())  # type: ignore[arg-type]
    return sources.find(lambda lines: [lines[0]] if lines and lines[0] else [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app__src__main": "root", "app__src__shapes": "module"}, "module"),
        ({"app__src__main": "root", "app__src__shapes__mod": "module"}, "module"),
        ({"app__src__main": "root", "app__src__shapes": ""}, "root"),
        ({"else__src__shapes": "other", "app__src__main": "root"}, "root"),
        ({"else__src__shapes": "module", "else__src__main": "root"}, "module"),
        ({"else__src__shapes": "one", "more__src__shapes": "other"}, None),
        ({"app__src__deep": "unrelated"}, None),
    ],
)
def test_the_likeliest_file_that_has_it_tells(
    tmp_path: Path, files: dict[str, str], expected: str | None
):
    assert find(tmp_path, "app::shapes::Shape", **files) == expected


def test_folders_are_named_as_packages_are(tmp_path: Path):
    versions = {"my-app-1.2.3__src__lib": "mine", "my-app-more__src__lib": "other"}
    assert find(tmp_path, "my_app::Shape", **versions) == "mine"


def test_a_file_newer_than_the_program_does_not_tell(tmp_path: Path):
    source = tmp_path / "main.rs"
    source.write_text("text")
    built = tmp_path / "program"
    built.write_text("")
    os.utime(built, (0, 0))
    sources = TypeSources(_Module(str(built), (str(source),)), "app::Shape", ())  # type: ignore[arg-type]
    assert sources.find(lambda lines: [lines[0]]) is None
