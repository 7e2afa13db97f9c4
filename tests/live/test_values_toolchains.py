"""The values corpus on other compilers than the one the tests are built with.

``CRABTRAP_OLD_RUSTC`` names a rustc 1.63 (Debian's package, unpacked anywhere, with
``LD_LIBRARY_PATH`` set by a wrapper where it needs one).  The newest nightly is used
where rustup has it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import test_values_corpus as corpus
from tests.support.inferiors import WORKSPACE

_READY = """
pub fn say(_: &str) {}
#[inline(never)]
pub fn keep<T: ?Sized>(value: &T) {
    unsafe { std::ptr::read_volatile(&(value as *const T as *const u8)); }
}
"""

# What std 1.63 has under another name or not at all; the locations stay the same.
_OLDER = (("std::os::fd", "std::os::unix::io"), ("A(u8) = 10", "A(u8)"), ("B(u64) = 20", "B(u64)"))

# Shown by their fields there: std had other channels and another deque iterator.
_STRUCTURAL = {"deque_iter", "sender", "receiver", "bounded_sender", "bounded_receiver"}


class Built:
    """A program built by another compiler."""

    def __init__(self, path: Path, sources: Path) -> None:
        self.path = path
        self._sources = sources

    def marker(self, name: str, source: str) -> int:
        for number, line in enumerate((self._sources / source).read_text().splitlines(), 1):
            if re.search(rf"// @{name}\b", line):
                return number
        raise AssertionError(f"no marker {name} in {source}")


def compile_values(rustc: list[str], directory: Path, *flags: str, older: bool) -> Built:
    sources = directory / "src"
    shutil.copytree(WORKSPACE / "programs" / "values" / "src", sources)
    for path in sources.iterdir() if older else ():
        text = path.read_text()
        for new, old in _OLDER:
            text = text.replace(new, old)
        path.write_text(text)
    (directory / "ready.rs").write_text(_READY)
    common = [*rustc, "--edition", "2021", "-g"]
    library, program = directory / "libready.rlib", directory / "values"
    ready = ["--crate-type", "rlib", "--crate-name", "ready", "-o", str(library)]
    subprocess.run([*common, *ready, str(directory / "ready.rs")], check=True, cwd=directory)
    main = ["--crate-name", "values", "--extern", f"ready={library}", "-o", str(program), *flags]
    subprocess.run([*common, *main, str(sources / "main.rs")], check=True, cwd=directory)
    return Built(program, sources)


def wrong_answers(built: Built, monkeypatch: pytest.MonkeyPatch, *, older: bool) -> list[str]:
    wanted = [s for s in corpus.sections() if not (older and s.marker == "modern")]
    monkeypatch.setattr(corpus, "build", lambda _package, _profile: built)
    monkeypatch.setattr(corpus, "sections", lambda: iter(wanted))
    wrong: list[str] = []
    answered = 0
    for section, text, expected, found in corpus.answers(""):
        answered += 1
        refused = found == "<removed by the linker>"
        if not refused and not corpus.fits(expected, found):
            wrong.append(text if older else f"{section.marker}: {text} = {found}")
    assert answered == sum(len(section.lines) for section in wanted)
    return wrong


@pytest.mark.timeout(120)
def test_rustc_1_63(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rustc = os.environ.get("CRABTRAP_OLD_RUSTC")
    if not rustc:
        pytest.skip("CRABTRAP_OLD_RUSTC does not name a rustc 1.63")
    built = compile_values([rustc], tmp_path, "--cfg", "old_std", older=True)
    assert set(wrong_answers(built, monkeypatch, older=True)) <= _STRUCTURAL


@pytest.mark.timeout(120)
def test_nightly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rustup = shutil.which("rustup")
    listed = rustup and subprocess.run(
        [rustup, "toolchain", "list"], capture_output=True, text=True, check=False
    )
    if not rustup or not listed or "nightly" not in listed.stdout:
        pytest.skip("rustup has no nightly toolchain")
    built = compile_values([rustup, "run", "nightly", "rustc"], tmp_path, older=False)
    wrong = wrong_answers(built, monkeypatch, older=False)
    assert [line for line in wrong if "Kind(number" not in line] == []
