"""Whatever we are given: a clear error or a degraded debugger, never a traceback or a hang."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.errors import CrabtrapError, LaunchError, NotFoundError
from crabtrap.events import BreakpointHit, Exited, Notice
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build, running
from tests.support.needs import require
from tests.support.sessions import kinds

HELLO = """fn twice(number: u32) -> u32 {
    let result = number * 2;
    drop(result);
    result
}

fn main() {
    println!("{}", twice(21));
}
"""


def crabtrap(
    *arguments: str | Path, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a batch to its end, with no input."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "crabtrap.frontends.cli", "--batch", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert done.returncode != 3, done.stderr
    return done


# -- files that are no programs --------------------------------------------------------------


def make_directory(path: Path) -> None:
    path.mkdir()


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


Make = Callable[[Path], object]


def patched(offset: int, value: bytes) -> Make:
    def make(path: Path) -> None:
        data = bytearray(build("exits").path.read_bytes())
        data[offset : offset + len(value)] = value
        path.write_bytes(data)

    return make


def truncated(size: int) -> Make:
    return lambda path: path.write_bytes(build("exits").path.read_bytes()[:size])


BAD_FILES: dict[str, tuple[Make, str]] = {
    "missing": (lambda path: None, "No such file"),
    "directory": (make_directory, "not a regular file"),
    "pipe": (os.mkfifo, "not a regular file"),
    "device": (make_device, "not a regular file"),
    "empty": (Path.touch, "not an ELF file"),
    "text": (lambda path: path.write_text("#!/bin/sh\n"), "not an ELF file"),
    "32-bit": (patched(4, b"\x01"), "32-bit"),
    "other-machine": (patched(18, b"\xb7"), "x86-64"),
    "header-cut": (truncated(40), "truncated or damaged"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_what_is_no_program_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    make, message = BAD_FILES[kind]
    path = tmp_path / kind
    make(path)
    with pytest.raises((CrabtrapError, OSError), match=message):
        Session(str(path))
    done = crabtrap("-ex", "run", path)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert str(path) in done.stderr
    assert "try:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("make", "mode"),
    [(truncated(3000), 0o755), (truncated(100_000), 0o755), (patched(16, b"\x01"), 0o755),
     (patched(16, b"\x04"), 0o755), (patched(16, b"\x03"), 0o644)],
    ids=["cut-early", "cut-late", "object", "core", "not-executable"],
)  # fmt: skip
def test_what_cannot_be_started_says_so(make: Make, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "program"
    make(path)
    path.chmod(mode)
    done = crabtrap("-ex", "break main", "-ex", "info sharedlibrary", "-ex", "run", path)
    assert done.returncode == 1
    assert done.stderr.count(f"cannot start {path}") == 1
    assert "try:" in done.stderr


# -- programs that say little --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("stripped", "no debug information"),
        ("symbols-only", "no debug information"),
        ("line-tables", "line tables only"),
    ],
)
def test_little_debug_information_is_said_and_used(profile: str, said: str) -> None:
    inferior = build("stepping", profile)
    location = f"main.rs:{inferior.marker('fib_leaf')}"
    notices: list[str] = []
    with Session(str(inferior.path)) as session:
        session.subscribe(lambda e: notices.append(e.text) if isinstance(e, Notice) else None)
        by_line = session.breakpoints.add(location)
        by_name = session.breakpoints.add("stepping::fibonacci", temporary=True)
        assert bool(by_line.locations) == (profile == "line-tables")
        assert bool(by_name.locations) == (profile != "stripped")
        session.launch(stdio=Stdio.pipes())
        assert any(said in text for text in notices)
        event = session.continue_()
        if profile == "stripped":
            assert kinds(event) == [Exited]
            return
        assert event.reasons == (BreakpointHit(by_name.number, 1, temporary=True),)
        frames = session.thread.frames()
        assert frames[0].function is not None
        assert frames[0].function.endswith("fibonacci")
        assert session.frame.locals() == ()
        assert (frames[0].line > 0) == (profile == "line-tables")
        with pytest.raises(CrabtrapError):
            session.evaluate("n")
        session.step_instruction()
        session.breakpoints.enable(by_line.number, False)
        session.finish()
        assert len(session.thread.frames()) == len(frames) - 1


def test_a_stripped_program_can_be_looked_at() -> None:
    inferior = build("signals", "stripped")
    done = crabtrap(
        "-ex", "run", "-ex", "bt", "-ex", "info registers rip", "-ex", "x/2i $pc",
        "-ex", "info locals", "-ex", "next", "-ex", "list", "-ex", "info threads",
        "--args", inferior.path, "segv",
    )  # fmt: skip
    assert "SIGSEGV" in done.stdout
    assert "#0" in done.stdout
    assert "no debug information" in done.stdout + done.stderr


# -- files that changed under a program ------------------------------------------------------------


@pytest.mark.parametrize("replacement", [None, "stepping", "attachme"])
def test_a_program_whose_file_is_gone_or_rebuilt(replacement: str | None, tmp_path: Path) -> None:
    inferior = build("attachme")
    copy = tmp_path / "program"
    shutil.copy(inferior.path, copy)
    with running(type(inferior)(copy, inferior.source, "debug"), "2") as program:
        copy.unlink()
        if replacement is not None:
            shutil.copy(build(replacement).path, copy)
        notices: list[str] = []
        with Session(str(copy) if replacement else None) as session:
            session.subscribe(lambda e: notices.append(e.text) if isinstance(e, Notice) else None)
            session.attach(program.pid)
            assert any("was deleted or rebuilt" in text for text in notices)
            named = [text for text in notices if "is not what process" in text]
            assert bool(named) == (replacement == "stepping")
            point = session.breakpoints.add("attachme::tick")
            assert session.continue_().reasons == (BreakpointHit(point.number, 1),)
            assert session.frame.line == inferior.marker("tick")
            assert session.values.render(session.evaluate("*count > 0")) == "true"
            session.breakpoints.remove(point.number)
            session.detach()
        program.process.send_signal(signal.SIGTERM)
        output, _ = program.process.communicate(timeout=10)
        assert "intact true" in output


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A program of one file, ``hello.rs``, next to it."""
    source = tmp_path / "hello.rs"
    source.write_text(HELLO)
    compile_rust("-g", "-o", str(tmp_path / "hello"), str(source))
    return tmp_path / "hello"


