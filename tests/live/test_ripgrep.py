"""A day with a real program: ripgrep, as the registry has it, in debug and in release builds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.events import BreakpointHit, Event, Exited, OutputReceived, StepDone, WatchHit
from crabtrap.target.stdio import Stdio
from tests.support.ripgrep import Build, line_of, ripgrep, source_directory
from tests.support.sessions import Server, kinds

# The first test to run may have to compile ripgrep.
pytestmark = pytest.mark.timeout(600)

FILES = 6
THREADS = 3
FIRST_LINE = "let bin = if haystack.is_explicit() {"
PATH_LINE = "let path = haystack.path();"
TRACE_LINE = 'log::trace!("{}: binary detection: {:?}"'


@dataclass(slots=True)
class Rg:
    """A session on ripgrep, searching a small directory."""

    session: Session
    executable: Path
    directory: Path
    server: Server
    build: Build
    events: list[Event]

    def launch(self, threads: int = THREADS) -> None:
        self.session.launch(
            self.arguments(threads), directory=str(self.directory), stdio=Stdio.pipes()
        )

    def run_to(self, text: str, condition: str | None = None, threads: int = 1) -> None:
        """Launch, and run to the line of search.rs that contains ``text``."""
        location = f"search.rs:{line_of(text)}"
        point = self.session.breakpoints.add(location, condition=condition, temporary=True)
        self.launch(threads)
        event = self.session.continue_()
        assert event.reasons == (BreakpointHit(point.number, 1, temporary=True),)

    @staticmethod
    def arguments(threads: int) -> list[str]:
        return ["--threads", str(threads), "--no-heading", "needle", "hay"]

    @property
    def here(self) -> tuple[str, int]:
        """Last part of the selected frame's function, without generics, and the line."""
        frame = self.session.frame
        return last_part(frame.function), frame.line

    @property
    def output(self) -> list[str]:
        """Lines of standard output; several threads write them in any order."""
        parts = (each.data for each in self.events if isinstance(each, OutputReceived))
        return sorted(b"".join(parts).decode().splitlines())

    @property
    def native_output(self) -> list[str]:
        """What ripgrep finds when nobody watches."""
        done = subprocess.run(
            [self.executable, *self.arguments(THREADS)],
            cwd=self.directory,
            check=True,
            capture_output=True,
            text=True,
        )
        return sorted(done.stdout.splitlines())


def last_part(function: str | None) -> str:
    """``rg::search::SearchWorker<W>::search<Buffer>`` without all but ``search``."""
    path = function or ""
    while (shorter := re.sub(r"<[^<>]*>", "", path)) != path:
        path = shorter
    return path.rpartition("::")[2]


@pytest.fixture
def hay(tmp_path: Path) -> Path:
    directory = tmp_path / "hay"
    directory.mkdir()
    for number in range(1, FILES + 1):
        (directory / f"file{number}.txt").write_text(f"alpha\nneedle in {number}\nomega\n")
    return tmp_path


@pytest.fixture(params=["debug", "release"])
def rg(request: pytest.FixtureRequest, server: Server, hay: Path) -> Generator[Rg]:
    executable = ripgrep(request.param)
    with Session(str(executable), server=server) as session:
        made = Rg(session, executable, hay, server, request.param, [])
        session.subscribe(made.events.append)
        yield made


def test_a_function_in_every_instance(rg: Rg) -> None:
    point = rg.session.breakpoints.add("SearchWorker::search")
    assert {location.line for location in point.locations} == {line_of(FIRST_LINE)}
    assert len(point.locations) == 2  # written to a buffer, and to standard output
    rg.launch()
    assert rg.session.continue_().reasons == (BreakpointHit(point.number, 1),)
    assert rg.here == ("search", line_of(FIRST_LINE))
    frame = rg.session.frame
    assert [each.name for each in frame.arguments()] == ["self", "haystack"]
    assert frame.is_user


