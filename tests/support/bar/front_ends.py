"""Front ends that are killed while the program runs through their breakpoints."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

from tests.support.attachme import end_of
from tests.support.bar.visits import check_untouched
from tests.support.inferiors import RunningInferior, build, running
from tests.support.traces import wait_until_untraced

# Attaches, sets a breakpoint that is hit all the time and never stops, and runs on.
_DEBUGGER = """
import sys
from crabtrap import Session
from crabtrap.events import Resumed
session = Session(None)
session.attach(int(sys.argv[1]))
session.breakpoints.add(sys.argv[2], condition="*count == 0xffff_ffff_ffff")
session.subscribe(lambda event: isinstance(event, Resumed) and print("running", flush=True))
session.continue_()
print("stopped", flush=True)
"""


def kill_front_ends(count: int, chance: random.Random) -> str:
    """R6: the front end is killed, a breakpoint in the program being hit all the time."""
    hits = 0
    for _ in range(count):
        with running(build("attachme"), "4") as program:
            debugger = subprocess.Popen(
                [sys.executable, "-c", _DEBUGGER, str(program.pid), "attachme::tick"],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert debugger.stdout is not None
            assert debugger.stdout.readline() == "running\n"
            _run_a_while(program, chance.uniform(0, 0.02))
            debugger.kill()
            assert debugger.wait() == -signal.SIGKILL
            assert debugger.stdout.read() == "", "it stopped, so nothing was at stake"
            debugger.stdout.close()
            wait_until_untraced(program.pid, seconds=1.0)
            assert program.process.poll() is None
            check_untouched(program.pid)
            done, total, intact = end_of(program)
            assert (done, intact) == (total, "true")
            hits += done
    return f"{count} killed, {hits} hits survived"


def _run_a_while(program: RunningInferior, seconds: float) -> None:
    """Give hits time to happen; the program would have to end to cut this short."""
    try:
        program.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError("the program has ended")
