"""Files: headers, separate debug files, levels of debug information, refusals."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from crabtrap import _core
from crabtrap.errors import DebugInfoError, MemoryFault, UsageError
from tests.support.inferiors import build


def open_basics(profile: str = "debug") -> _core.Image:
    return _core.Image.open(str(build("basics", profile).path))


def test_headers() -> None:
    image = open_basics()
    assert image.kind == "shared"
    assert image.is_pie
    assert image.interpreter is not None
    assert image.build_id is not None
    assert image.path == image.name == str(build("basics").path)
    assert image.debug_path == image.path
    assert {segment.kind for segment in image.segments} == {"load", "tls"}
    text = next(section for section in image.sections if section.name == ".text")
    assert text.executable
    assert text.address <= image.entry < text.address + text.size
    code = [segment for segment in image.segments if segment.executable]
    assert code[0].readable
    assert not code[0].writable


def test_a_name_is_shown_instead_of_the_path() -> None:
    image = _core.Image.open("/proc/self/exe", name="python")
    assert (image.name, image.path) == ("python", "/proc/self/exe")


def test_bytes_are_those_of_the_file_and_zero_beyond() -> None:
    image = open_basics()
    segment = image.segments[0]
    data = Path(image.path).read_bytes()
    start = segment.file_offset
    assert image.read(segment.address, 64) == data[start : start + 64]
    bss = next(s for s in image.segments if s.kind == "load" and s.memory_size > s.file_size)
    assert image.read(bss.address + bss.memory_size - 1, 1) == b"\0"
    assert image.read(segment.address, 0) == b""
    with pytest.raises(MemoryFault) as caught:
        image.read(bss.address + bss.memory_size, 1)
    assert (caught.value.address, caught.value.size) == (bss.address + bss.memory_size, 1)
    with pytest.raises(MemoryFault):
        image.read(2**64 - 1, 2**63)


@pytest.mark.parametrize(
    ("profile", "level"),
    [
        ("debug", "full"),
        ("dwarf5", "full"),
        ("v0", "full"),
        ("no-pie", "full"),
        ("split-packed", "full"),
        ("split-unpacked", "full"),
        ("split-dwarf5", "full"),
        ("compressed-zlib", "full"),
        ("compressed-zstd", "full"),
        ("debuglink", "full"),
        ("line-tables", "lines"),
        ("stripped", "symbols"),
        ("symbols-only", "symbols"),
    ],
)
def test_every_shape_of_debug_information_is_read(profile: str, level: str) -> None:
    image = open_basics(profile)
    assert image.debug_level == level
    assert image.problems == ()
    if level == "full":
        (function,) = image.find_functions("Point::norm2")
        names = [variable.name for variable in image.variables(function.die)]
        assert names == ["self", "squares"]
    if level == "lines":
        assert image.find_files("main.rs")


def test_debug_information_of_another_file() -> None:
    image = open_basics("debuglink")
    assert image.debug_path is not None
    assert image.debug_path != image.path
    assert image.find_functions("basics::main")


def test_debug_information_by_build_id(tmp_path: Path) -> None:
    image = open_basics("debuglink")
    assert image.build_id is not None
    assert image.debug_path is not None
    name = image.build_id.hex()
    location = tmp_path / "debug" / ".build-id" / name[:2] / f"{name[2:]}.debug"
    location.parent.mkdir(parents=True)
    location.write_bytes(Path(image.debug_path).read_bytes())
    moved = tmp_path / "program"
    moved.write_bytes(Path(image.path).read_bytes())
    assert _core.Image.open(str(moved)).debug_level == "symbols"
    found = _core.Image.open(str(moved), debug_directories=[str(tmp_path / "debug")])
    assert found.debug_path == str(location)
    assert found.find_functions("basics::main")


def test_debug_information_of_another_build_is_not_used(tmp_path: Path) -> None:
    image = open_basics("debuglink")
    assert image.debug_path is not None
    program = tmp_path / "program"
    program.write_bytes(Path(image.path).read_bytes())
    other = tmp_path / Path(image.debug_path).name
    other.write_bytes(build("deep").path.read_bytes())
    alone = _core.Image.open(str(program), debug_directories=[str(tmp_path)])
    assert alone.debug_level == "symbols"
    assert alone.problems == (f"{other} belongs to another build and is not used",)


def test_images_in_memory() -> None:
    path = build("basics").path
    image = _core.Image.parse(path.read_bytes(), "copy")
    assert (image.name, image.path) == ("copy", "copy")
    assert image.find_functions("Point::norm2")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        _core.Image.open(str(tmp_path / "nothing"))
    assert missing.value.filename == str(tmp_path / "nothing")
    text = tmp_path / "text"
    text.write_text("hello")
    os.mkfifo(tmp_path / "pipe")
    for path, reason in [
        (text, "not an ELF file"),
        (tmp_path, "not a regular file"),
        (tmp_path / "pipe", "not a regular file"),
    ]:
        with pytest.raises(DebugInfoError, match=reason):
            _core.Image.open(str(path))


def test_mistakes_of_the_caller() -> None:
    image = open_basics()
    with pytest.raises(UsageError):
        image.symbols_matching("(")
    with pytest.raises(UsageError):
        image.find_functions_matching("[")
    with pytest.raises(DebugInfoError):
        image.type(2**64 - 1)
    with pytest.raises(DebugInfoError):
        image.variables(2**64 - 1)
    with pytest.raises(DebugInfoError):
        open_basics("stripped").type(11)


def test_many_threads_ask_at_once() -> None:
    image = open_basics()
    answers: list[int] = []

    def ask() -> None:
        image.start_indexing()
        (function,) = image.find_functions("Point::norm2")
        answers.append(len(image.find_types("Point")) + len(image.variables(function.die)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [3] * 8
    assert image.wait_indexed()
    assert image.wait_indexed(0.0)


def test_an_image_may_go_while_it_is_indexed() -> None:
    for _ in range(20):
        image = open_basics()
        image.start_indexing()
        del image