def test_every_hit_of_every_thread_is_counted(rg: Rg) -> None:
    by_name = rg.session.breakpoints.add("SearchWorker::search", ignore=1000)
    by_line = rg.session.breakpoints.add(f"search.rs:{line_of(PATH_LINE)}", condition="false")
    rg.launch()
    assert kinds(rg.session.continue_()) == [Exited]
    points = rg.session.breakpoints
    assert (points[by_name.number].hits, points[by_line.number].hits) == (FILES, 0)
    assert rg.output == rg.native_output
    assert len(rg.output) == FILES


@pytest.mark.parametrize(
    "condition",
    [
        'path.ends_with("file3.txt")',
        'path == "hay/file3.txt"',
        "path.len() == 13 && self.config.search_zip == false && haystack.dent.err.is_none()"
        " && path.inner.inner.inner[8] == b'3'",
    ],
)
def test_conditions_over_a_path(rg: Rg, condition: str) -> None:
    location = f"search.rs:{line_of(TRACE_LINE)}"
    point = rg.session.breakpoints.add(location, condition=condition)
    rg.launch()
    event = rg.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert rg.session.values.render(rg.session.evaluate("path")) == '"hay/file3.txt"'
    assert kinds(rg.session.continue_()) == [Exited]
    assert rg.output == rg.native_output


def test_backtraces_with_inlined_frames(rg: Rg) -> None:
    rg.run_to(PATH_LINE)
    frames = rg.session.thread.frames()
    names = [last_part(frame.function) for frame in frames]
    assert names[:4] == ["search", "search", "run", "main"]
    assert names[-1] == "_start"
    assert frames[0].line == line_of(PATH_LINE)
    assert frames[1].line in search_calls()
    inlined = {last_part(frame.function) for frame in frames if frame.inlined}
    assert "catch_unwind" in inlined
    # Optimised, all that main calls for a search becomes a part of it.
    assert (names[1] in inlined) == (rg.build == "release")
    assert [frame.is_user for frame in frames[:4]] == [True] * 4
    assert not any(frame.is_user for frame in frames[4:])
    assert rg.session.thread.backtrace_end_reason == ""


def search_calls() -> list[int]:
    text = (source_directory() / "crates/core/main.rs").read_text().splitlines()
    return [number for number, line in enumerate(text, 1) if "searcher.search(&haystack)" in line]


def test_locals_and_fields(rg: Rg) -> None:
    rg.run_to(TRACE_LINE, 'path.ends_with("file2.txt")')
    frame = rg.session.frame
    shown = {each.name for each in frame.locals()}
    assert {"bin", "path"} <= shown

    def text(expression: str) -> str:
        return rg.session.values.render(rg.session.evaluate(expression))

    assert text("path") == '"hay/file2.txt"'
    assert text("self.config.search_zip") == "false"
    assert text("haystack.strip_dot_prefix") == "false"
    assert text("self.config.preprocessor") == "None"
    assert text("self.config.binary_implicit") == "BinaryDetection(Quit(0))"


def test_next_shows_the_lines_of_the_worker_in_order(rg: Rg) -> None:
    rg.run_to(PATH_LINE)
    expected = [
        TRACE_LINE,
        "self.searcher.set_binary_detection(bin);",
        "if haystack.is_stdin() {",
        "} else if self.should_preprocess(path) {",
        "} else if self.should_decompress(path) {",
    ]
    for text in expected:
        event = rg.session.next()
        assert kinds(event) == [StepDone]
        assert rg.here == ("search", line_of(text)), text


def test_step_enters_ripgreps_functions_and_no_dependency(rg: Rg) -> None:
    rg.run_to(PATH_LINE)
    for _ in range(5):
        rg.session.next()
    assert rg.here[1] == line_of("} else if self.should_decompress(path) {")
    entered: list[tuple[str, int]] = []
    for _ in range(8):
        rg.session.step()
        frame = rg.session.frame
        assert frame.is_user, frame
        assert frame.line > 0, frame
        assert [rg.here] != entered[-1:], "a second stop on the same line"
        entered.append(rg.here)
    names = [name for name, _ in entered]
    order = [names.index(name) for name in ("should_decompress", "search_path")]
    assert order == sorted(order)


