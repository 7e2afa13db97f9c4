import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from crabtrap.symbols.source_evidence import NEWER, OTHER_CONTENTS, SourceEvidence
from crabtrap.symbols.source_files import SourceFinder, installed_library_sources


def test_file_is_found_by_its_own_path(tmp_path: Path) -> None:
    path = tmp_path / "main.rs"
    path.write_text("one\ntwo\n")
    found = SourceFinder().find(str(path))
    assert found.lines == ("one", "two")
    assert (found.line(2), found.line(3), found.line(0)) == ("two", None, None)


@pytest.mark.parametrize("character", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_lines_are_those_that_rustc_counts(tmp_path: Path, character: str) -> None:
    source = tmp_path / "main.rs"
    text = f"\ufefffn main() {{}} // {character} \r\nfn late() -> u32 {{ panic }}\n"
    source.write_bytes(text.encode())
    done = subprocess.run(
        ["rustc", "--emit=metadata", "-o", tmp_path / "x", source],
        capture_output=True,
        text=True,
        check=False,
    )
    found = SourceFinder().find(str(source))
    (number,) = {int(each) for each in re.findall(r"--> .*main\.rs:(\d+):", done.stderr)}
    assert found.line(number) == "fn late() -> u32 { panic }"
    assert found.line(1) == f"fn main() {{}} // {character} "


def test_relative_name_is_found_below_the_compilation_directory(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text("x\n")
    found = SourceFinder().find("src/main.rs", compilation_directory=str(tmp_path))
    assert found.path == str(tmp_path / "src/main.rs")
    assert SourceFinder(directories=[str(tmp_path)]).find("src/main.rs").lines == ("x",)


def test_users_replacement_comes_first_and_only_at_whole_components(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text("mine\n")
    finder = SourceFinder(replacements=[("/build/app", str(tmp_path))])
    assert finder.find("/build/app/main.rs").lines == ("mine",)
    assert finder.find("/build/application/main.rs").reason == "file not found"


@pytest.mark.parametrize(
    "name",
    [
        "/rustc/59807616e1fa2540/library/core/src/option.rs",
        "/usr/src/rustc-1.63.0/library/core/src/option.rs",
        "library/core/src/option.rs",
    ],
)
def test_standard_library_is_found_in_a_toolchain(tmp_path: Path, name: str) -> None:
    file = tmp_path / "library/core/src/option.rs"
    file.parent.mkdir(parents=True)
    file.write_text("pub enum Option\n")
    finder = SourceFinder(standard_library=lambda: [str(tmp_path)])
    assert finder.find(name).lines == ("pub enum Option",)


def test_missing_standard_library_says_what_to_install() -> None:
    found = SourceFinder().find("/rustc/abc/library/core/src/option.rs")
    assert found.reason == "standard library sources not found"
    assert "rustup component add rust-src" in found.hint


def test_source_changed_after_the_build_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "main.rs"
    path.write_text("x\n")
    os.utime(path, (2000, 2000))
    finder = SourceFinder()
    assert finder.find(str(path), evidence=SourceEvidence(built=1000.0)).objection == NEWER
    assert not finder.find(str(path), evidence=SourceEvidence(built=3000.0)).stale
    assert not finder.find(str(path)).stale


def test_a_checksum_decides_whatever_the_times_say(tmp_path: Path) -> None:
    path = tmp_path / "main.rs"
    path.write_bytes(b"fn main() {}\r\n")
    os.utime(path, (2000, 2000))
    right = hashlib.md5(b"fn main() {}\r\n").digest()
    finder = SourceFinder()
    same = SourceEvidence((right,), built=1000.0)
    assert not finder.find(str(path), evidence=same).stale
    for other in ((bytes(16),), (right, bytes(16))):
        evidence = SourceEvidence(other, built=3000.0)
        assert finder.find(str(path), evidence=evidence).objection == OTHER_CONTENTS


@pytest.mark.parametrize(
    ("line", "fits"), [(1, True), (2, False), (3, False), (4, True), (5, False)]
)
def test_a_line_with_code_has_text(tmp_path: Path, line: int, fits: bool) -> None:
    path = tmp_path / "main.rs"
    path.write_text("fn main() {\n\n    // nothing\n    /// of a macro\n")
    found = SourceFinder().find(str(path), evidence=SourceEvidence(lines=(1, line)))
    assert found.stale is not fits


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.rs")
    found = SourceFinder().find(str(tmp_path / "fifo.rs"))  # opening must not wait for a writer
    assert found.lines == ()
    assert found.reason.endswith("not a regular file")
    assert SourceFinder().find("/dev/zero").reason == "/dev/zero: not a regular file"
    assert SourceFinder().find(str(tmp_path)).reason.endswith("Is a directory")


def test_size_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "big.rs"
    with open(path, "wb") as file:
        file.truncate(17 << 20)
    assert "too large" in SourceFinder().find(str(path)).reason


def test_broken_text_is_shown_with_replacements(tmp_path: Path) -> None:
    path = tmp_path / "latin.rs"
    path.write_bytes(b"// caf\xe9\n")
    assert SourceFinder().find(str(path)).lines == ("// caf\N{REPLACEMENT CHARACTER}",)


def test_installed_sources_prefer_the_given_toolchain(tmp_path: Path) -> None:
    inside = "lib/rustlib/src/rust/library"
    for name in ("stable", "nightly"):
        (tmp_path / ".rustup/toolchains" / name / inside).mkdir(parents=True)
    (tmp_path / ".rustup/toolchains/without").mkdir()
    (tmp_path / "usr/src/rustc-1.63.0/library").mkdir(parents=True)
    stable = tmp_path / ".rustup/toolchains/stable"
    found = installed_library_sources(str(tmp_path), [str(stable)], str(tmp_path / "usr"))
    assert found == (
        str(stable / "lib/rustlib/src/rust"),
        str(tmp_path / ".rustup/toolchains/nightly/lib/rustlib/src/rust"),
        str(tmp_path / "usr/src/rustc-1.63.0"),
    )
    assert installed_library_sources(str(tmp_path / "nobody"), (), str(tmp_path)) == ()


def test_a_file_has_an_identity_until_it_changes(tmp_path: Path):
    finder, name = SourceFinder(), str(tmp_path / "main.rs")
    assert finder.identity(name) is None
    Path(name).write_text("fn main() {}\n")
    first = finder.identity(name)
    assert first is not None
    assert first == finder.identity(name)
    Path(name).write_text("fn main() { panic!() }\n")
    assert finder.identity(name) != first
