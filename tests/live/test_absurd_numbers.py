"""Numbers that no command can mean, and expressions without end: an error, never a bug."""

from __future__ import annotations

import io

import pytest

from crabtrap.errors import ParseError
from crabtrap.expr.syntax.parser import parse
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
from crabtrap.target.stdio import Stdio
from tests.support.sessions import Debug, Server

NUMBERS = ("1" * 5000, "1" * 900, str((1 << 64) - 1), str((1 << 63) - 1), "0x" + "f" * 5000)
COMMANDS = """
break *N | break main.rs:N | break main.rs:1:N | list N | list main.rs:1,N | frame N | up N | down N
thread N | thread apply N bt | thread apply 1-N bt | x/Nxb $sp | x/4xb N | x/4xb -N | jump *N
until N | ignore 1 N | condition N | delete N | delete 1-N | info line N | info line *N | jump N
handle N | handle 1-N stop | set print-length N | print/x N | print $N | print self[N] | bt N
display/N 1 | undisplay 1-N | disassemble N | disassemble N,+N | disassemble $pc,+N | bt -N
catch syscall N | memory read -s N -c N $sp | info symbol N | print $rax = N | info breakpoints N
break norm2 -i N | breakpoint disable 1.N | watch *N | enable 1.N | tbreak *N | attach N
print 1 + N | print [0; N] | print 1 << N | print "a".repeat(N) | quit N x
"""
ENDLESS = (
    "+".join(["1"] * 300),
    " && ".join(["true"] * 2000),
    "1" * 5000,
    "0b" + "1" * 5000,
    "1." + "0" * 5000,
    "$" + "9" * 5000,
    "(" * 500 + "1" + ")" * 500,
    "-" * 2000 + "1",
    "x" + ".y" * 5000,
    "x" + "[0]" * 5000,
    "x" + ".y()" * 3000,
    "1" + " as u8" * 5000,
    "1.." * 500,
    "x as " + "Vec<" * 3000,
    '"' + "a" * 100_000 + '"',
)


@pytest.fixture
def server() -> Server:
    """What a command makes of a number does not depend on the server."""
    return "guard"


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number[:4]}_{len(number)}")
def test_absurd_numbers_are_errors_of_every_command(debug: Debug, number: str) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    stream = io.StringIO()
    console = Console(driver.session, Output(stream, colour=False), stdio=Stdio.pipes())
    for command in (one for line in COMMANDS.strip().split("\n") for one in line.split(" | ")):
        console.execute(command.replace("N", number))
        assert not console.buggy, f"{command}\n{stream.getvalue()}"


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:8])
def test_endless_expressions_are_refused_by_the_parser(text: str) -> None:
    with pytest.raises(ParseError):
        parse(text)


def test_long_expressions_are_evaluated(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    assert driver.shown("+".join(["1"] * 100)) == "100"
    assert driver.shown(" || ".join(["self.x == 9"] * 60)) == "false"
    assert driver.shown("(" * 40 + "1" + ")" * 40) == "1"
