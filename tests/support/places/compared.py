"""Compiles a program of places, and compares what it shows with what the debugger shows."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from crabtrap import Session
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.machine import Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.present import RenderOptions
from crabtrap.records import dataclass
from crabtrap.target.stdio import Stdio
from tests.support.debug_texts import unboxed
from tests.support.places.generator import Program

_WHOLE = RenderOptions(max_items=None, max_depth=60, max_text=1 << 16)


@dataclass(frozen=True, slots=True)
class Difference:
    """A place that is shown differently."""

    kind: str
    case: int
    place: str
    printed: str
    shown: str

    def __str__(self) -> str:
        return (
            f"{self.kind}, case {self.case}: {self.place}\n"
            f"  program  {self.printed}\n  debugger {self.shown}"
        )


def compare(
    program: Program, compiler: tuple[str, ...], directory: Path, *flags: str
) -> tuple[Counter[str], list[Difference]]:
    """Run a program in the debugger; count the places by kind, and list those that differ.

    What was optimised out is counted as such, and is no difference where there are ``flags``.
    """
    source, path = directory / "places.rs", directory / "places"
    source.write_text(program.source)
    command = [*compiler, "--edition=2021", "-g", "-Awarnings", *flags, "-o", path, source]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    done = subprocess.run([path], check=True, capture_output=True, text=True)
    printed = _by_case(done.stdout)
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    for case, shown in _asked(path, program).items():
        kind = program.kinds[case]
        for place, ours, theirs in zip(program.places[case], shown, printed[case], strict=True):
            if "optimised out" in ours and flags:
                counts[f"{kind}, optimised out"] += 1
                continue
            counts[kind] += 1
            if unboxed(ours) != theirs:
                differences.append(Difference(kind, case, place, theirs, ours))
    return counts, differences


def _by_case(output: str) -> dict[int, list[str]]:
    cases: dict[int, list[str]] = {}
    lines: list[str] = []
    for line in output.splitlines():
        start = re.fullmatch(r"case (\d+)", line)
        if start is not None:
            lines = cases[int(start[1])] = []
        else:
            lines.append(line)
    return cases


def _asked(path: Path, program: Program) -> dict[int, list[str]]:
    """What the debugger shows for every place, in the frame that called ``at_stop``."""
    found: dict[int, list[str]] = {}
    with Session(str(path)) as session:
        session.breakpoints.add("at_stop")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        while isinstance(session.state, Stopped):
            case = session.frame["case"].integer()
            frame = session.thread.frames()[1]
            found[case] = [_shown(session, frame, each) for each in program.places[case]]
            session.continue_()
    return found


def _shown(session: Session, frame: Frame, place: str) -> str:
    try:
        return session.values.render(frame.evaluate(place), _WHOLE)
    except CrabtrapError as error:
        return f"! {error}"
