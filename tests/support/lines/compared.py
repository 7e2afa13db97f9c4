"""Compiles a program that counts its lines, and counts them by breakpoints, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

from crabtrap import Session
from crabtrap.records import dataclass
from crabtrap.target.stdio import Stdio
from tests.support.lines.generator import Program

_MANY = 1 << 30


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where a breakpoint counts something else than the program.

    Attributes:
        place: What was typed.
        executed: How often the program was there.
        hits: How often the breakpoint was hit; ``None`` where none could be set.
    """

    place: str
    executed: int
    hits: int | None

    @property
    def is_missed(self) -> bool:
        """Whether the program was there and the breakpoint never hit."""
        return self.executed > 0 and not self.hits

    def __str__(self) -> str:
        hits = "no place" if self.hits is None else f"{self.hits} hits"
        return f"{self.place}: {self.executed} times, {hits}"


def compare(
    program: Program, compiler: tuple[str, ...], directory: Path, *flags: str
) -> tuple[int, list[Difference]]:
    """Run a program in the debugger; count the places, and list those that differ.

    The executable is ``programs`` in ``directory``.
    """
    path = _compiled(program, compiler, directory, flags)
    done = subprocess.run([path], check=True, capture_output=True, text=True)
    executed = {int(line): int(count) for line, count in map(str.split, done.stdout.splitlines())}
    expected = {
        f"{file}:{line}": executed.get(number, 0) for number, (file, line) in program.lines.items()
    }
    expected |= {name: executed.get(number, 0) for name, number in program.functions.items()}
    hits = _hits(path, tuple(expected))
    found = [
        Difference(place, count, hits[place])
        for place, count in expected.items()
        if (hits[place] or 0) != count
    ]
    return len(expected), found


def missed(program: Program, path: Path, differences: list[Difference]) -> list[Difference]:
    """Of what differs, the places where the program was and no breakpoint was hit.

    Those are left out of which optimisers have kept no address: gdb does not stop there
    either, and a function's breakpoint is where its first line is.
    """
    found = {each.place: each for each in differences if each.is_missed}
    wrong: list[Difference] = []
    for place, each in found.items():
        number = program.functions.get(place)
        if number is None:
            if _reached_by_gdb(path, place):
                wrong.append(each)
        elif "{}:{}".format(*program.lines[number]) not in found:
            wrong.append(each)
    return wrong


def _reached_by_gdb(path: Path, place: str) -> bool:
    words = [
        word for each in (f"break {place}", "run", "info breakpoints") for word in ("-ex", each)
    ]
    command = ["gdb", "-q", "-nx", "-batch", "-ex", "set confirm off", *words, path]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return "already hit" in done.stdout


def _compiled(
    program: Program, compiler: tuple[str, ...], directory: Path, flags: tuple[str, ...]
) -> Path:
    (directory / "lib.rs").write_text(program.helper)
    (directory / "main.rs").write_text(program.main)
    common = [*compiler, "--edition=2021", "-g", "-Awarnings", *flags]
    helper = ["--crate-name=helper", "--crate-type=rlib", "lib.rs"]
    main = ["--crate-name=programs", "--extern=helper=libhelper.rlib", "main.rs"]
    for command in (helper, main):
        made = subprocess.run(
            [*common, *command], cwd=directory, check=False, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
    return directory / "programs"


def _hits(path: Path, places: tuple[str, ...]) -> dict[str, int | None]:
    with Session(str(path)) as session:
        points = {each: session.breakpoints.add(each, ignore=_MANY) for each in places}
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        return {place: None if point.pending else point.hits for place, point in points.items()}