def test_next_does_not_go_from_one_inlined_function_into_the_next(rg: Rg) -> None:
    rg.run_to(PATH_LINE)
    while rg.here[1] != line_of("} else if self.should_preprocess(path) {"):
        rg.session.next()
    rg.session.step()
    assert rg.here[0] == "should_preprocess"
    while rg.here[0] == "should_preprocess":
        rg.session.next()
    assert rg.here[0] == "search"


def test_finish_shows_the_result(rg: Rg) -> None:
    rg.run_to(FIRST_LINE)
    event = rg.session.finish()
    done = event.reasons[0]
    assert isinstance(done, StepDone)
    assert done.return_value == "Ok(SearchResult { has_match: true, stats: None })"
    assert rg.session.frame.line in search_calls()


def test_threads_have_stacks_of_their_own(rg: Rg) -> None:
    rg.session.breakpoints.add(f"search.rs:{line_of(PATH_LINE)}")
    rg.launch()
    event = rg.session.continue_()
    threads = rg.session.threads
    assert 2 <= len(threads) <= 1 + THREADS  # the first may find work before the last is made
    assert {thread.name for thread in threads} == {"rg"}
    assert rg.session.thread.tid == event.thread
    main = rg.session.select_thread(event.pid)
    assert "search_parallel" in [last_part(frame.function) for frame in main.frames()]
    for thread in threads:
        # A thread that is being born stands in clone3, which cannot be unwound.
        if thread.frame(0).function != "clone3":
            assert thread.backtrace_end_reason == "", thread


def test_a_watched_field_is_seen_changing_in_a_dependency(rg: Rg) -> None:
    rg.run_to(TRACE_LINE)
    point = rg.session.breakpoints.watch("self.searcher.config.binary")
    seen = []
    while kinds(event := rg.session.continue_()) == [WatchHit]:
        hit = event.reasons[0]
        assert isinstance(hit, WatchHit)
        assert hit.watchpoint == point.number
        assert last_part(rg.session.frame.function) == "set_binary_detection"
        seen.append((hit.old, hit.new))
        if hit.new == "BinaryDetection(Quit(0))":
            rg.session.breakpoints.remove(point.number)
    assert seen[0][0] == "BinaryDetection(None)"
    assert seen[-1][1] == "BinaryDetection(Quit(0))"
    assert kinds(event) == [Exited]
    assert rg.output == rg.native_output


@pytest.mark.parametrize("build", ["debug", "release"])
def test_the_same_from_the_command_line(build: Build, hay: Path) -> None:
    commands = [
        "break SearchWorker::search",
        f'tbreak search.rs:{line_of(TRACE_LINE)} if path.ends_with("file5.txt")',
        "disable 1",
        "run",
        "bt",
        "info locals",
        "print path",
        "next",
        "step",
        "info threads",
        "finish",
        "continue",
    ]
    arguments = [word for command in commands for word in ("-ex", command)]
    program = [ripgrep(build), *Rg.arguments(THREADS)]
    done = subprocess.run(
        [sys.executable, "-m", "crabtrap.frontends.cli", "--batch", *arguments, "--args", *program],
        cwd=hay,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    shown = done.stdout
    assert "Breakpoint 1 at 2 locations" in shown
    assert f"search.rs:{line_of(TRACE_LINE)}" in shown
    assert re.search(r"^#\d+ .*search_parallel::\{closure#0\}", shown, re.MULTILINE)
    assert '"hay/file5.txt"' in shown
    assert "Ok(SearchResult { has_match: true, stats: None })" in shown
    assert sorted(re.findall(r"^hay/file(\d).txt:needle in \1$", shown, re.MULTILINE)) == [
        str(number) for number in range(1, FILES + 1)
    ]
    assert "exited normally" in shown
