"""Runs a program optimised, in the debugger, and compares what it shows at every stop."""

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
from crabtrap.values import Memory
from tests.support.debug_texts import unboxed

_WHOLE = RenderOptions(max_items=None, max_depth=60, max_text=1 << 16)
_MOST_STOPS = 400
_LENT = object()
_UNNAMED = ("call", "iter")
"""The closure, and what a ``for`` loop takes its items from."""

Frames = dict[str, dict[str, object]]
"""The texts of variables by functions' names; ``_LENT`` for what cannot be read meanwhile."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A variable that is shown with a value that it does not have."""

    stop: int
    function: str
    variable: str
    printed: str
    shown: str

    def __str__(self) -> str:
        return (
            f"stop {self.stop}, {self.function}: {self.variable}\n"
            f"  program  {self.printed}\n  debugger {self.shown}"
        )


def compare(
    source: str, compiler: tuple[str, ...], directory: Path, *flags: str
) -> tuple[Counter[str], list[Difference]]:
    """Build a program both ways and compare; count what was shown, and list what is wrong.

    What is in memory is counted apart, where it is not what it should be: nobody can tell that
    a store was put off to where the program needs it, or left out since nothing does.
    """
    stops = _printed(_built(source, compiler, directory / "shown", "--cfg=shown"))
    path = _built(source, compiler, directory / "optimised", "-g", *flags)
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    with Session(str(path)) as session:
        session.breakpoints.add("at_stop")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        for number, expected in enumerate(stops[:_MOST_STOPS]):
            assert isinstance(session.state, Stopped)
            for frame in session.thread.frames():
                name = (frame.function or "").partition("::")[2]
                if name in expected:
                    found = _compare(session, frame, expected[name], counts)
                    differences += [Difference(number, name, *each) for each in found]
            session.continue_()
        session.kill() if isinstance(session.state, Stopped) else None
    return counts, differences


def _built(source: str, compiler: tuple[str, ...], path: Path, *flags: str) -> Path:
    path.with_suffix(".rs").write_text(source)
    command = [*compiler, "--edition=2021", "-Awarnings", "--crate-name=random", *flags]
    command += ["-o", str(path), str(path.with_suffix(".rs"))]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return path


def _printed(path: Path) -> list[Frames]:
    done = subprocess.run([path], check=True, capture_output=True, text=True)
    stops: list[Frames] = []
    frame: dict[str, object] = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "stop":
            stops.append({})
        elif word == "frame":
            frame = stops[-1][rest] = {}
        else:
            frame[word] = _LENT if rest == "lent" else rest.removeprefix("= ")
    return stops


def _compare(
    session: Session, frame: Frame, expected: dict[str, object], counts: Counter[str]
) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for name, value in frame.variables.items():
        printed = expected.get(name, "(not in scope)")
        if printed is _LENT or name in _UNNAMED:
            continue
        try:
            shown = session.values.render(value, _WHOLE)
        except CrabtrapError as error:
            shown = f"<{error}>"
        if _fits(shown, str(printed)):
            counts["gone" if shown.startswith("<") else "right"] += 1
        elif isinstance(value.location, Memory) or shown.startswith("&"):
            counts["not yet written"] += 1
        else:
            found.append((name, str(printed), shown))
    return found


def _fits(shown: str, printed: str) -> bool:
    """Whether a text is right in all parts that it does not say to be missing."""
    parts = re.split(r"<[^<>]*>", unboxed(shown))
    return re.fullmatch(".*".join(map(re.escape, parts)), printed, re.DOTALL) is not None
