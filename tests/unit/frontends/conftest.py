"""A console over plain data."""

from __future__ import annotations

import io

import pytest

from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from crabtrap.symbols.source_files import SourceFile
from crabtrap.target.stdio import Stdio

from .fake_session import FakeBinding, FakeFrame, FakeSession, FakeThread, FakeValue

SOURCE = """\
fn parse(line: &str) -> Option<Entry> {
    let mut parts = line.split(',');
    let name = parts.next()?;
    let count = parts.next()?.parse().ok()?;
    Some(Entry { name, count })
}
"""


class Screen:
    """A console and what it has written so far."""

    def __init__(self, session: FakeSession, *, json: bool = False) -> None:
        self.stream = io.StringIO()
        self.session = session
        output = JsonOutput(self.stream) if json else Output(self.stream, colour=False)
        self.console = Console(session, output, stdio=Stdio.inherit())  # type: ignore[arg-type]

    def run(self, *lines: str) -> str:
        """Execute lines; what they wrote."""
        self.stream.seek(0)
        self.stream.truncate()
        for line in lines:
            self.console.execute(line)
        return self.stream.getvalue()


@pytest.fixture
def session() -> FakeSession:
    line = FakeBinding("line", FakeValue('"a,3"'), "argument")
    parts = FakeBinding("parts", FakeValue("Split { .. }"))
    stack = [
        FakeFrame(0, "demo::parse", "/src/demo/main.rs", 4, (line, parts)),
        FakeFrame(1, "core::iter::map", "/rustc/abc/library/core/src/iter.rs", 9, is_user=False,
                  inlined=True, folded_reason="standard library"),
        FakeFrame(2, "std::rt::lang_start", "/rustc/abc/library/std/src/rt.rs", 1, is_user=False,
                  folded_reason="standard library"),
        FakeFrame(3, "demo::main", "/src/demo/main.rs", 40),
        FakeFrame(4, "__libc_start_main", is_user=False, folded_reason="no debug information"),
    ]  # fmt: skip
    other = [FakeFrame(0, "syscall", None, is_user=False), FakeFrame(1, "demo::work", "/w.rs", 7)]
    session = FakeSession([FakeThread(1, 100, "demo", stack), FakeThread(2, 101, "worker", other)])
    session.sources.files["/src/demo/main.rs"] = SourceFile(
        "/src/demo/main.rs", "/src/demo/main.rs", tuple(SOURCE.splitlines())
    )
    return session


@pytest.fixture
def screen(session: FakeSession) -> Screen:
    return Screen(session)


@pytest.fixture
def json_screen(session: FakeSession) -> Screen:
    return Screen(session, json=True)
