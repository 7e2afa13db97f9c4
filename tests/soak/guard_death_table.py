"""``python -m tests.soak.guard_death_table [TRIES]``: who survives the death of a debugger.

Prints the tables of ``docs/reliability.md``: a program in every state under crabtrap, with its
warden, without it and repaired later, and under gdb where that is installed; then how often a
program that runs into a trap so many times a second survives.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass

from crabtrap import repair
from tests.support.guard_death import SCRIPTS, Debugger, State, debugging, wait_until_running
from tests.support.survivor import Survivor, survivor
from tests.support.traces import debug_registers_in_use, is_text_intact

GDB: dict[State, tuple[str, ...]] = {
    "stopped at a breakpoint": ("break survivor::hot", "continue"),
    "stopped after a step": ("break survivor::hot", "continue", "next"),
    "stopped at a signal": ("continue",),
    "stopped at a watchpoint": ("watch *(long *)&'survivor::CELL'", "continue"),
    "running, cold traps": ("break survivor::cold", "break *{code:#x}", "continue"),
    "running, hot trap": ("break survivor::hot if 0 == 1", "continue"),
    "running, watchpoint": ("watch *(long *)&'survivor::CELL'", "continue"),
    "in a call": ("break survivor::hot", "continue", "disable", "call survivor::slow()"),
}
HOT: State = "running, hot trap"
RATES = (1, 10, 100, 500)
_COLUMNS = ("survives", "results right", "code intact", "debug registers clear")
_SECONDS = 30.0

Kill = Callable[[State], contextlib.AbstractContextManager[Survivor]]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a program: one field for each column of the table."""

    survives: bool
    is_right: bool
    is_intact: bool
    is_unwatched: bool


def fate_of(program: Survivor, state: State) -> Fate:
    """Look at a program after the death of its debugger, and have it do all that it can."""
    try:
        is_intact = is_text_intact(program.pid)
        is_unwatched = not debug_registers_in_use(program.pid)
    except OSError:
        return Fate(False, False, False, False)  # it has died, before or meanwhile
    ending = program.end()
    is_right = ending.is_right and ending.signals == (state == "stopped at a signal")
    return Fate(ending.has_ended, is_right, is_intact, is_unwatched)


@contextlib.contextmanager
def under_crabtrap(state: State) -> Generator[Survivor]:
    """Kill the guard; its warden and the front end do what they do."""
    with survivor() as program, debugging(program, state) as debugger:
        debugger.kill_guard()
        debugger.finish()
        yield program


@contextlib.contextmanager
def left_alone(state: State) -> Generator[Survivor]:
    """Kill the guard together with everybody who would repair."""
    with survivor() as program:
        with debugging(program, state) as debugger:
            debugger.kill_guard_and_warden()
        yield program


@contextlib.contextmanager
def repaired_later(state: State) -> Generator[Survivor]:
    """As ``left_alone``, and then ``crabtrap repair``."""
    with left_alone(state) as program:
        repair(program.pid)
        yield program


@contextlib.contextmanager
def under_gdb(state: State) -> Generator[Survivor]:
    """Bring a program into a state under gdb, and kill that."""
    with survivor() as program:
        process = subprocess.Popen(
            ["gdb", "-nx", "-q", "-p", str(program.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            _drive_gdb(process, program, state)
        finally:
            process.kill()
            process.communicate()
        yield program


def _drive_gdb(process: subprocess.Popen[str], program: Survivor, state: State) -> None:
    assert process.stdin is not None
    setup = ("set confirm off", "set pagination off", "set language c", "echo attached\\n")
    is_stopped = state.startswith("stopped")
    lines = [each.format(code=program.code) for each in GDB[state]]
    process.stdin.write("\n".join((*setup, *lines, *(["echo there\\n"] * is_stopped))) + "\n")
    process.stdin.flush()
    _read_until(process, "attached")
    if state == "in a call":
        program.wait_for("slow")
        return
    if state in ("stopped at a signal", "stopped at a watchpoint") or not is_stopped:
        _read_until(process, "Continuing.")
        wait_until_running(program.pid)
    if state == "stopped at a watchpoint":
        program.tell("write")
    elif state == "stopped at a signal":
        os.kill(program.pid, signal.SIGUSR1)
    if is_stopped:
        _read_until(process, "there")


def _read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"gdb ended without {text!r}")


# -- the tables --------------------------------------------------------------------------


def print_states(title: str, states: list[State], kill: Kill, tries: int) -> None:
    """Print how many of ``tries`` were well in each state, one line each."""
    print(f"\n{title}, of {tries}:\n\n| the program is | {' | '.join(_COLUMNS)} |")
    print("|---|" + "---|" * len(_COLUMNS))
    for state in states:
        counts = Counter[str]()
        for _ in range(tries):
            with kill(state) as program:
                fate = fate_of(program, state)
            counts.update(name for name in Fate.__slots__ if getattr(fate, name))
        row = " | ".join(str(counts[name]) for name in Fate.__slots__)
        print(f"| {state} | {row} |", flush=True)


def survivors_at(hertz: int, tries: int, kill: Callable[[Debugger], None]) -> int:
    """Count the programs that survive a guard killed while they run into a trap."""
    count = 0
    for number in range(tries):
        with survivor(hertz=hertz) as program, debugging(program, HOT) as debugger:
            # Some hits, and another moment each time.
            select.select([], [], [], 0.1 + 0.013 * (number % 10))
            kill(debugger)
            if program.is_alive and program.end().is_right:
                count += 1
    return count


def main() -> None:
    """Print all tables."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    states = list(SCRIPTS)
    print_states("crabtrap", states, under_crabtrap, tries)
    print_states("crabtrap without its warden", states, left_alone, tries)
    print_states("the same, repaired by `crabtrap repair`", states, repaired_later, tries)
    if shutil.which("gdb"):
        print_states("gdb", list(GDB), under_gdb, tries)
    hot = 4 * tries
    print(f"\nsurvivors of {hot}:\n\n| hits a second | with the warden | without |\n|---|---|---|")
    for hertz in RATES:
        with_it = survivors_at(hertz, hot, Debugger.kill_guard)
        without = survivors_at(hertz, hot, Debugger.kill_guard_and_warden)
        print(f"| 4 x {hertz} | {with_it} | {without} |", flush=True)


if __name__ == "__main__":
    main()
