"""Looking at an attached program, and letting it run, writes nothing into it.

That libraries are loaded is found out at the stops.
The debugger runs under a filter of system calls that kills it at the first write into another
process: of memory, of a register, of a debug register, of a signal.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Generator

import pytest

from tests.support.guard_death import journals, wait_until_running
from tests.support.survivor import Survivor, survivor
from tests.support.traces import debug_registers_in_use, is_text_intact, tracer_of

_PYTHON = (sys.executable, "-m")
_DEBUGGER = """
import threading
from crabtrap import Session
from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.events import Resumed
session = Session(None)
session.subscribe(lambda event: isinstance(event, Resumed) and print("running", flush=True))
points = session.breakpoints
def run_until_told():
    def wait():
        sys.stdin.readline()
        session.interrupt()
    threading.Thread(target=wait).start()
    print("stopped", [type(each).__name__ for each in session.continue_().reasons], flush=True)
def look_at_all():
    for thread in session.threads:
        for frame in thread.frames():
            str(frame.function), frame.registers()
            for binding in (*frame.arguments(), *frame.locals()):
                session.values.render(binding.value)
    for name, _ in session.registers.names():
        session.registers.read(name)
    frame = session.frame
    session.memory.read(frame.registers()["rsp"], 4096)
    session.memory.disassemble(frame.pc, Address(frame.pc + 60))
    session.values.render(session.evaluate("survivor::TOTAL"))
    session.process.mappings
try:
    session.attach(int(sys.argv[1]))
    exec(sys.argv[2])
    session.detach()
    print("done", flush=True)
except CrabtrapError as error:
    print("error:", error, flush=True)
"""


@contextlib.contextmanager
def forbidden_to_write(program: Survivor, script: str) -> Generator[subprocess.Popen[str]]:
    """A debugger of its own, which ends where it writes; killed afterwards."""
    process = subprocess.Popen(
        [*_PYTHON, "tests.support.forbidden_writes", _DEBUGGER, str(program.pid), script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_looking_and_running_on_write_nothing() -> None:
    script = (
        "look_at_all(); run_until_told(); look_at_all(); run_until_told(); look_at_all();"
        "print(any('libm.so' in m.path for m in session.code.modules))"
    )
    with survivor() as program, forbidden_to_write(program, script) as debugger:
        assert debugger.stdout is not None
        assert debugger.stdin is not None
        for command in ("load", "write"):
            assert debugger.stdout.readline() == "running\n"
            wait_until_running(program.pid)
            program.ask(command)
            assert is_text_intact(program.pid)
            assert not journals(program.pid)
            debugger.stdin.write("\n")
            debugger.stdin.flush()
            assert debugger.stdout.readline() == "stopped ['Interrupted']\n"
            assert is_text_intact(program.pid)
        assert debugger.stdout.read() == "True\ndone\n"
        assert tracer_of(program.pid) == 0
        assert not debug_registers_in_use(program.pid)
        assert program.end().is_right


@pytest.mark.parametrize(
    "script",
    [
        "points.add('survivor::hot'); session.continue_()",
        "points.watch('survivor::CELL'); session.continue_()",
        "points.catch_panics(); session.continue_()",
        "session.registers.write('rax', 1); session.continue_()",
        "session.assign('survivor::CELL.v.value', '1')",
    ],
)
def test_what_has_to_write_is_caught_at_it(script: str) -> None:
    with survivor(hertz=500) as program, forbidden_to_write(program, script) as debugger:
        output, _ = debugger.communicate(timeout=20)
        assert "the guard was killed by signal 31" in output, output