def compile_rust(*arguments: str) -> None:
    subprocess.run(["rustc", "--edition", "2021", *arguments], check=True, capture_output=True)


def test_a_variable_that_is_gone_is_not_mistaken_for_a_librarys(hello: Path) -> None:
    with Session(str(hello)) as session:
        session.breakpoints.add("hello.rs:5")  # libc has a static called result
        session.launch(stdio=Stdio.pipes())
        session.continue_()
        assert "not in scope" in session.values.render(session.evaluate("result"))
        with pytest.raises(NotFoundError):
            session.frame.lookup("result")


def at_twice(program: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    script = ("break twice", "run", *commands)
    return crabtrap(*(word for command in script for word in ("-ex", command)), program)


def test_an_edited_source_is_shown_with_a_warning(hello: Path) -> None:
    source = hello.with_name("hello.rs")
    source.write_text("// new\n" + HELLO)
    later = hello.stat().st_mtime + 60
    os.utime(source, (later, later))
    done = at_twice(hello, "print number", "continue")
    assert done.returncode == 0, done.stderr
    assert "newer" in done.stdout + done.stderr
    assert "number = 21" in done.stdout


def test_a_missing_source_is_named_and_all_else_works(hello: Path) -> None:
    source = hello.with_name("hello.rs")
    source.unlink()
    done = at_twice(hello, "next", "print result", "finish", "continue")
    assert done.returncode == 0, done.stderr
    assert f"{source}:3: no source: file not found" in done.stdout
    assert "result = 42" in done.stdout
    assert "Returned 42" in done.stdout


# -- processes that cannot be attached to --------------------------------------------------------


def refused(pid: int) -> str:
    """Why attaching fails, by the interface and by the command line alike."""
    with Session(None) as session:
        with pytest.raises(LaunchError) as caught:
            session.attach(pid)
        with pytest.raises(CrabtrapError):
            session.continue_()
    done = crabtrap("-p", str(pid), "-ex", "bt")
    assert done.returncode == 1
    assert str(caught.value) in done.stderr
    return str(caught.value)


@contextmanager
def zombie() -> Generator[int]:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    yield pid
    os.waitpid(pid, 0)


def test_a_process_that_has_ended() -> None:
    with zombie() as pid:
        assert "zombie" in refused(pid)
    assert f"no process {pid}" in refused(pid)


def test_a_kernel_thread() -> None:
    require("kernel threads")
    assert "kernel thread" in refused(2)


def test_a_process_that_is_debugged_already() -> None:
    with running(build("attachme"), "1") as program, Session(None) as first:
        first.attach(program.pid)
        assert "crabtrap-guard" in refused(program.pid)
        first.detach()


def test_another_users_process() -> None:
    require("root", "setpriv")
    # May read our files, wherever they are, but is nobody otherwise.
    nobody = (
        "setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
    )  # fmt: skip
    with running(build("attachme"), "1") as program:
        done = crabtrap("-p", str(program.pid), "-ex", "bt", prefix=nobody)
        assert done.returncode == 1
        assert f"cannot attach to process {program.pid}" in done.stderr
        assert "user" in done.stderr
        assert program.process.poll() is None
