"""Files that do not belong together: the right warning, and no line that is silently wrong.

What is stripped, deleted, rebuilt under a running program or edited is in ``test_bad_input.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crabtrap import Session, Stdio
from crabtrap.events import BreakpointHit, Event, Notice
from tests.support.inferiors import build, running
from tests.support.needs import require

SOURCE = """fn twice(number: u32) -> u32 {
    let result = number * 2;
    println!("{result}");
    result
}

fn main() {
    println!("{}", twice(21));
}
"""


def compile_rust(source: Path, program: Path, *options: str) -> None:
    command = ["rustc", "-g", "--crate-name", "prog", *options, "-o", program, source]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    source = tmp_path / "prog.rs"
    source.write_text(SOURCE)
    compile_rust(source, tmp_path / "prog")
    return tmp_path / "prog"


def at_twice(program: Path) -> str:
    commands = ["break twice", "run", "next", "print number"]
    words = [word for command in commands for word in ("-ex", command)]
    done = subprocess.run(
        [sys.executable, "-m", "crabtrap.frontends.cli", "--batch", *words, program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    return done.stdout + done.stderr


# -- separate debug files -----------------------------------------------------------------------


def linked(program: Path) -> Path:
    """Move the debug information of a program to a file beside it, which it names."""
    require("objcopy")
    separate = program.with_name("prog.debug")
    subprocess.run(["objcopy", "--only-keep-debug", program, separate], check=True)
    stripped = program.with_name("linked")
    link = f"--add-gnu-debuglink={separate}"
    subprocess.run(["objcopy", "--strip-all", link, program, stripped], check=True)
    return stripped


def of_another_build(separate: Path) -> None:
    source, other = separate.with_name("other.rs"), separate.with_name("other")
    source.write_text("\n\n\n" + SOURCE.replace("* 2", "* 3"))
    compile_rust(source, other)
    subprocess.run(["objcopy", "--only-keep-debug", other, separate], check=True)


def truncated(separate: Path) -> None:
    separate.write_bytes(separate.read_bytes()[:20_000])


def no_elf_file(separate: Path) -> None:
    separate.write_text("not an ELF file, though of some length")


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "another build": (of_another_build, "prog.debug belongs to another build and is not used"),
    "truncated": (truncated, "prog.debug: section headers"),
    "no ELF file": (no_elf_file, "prog.debug: not an ELF file"),
    "gone": (Path.unlink, "has no debug information"),
}


def test_a_separate_debug_file_is_used(program: Path) -> None:
    output = at_twice(linked(program))
    assert "number = 21" in output
    assert "note:" not in output


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_separate_debug_file_that_does_not_fit_is_named_and_not_used(
    program: Path, kind: str
) -> None:
    damage, message = DAMAGE[kind]
    stripped = linked(program)
    damage(program.with_name("prog.debug"))
    output = at_twice(stripped)
    assert message in output
    assert "prog.rs" not in output
    assert "pending" in output


# -- sources and programs ------------------------------------------------------------------------


def test_a_line_is_found_again_in_a_program_that_was_rebuilt_between_two_runs(
    program: Path,
) -> None:
    with Session(str(program)) as session:
        point = session.breakpoints.add("twice")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        assert session.frame.line == 2
        session.continue_()
        source = program.with_name("prog.rs")
        source.write_text("// more\n// lines\n" + SOURCE)
        compile_rust(source, program)
        session.launch((), stdio=Stdio.pipes())
        assert session.continue_().reasons == (BreakpointHit(point.number, 2),)
        assert session.frame.line == 4


def test_a_program_that_is_rebuilt_at_a_stop_stays_what_runs(program: Path) -> None:
    with Session(str(program)) as session:
        session.breakpoints.add("twice")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        source = program.with_name("later.rs")
        source.write_text("// more\n// lines\n" + SOURCE)
        compile_rust(source, program)
        assert session.frame.line == 2
        assert [location.line for location in session.breakpoints.add("prog::main").locations] == [
            8
        ]
        session.next()
        assert session.frame.line == 3


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_source_is_told_to_be_another_one_by_its_time(
    program: Path, version: int, seconds: int
) -> None:
    """rustc leaves no checksums: a file that was changed and made older is not noticed."""
    source = program.with_name("prog.rs")
    compile_rust(source, program, f"-Cdwarf-version={version}")
    then = program.stat().st_mtime + seconds
    os.utime(source, (then, then))
    assert ("the file is newer than" in at_twice(program)) == (seconds > 0)


def test_a_library_that_was_replaced_is_not_mistaken_for_what_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libplugin.so"
    shutil.copy(build("dynlib").path.with_name("libplugin.so"), library)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    with running(build("attachme"), "1") as program, Session(None) as session:
        monkeypatch.delenv("LD_PRELOAD")
        library.unlink()
        shutil.copy(build("exits").path, library)
        notices: list[str] = []

        def note(event: Event) -> None:
            if isinstance(event, Notice):
                notices.append(event.text)

        session.subscribe(note)
        session.attach(program.pid)
        point = session.breakpoints.add("plugin_entry")
        if point.locations:  # what is mapped can be opened, with some capabilities
            (found,) = point.locations
            assert found.path is not None
            assert found.path.endswith("plugin/src/lib.rs")
        else:
            assert any(f"{library} is not what the program has loaded" in text for text in notices)
