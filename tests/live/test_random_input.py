"""Random expressions and random arguments of every command: an answer or an error, no traceback."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
from crabtrap.target.stdio import Stdio
from tests.live.test_rust_as_typed import CORPUS
from tests.support.oracle.verdicts import answer, read, session_at_stop
from tests.support.sessions import Debug, Server

SEED = 20
EXPRESSIONS = 2500
LINES_EACH = 25
GROUPS = 8
LEFT_OUT = {
    *("quit", "shell", "cd", "attach", "connect", "detach", "edit", "source", "call", "dbg"),
    *("stepi", "nexti"),
}
"""Commands that leave, run other programs, or may run this one for long."""

_TOKEN = re.compile(r"\w+|'(?:\\.|[^'])'|\"(?:\\.|[^\"])*\"|\s+|[^\w\s]")
_NUMBERS = ["0", "-1", "1", "255", "18446744073709551615", str(1 << 128)]
_TEXTS = ['""', '"ß"', "'\\u{10FFFF}'", 'b"\\xff"', "1e400", "f64::NAN", "()", "[]", "..", "None"]
_WORDS = r"""
-i abc f main.rs:10 nowhere.rs:1 :7 *0x0 *0x7fff if thread all $ $$ $1 $rip /x /100i /3xw ' " -- -
0 -1 99999999999999999999 λ :: < > ( [ { } # @ | \ %s norm2 self &self *self 1.. SIGUSR1 write -r
/.(/ on off 3-1 1- locals breakpoints
"""
_PIECES = [
    *_WORDS.split(),
    *("if self", "x ==", "\t", "a" * 300, "9" * 5000, '"%d", 1', "print elements", "frame 99"),
    *("self.x = 9", "-l x", "-c 1x", "--count -1", "main,+x"),
]


def mutated(text: str, others: list[str], chance: random.Random) -> str:
    """Exchange, drop, double or shuffle some tokens of an expression."""
    tokens = _TOKEN.findall(text)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(tokens)) if tokens else 0
        match chance.randrange(7):
            case 0:
                del tokens[at : at + 1]
            case 1:
                tokens[at:at] = tokens[at : at + 1]
            case 2:
                tokens[at : at + 1] = [chance.choice(_NUMBERS)]
            case 3:
                tokens[at : at + 1] = [chance.choice(_TEXTS)]
            case 4:
                other = _TOKEN.findall(chance.choice(others))
                start = chance.randrange(len(other))
                tokens[at : at + 1] = other[start : start + chance.randint(1, 4)]
            case 5:
                tokens = tokens[: at + 1]
            case _:
                swap = chance.randrange(len(tokens)) if tokens else 0
                tokens[at : at + 1], tokens[swap : swap + 1] = (
                    tokens[swap : swap + 1],
                    tokens[at : at + 1],
                )
    return "".join(tokens)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_at_stop() as session:
        yield session


@pytest.mark.timeout(90)
def test_no_expression_gives_a_traceback(session: Session) -> None:
    chance = random.Random(SEED)
    lines = [line for line in CORPUS.read_text().splitlines() if line and line[0] != "#"]
    known = [*lines, *read()]
    for _ in range(EXPRESSIONS):
        text = mutated(chance.choice(known), known, chance)
        try:
            answer(session, text)
        except Exception as error:
            raise AssertionError(text) from error


def test_no_text_at_all_gives_a_traceback(session: Session) -> None:
    chance = random.Random(SEED)
    alphabet = "abxs0159_.:;,'\"()[]{}<>|&*-+=!?#$@\\/%^~ \t\n\u00fc\u4e00\0"
    for _ in range(EXPRESSIONS):
        text = "".join(chance.choices(alphabet, k=chance.randint(0, 24)))
        try:
            session.evaluate(text)
        except CrabtrapError:
            continue


@pytest.fixture
def server() -> Server:
    """What is parsed does not depend on the server; one is enough."""
    return "guard"


@pytest.mark.timeout(90)
@pytest.mark.parametrize("group", range(GROUPS))
def test_no_arguments_of_a_command_give_a_traceback(
    debug: Debug, group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some of them make files
    names = [each.name for each in command_table() if each.name not in LEFT_OUT]
    driver = debug("basics")
    driver.run_to("norm2")
    for name in names[group::GROUPS]:
        chance = random.Random(f"{SEED} {name}")
        for _ in range(LINES_EACH):
            if not isinstance(driver.session.state, Stopped):
                driver = debug("basics")
                driver.run_to("norm2")
            line = " ".join([name, *chance.choices(_PIECES, k=chance.randint(1, 4))])
            stream = io.StringIO()
            console = Console(driver.session, Output(stream, colour=True), stdio=Stdio.pipes())
            console.execute(line)
            assert not console.buggy, f"{line}\n{stream.getvalue()}"
