"""The same questions to gdb and to us, at the same stops of the same programs.

Only spelling is normalised: generic arguments, hashes, the format of numbers.  Where the
two differ on purpose, a named function below says what the rule is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Generator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crabtrap import Frame, Session
from crabtrap.engine.machine import Stopped
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import WORKSPACE, Inferior, build
from tests.support.ripgrep import line_of, ripgrep, source_directory

pytestmark = [pytest.mark.differential, pytest.mark.timeout(600)]

SCRIPT = Path(__file__).with_name("gdb_answers.py")
GENERAL = (
    "rax",
    "rbx",
    "rcx",
    "rdx",
    "rsi",
    "rdi",
    "rbp",
    "rsp",
    *(f"r{n}" for n in range(8, 16)),
    "rip",
)
Question = tuple[str, Any]


class Position(NamedTuple):
    """A frame as both debuggers describe it."""

    function: str
    file: str
    line: int
    inlined: bool


def plain_name(name: str | None) -> str:
    """A function's path without generic arguments."""
    path = (name or "").replace("->", "")
    while (shorter := re.sub(r"<[^<>]*>", "", path)) != path:
        path = shorter
    return path


# -- gdb -----------------------------------------------------------------------------------


class Gdb:
    """Runs a program once under gdb, with all questions known in advance."""

    def __init__(self, program: Path, arguments: Sequence[str], directory: Path) -> None:
        self.program, self.arguments, self.directory = program, arguments, directory

    def ask(self, location: str, *questions: Question) -> list[Any]:
        """Run to a place and ask."""
        answers = self.ask_all(("move", f"tbreak {location}"), ("move", "run"), *questions)
        assert answers[1] is not None, f"gdb does not reach {location}"
        return answers[2:]

    def ask_all(self, *questions: Question) -> list[Any]:
        """Ask before the program is started."""
        asked, answered = self.directory / "questions.json", self.directory / "answers.json"
        asked.write_text(json.dumps(questions))
        paths = {"CRABTRAP_QUESTIONS": str(asked), "CRABTRAP_ANSWERS": str(answered)}
        command = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", str(SCRIPT)]
        done = subprocess.run(
            [*command, "--args", str(self.program), *self.arguments],
            env=os.environ | paths,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert answered.exists(), done.stdout + done.stderr
        return json.loads(answered.read_text())


def gdb_position(answer: list[Any]) -> Position:
    name, file, line, inlined = answer
    return Position(plain_name(name), Path(file or "").name, line, inlined)


# -- crabtrap ------------------------------------------------------------------------------


class Ours:
    """A session on the same program."""

    def __init__(self, session: Session, arguments: Sequence[str], directory: Path) -> None:
        self.session, self.arguments, self.directory = session, arguments, directory

    def run_to(self, location: str) -> None:
        self.session.breakpoints.stop_at_panics("off")  # gdb does not
        self.session.breakpoints.add(location, temporary=True)
        self.session.launch(
            self.arguments, environment={}, directory=str(self.directory), stdio=Stdio.pipes()
        )
        self.session.continue_()
        assert isinstance(self.session.state, Stopped), f"{location} is not reached"

    def hits(self, places: Sequence[str]) -> Counter[str]:
        """How often each place is stopped at in a whole run."""
        found: Counter[str] = Counter()
        self.session.breakpoints.stop_at_panics("off")
        for place in places:
            self.session.breakpoints.add(place, callback=partial(self._count, found, place))
        self.session.launch(
            self.arguments, environment={}, directory=str(self.directory), stdio=Stdio.pipes()
        )
        self.session.continue_()
        assert not isinstance(self.session.state, Stopped)
        return found

    @staticmethod
    def _count(found: Counter[str], place: str, _frame: Frame) -> bool:
        found[place] += 1
        return False

    def position(self, frame: Any = None) -> Position:
        frame = frame or self.session.frame
        name = frame.code.name if frame.code is not None else frame.function
        return Position(plain_name(name), Path(frame.path or "").name, frame.line, frame.inlined)

    def frames(self) -> list[Position]:
        return [self.position(frame) for frame in self.session.thread.frames()]

    def finish(self) -> Position:
        self.session.finish()
        return self.position()

    def walk(self, verb: str, count: int, last_line: int = 0) -> list[Position]:
        """Positions of up to ``count`` steps, but not of those that end in a return.

        We show the call that was returned to, as after ``finish``; gdb goes on to the
        beginning of another line without stopping.
        """
        found = []
        for _ in range(count):
            frames = self.session.thread.frames()
            returns = {frame.pc for frame in frames if frame.physical.index}
            getattr(self.session, verb)()
            if not isinstance(self.session.state, Stopped):
                break
            if self.session.thread.pc not in returns:
                found.append(self.position())
            if self.session.frame.line == last_line:
                break
        return found


class Both:
    """One program in both debuggers."""

    def __init__(self, inferior: Inferior, session: Session, directory: Path) -> None:
        self.inferior = inferior
        self.gdb = Gdb(inferior.path, (), directory)
        self.ours = Ours(session, (), directory)

    def location(self, marker: str, source: str | None = None) -> str:
        file = source or self.inferior.source.name
        return f"{file}:{self.inferior.marker(marker, source)}"


class Opener:
    """Opens programs; closes the sessions after the test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sessions: list[Session] = []

    def __call__(self, package: str, profile: str) -> Both:
        inferior = build(package, profile)
        return Both(inferior, self.session(inferior.path), self.directory)

    def session(self, program: Path) -> Session:
        session = Session(str(program))
        self.sessions.append(session)
        return session


@pytest.fixture
def both(tmp_path: Path) -> Generator[Opener]:
    opener = Opener(tmp_path)
    yield opener
    for session in opener.sessions:
        session.close()


# -- rules: where we differ on purpose --------------------------------------------------------


def once_per_line(start: Position, walk: list[Position]) -> list[Position]:
    """We never stop twice in a row on one line, unless a loop comes back to it.

    gdb does where the line's code has a gap: a row of line 0, or of another column.
    """
    return [position for position, _ in groupby([start, *walk])]


def only_users_code(walk: list[list[Any]], root: str) -> list[list[Any]]:
    """Steps go through code that is not the user's; gdb shows every line of it."""
    return [answer for answer in walk if (answer[1] or "").startswith(root)]


# -- backtraces --------------------------------------------------------------------------------

STOPS = [
    ("stepping", "fib_leaf"),
    ("stepping", "match_square"),
    ("basics", "wrapper_show"),
    ("basics", "closure_add"),
    ("basics", "factorial_end"),
    ("iterators", "compare"),
    ("iterators", "map"),
    ("inlined", "innermost_call"),
    ("inlined", "effect"),
    ("deep", "bottom"),
]

# All the code of these lines is inlined into them; gdb takes the next line that has rows.
MOVED_BY_GDB = [("iterators", "map", "release-debug"), ("inlined", "effect", "release-debug")]


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize(("package", "marker"), STOPS)
def test_backtraces_are_the_same(both: Opener, package: str, marker: str, profile: str) -> None:
    pair = both(package, profile)
    arguments = ["300"] if package == "deep" else []
    pair.gdb.arguments = pair.ours.arguments = arguments
    (answer,) = pair.gdb.ask(pair.location(marker), ("frames", None))
    pair.ours.run_to(pair.location(marker))
    if (package, marker, profile) in MOVED_BY_GDB:
        assert gdb_position(answer[0]).line != pair.inferior.marker(marker)
        assert pair.ours.position().line == pair.inferior.marker(marker)
        return
    assert pair.ours.frames() == [gdb_position(each) for each in answer]


def test_registers_are_the_same(both: Opener) -> None:
    pair = both("stepping", "debug")
    (theirs,) = pair.gdb.ask(pair.location("fib_sum"), ("registers", GENERAL))
    pair.ours.run_to(pair.location("fib_sum"))
    session = pair.ours.session
    ours = {name: int.from_bytes(session.registers.read(name), "little") for name in GENERAL}
    assert relative_to_stack(ours) == relative_to_stack(theirs)


def relative_to_stack(registers: dict[str, int]) -> dict[str, int]:
    """Stacks begin elsewhere: gdb puts LINES and COLUMNS into the environment."""
    rsp = registers["rsp"]
    return {
        name: value - rsp if abs(value - rsp) < 1 << 20 else value
        for name, value in registers.items()
    }


# -- lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize("package", ["arrivals", "stepping"])
def test_no_line_that_gdb_stops_in_is_missed(both: Opener, package: str, profile: str) -> None:
    pair = both(package, profile)
    source = pair.inferior.source
    count = len(source.read_text().splitlines())
    places = [f"{source}:{line}" for line in range(1, count + 1)]
    (theirs,) = pair.gdb.ask_all(("hits", places))
    ours = pair.ours.hits(places)
    assert any(theirs.values())
    assert [place for place in places if theirs[place] and not ours[place]] == []


# -- steps ---------------------------------------------------------------------------------------

WALKS = [
    ("stepping", "main_loop", "end"),
    ("stepping", "loop_start", "loop_end"),
    ("stepping", "fib_first", "fib_sum"),
    ("stepping", "multi_first", "main_let_else"),
    ("stepping", "scope_start", "almost"),
    ("iterators", "for_chain", "for_end"),
    # gdb runs through the rounds of the loop in between: no statement begins its head.
    ("basics", "first", "animals"),
    ("basics", "after_animals", "last"),
]


@pytest.mark.parametrize(("package", "start", "end"), WALKS)
def test_next_visits_the_same_lines(both: Opener, package: str, start: str, end: str) -> None:
    pair = both(package, "debug")
    last = pair.inferior.marker(end)
    (answer,) = pair.gdb.ask(pair.location(start), ("walk", ["next", 60, last]))
    pair.ours.run_to(pair.location(start))
    first = pair.ours.position()
    ours = pair.ours.walk("next", 60, last)
    assert ours[-1].line == last
    theirs = [gdb_position(each) for each in answer]
    assert once_per_line(first, ours) == once_per_line(first, theirs)


STEP_WALKS = [
    ("stepping", "main_loop", "main_fib", 400),
    ("stepping", "multi_first", "main_let_else", 400),
    ("iterators", "main_adapters", "main_sorting", 3000),
    ("iterators", "main_custom", "main_callbacks", 1500),
]


@pytest.mark.parametrize(("package", "start", "end", "count"), STEP_WALKS)
def test_step_visits_the_same_lines_of_the_user(
    both: Opener, package: str, start: str, end: str, count: int
) -> None:
    pair = both(package, "debug")
    last = pair.inferior.marker(end)
    (answer,) = pair.gdb.ask(pair.location(start), ("walk", ["step", count, last]))
    assert answer[-1][2] == last
    users = only_users_code(answer, str(WORKSPACE))
    pair.ours.run_to(pair.location(start))
    first = pair.ours.position()
    ours = pair.ours.walk("step", 100, last)
    theirs = [gdb_position(each) for each in users]
    assert once_per_line(first, ours) == once_per_line(first, theirs)


@pytest.mark.parametrize("marker", ["fib_leaf", "loop_body", "early_return", "question_after"])
def test_finish_ends_at_the_same_location(both: Opener, marker: str) -> None:
    pair = both("stepping", "debug")
    (answer,) = pair.gdb.ask(pair.location(marker), ("walk", ["finish", 1, 0]))
    pair.ours.run_to(pair.location(marker))
    assert [pair.ours.finish()] == [gdb_position(each) for each in answer]


# -- values ------------------------------------------------------------------------------------

VALUES = {
    ("scalars", "scalars"): """yes no small signed short negative_short word integer long
        negative_long size offset wide negative_wide float double whole huge infinite zero
        ascii newline quote""",
    ("scalars", "aggregates"): """point generic packed aligned raw tuple array matrix empty
        captured nested.at nested.corners nested.rest.0""",
    ("enums", "enums"): """plain minus plus large tuple only c_a c_b tagged_a tagged_b flag
        plain1 inner less""",
    ("enums", "niches"): """none_char some_char none_bool some_false nested_bool outer_none deep
        none_number some_number none_non_zero none_ordering none_unit""",
}


@pytest.mark.parametrize(("source", "marker"), VALUES)
def test_values_are_the_same(both: Opener, source: str, marker: str) -> None:
    names = VALUES[source, marker].split()
    pair = both("values", "debug")
    location = pair.location(marker, f"{source}.rs")
    (theirs,) = pair.gdb.ask(location, ("values", names))
    pair.ours.run_to(location)
    session = pair.ours.session
    ours = {name: session.values.render(session.evaluate(name)) for name in names}
    assert {n: tokens(t) for n, t in ours.items()} == {n: tokens(t) for n, t in theirs.items()}


@pytest.mark.parametrize("marker", ["shadow_argument", "shadow_number", "shadow_inner"])
def test_shadowed_names_mean_the_same(both: Opener, marker: str) -> None:
    pair = both("basics", "debug")
    (theirs,) = pair.gdb.ask(pair.location(marker), ("values", ["value"]))
    pair.ours.run_to(pair.location(marker))
    session = pair.ours.session
    assert tokens(session.values.render(session.evaluate("value"))) == tokens(theirs["value"])


def tokens(text: str) -> list[str | float]:
    """A value without what is only spelling: paths of types, spaces, forms of numbers."""
    text = re.sub(r"\d+ ('(?:[^'\\]|\\.)*')", r"\1", text)  # gdb shows a char's number as well
    while (shorter := re.sub(r"(?<=\w)<[^<>]*>", "", text)) != text:
        text = shorter
    text = re.sub(r"(?:\w+::)+", "", text)
    words = re.findall(
        r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|-?\d[\w.]*(?:[-+]\d+)?|-?\w+|[][(){},:]", text
    )
    return [number_in(word) for word in words if word not in (",", ":")]


def number_in(word: str) -> str | float:
    try:
        return int(word)
    except ValueError:
        try:
            return float(word)
        except ValueError:
            return word


# -- ripgrep -----------------------------------------------------------------------------------


@pytest.fixture(params=["debug", "release"])
def rg(request: pytest.FixtureRequest, both: Opener, tmp_path: Path) -> Both:
    executable = ripgrep(request.param)
    (tmp_path / "hay").mkdir()
    (tmp_path / "hay" / "one.txt").write_text("alpha\nneedle\nomega\n")
    pair = Both(Inferior(executable, executable, request.param), both.session(executable), tmp_path)
    pair.gdb.arguments = pair.ours.arguments = ["--threads", "1", "needle", "hay"]
    return pair


def location_in_worker(text: str) -> str:
    return f"crates/core/search.rs:{line_of(text)}"


@pytest.mark.parametrize(
    "text", ["let bin = if haystack.is_explicit() {", "let path = haystack.path();"]
)
def test_ripgreps_backtraces_are_the_same(rg: Both, text: str) -> None:
    location = location_in_worker(text)
    (answer,) = rg.gdb.ask(location, ("frames", None))
    rg.ours.run_to(location)
    assert rg.ours.frames() == [gdb_position(each) for each in answer]


def test_ripgreps_functions_are_found_at_the_same_locations(rg: Both) -> None:
    # gdb wants the whole name of the instance.
    stream = "<grep_cli::wtr::StandardStream>"
    name = f"rg::search::SearchWorker{stream}::search{stream}"
    (answer,) = rg.gdb.ask(name, ("frames", None))
    rg.ours.run_to("SearchWorker::search")
    assert rg.ours.position() == gdb_position(answer[0])


def test_next_visits_the_same_lines_of_ripgrep(rg: Both) -> None:
    location = location_in_worker("let path = haystack.path();")
    (answer,) = rg.gdb.ask(location, ("walk", ["next", 12, 0]))
    rg.ours.run_to(location)
    first = rg.ours.position()
    ours = once_per_line(first, rg.ours.walk("next", 12))
    theirs = once_per_line(first, [gdb_position(each) for each in answer])
    count = min(len(ours), len(theirs))
    assert count > 8
    assert ours[:count] == theirs[:count]


def test_step_visits_the_same_lines_of_ripgrep(rg: Both) -> None:
    location = location_in_worker("let path = haystack.path();")
    last = line_of("} else if self.should_decompress(path) {")
    (answer,) = rg.gdb.ask(location, ("walk", ["step", 600, last]))
    assert answer[-1][2] == last
    users = only_users_code(answer, str(source_directory()))
    rg.ours.run_to(location)
    first = rg.ours.position()
    ours = once_per_line(first, rg.ours.walk("step", 100, last))
    assert ours == once_per_line(first, [gdb_position(each) for each in users])


def test_finish_ends_at_the_same_location_of_ripgrep(rg: Both) -> None:
    location = location_in_worker("let bin = if haystack.is_explicit() {")
    _, answer = rg.gdb.ask(location, ("walk", ["finish", 1, 0]), ("frames", None))
    rg.ours.run_to(location)
    rg.ours.session.finish()
    assert rg.ours.frames() == [gdb_position(each) for each in answer]
