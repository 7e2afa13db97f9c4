"""Programs that draw on the terminal."""

from __future__ import annotations

import io

from crabtrap import events
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.screen import ScreenModes

from .conftest import Screen

ENTER = "\x1b[?1049h\x1b[2J\x1b[?25l"


def test_what_is_left_switched_on_is_undone_once() -> None:
    modes = ScreenModes()
    modes.follow(ENTER + "text\x1b[?1000;1006h")
    assert modes.undo() == "\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?1049l\x1b[0m"
    assert modes.undo() == ""


def test_a_tidy_program_leaves_nothing_to_undo() -> None:
    modes = ScreenModes()
    modes.follow(f"{ENTER}text\x1b[?25h\x1b[?1049l\x1b[31mred\x1b[?2004h")
    assert modes.undo() == ""


def test_sequences_may_come_in_pieces() -> None:
    for cut in range(1, len(ENTER)):
        modes = ScreenModes()
        modes.follow(ENTER[:cut])
        modes.follow(ENTER[cut:])
        assert modes.undo() == "\x1b[?25h\x1b[?1049l\x1b[0m"


def test_a_raw_program_that_is_gone_gives_the_screen_back() -> None:
    stream = io.StringIO()
    output = Output(stream, colour=False)
    output.raw_program = True
    output.program("stdout", ENTER.encode())
    output.restore_screen()
    output.restore_screen()
    assert stream.getvalue() == f"{ENTER}\x1b[?25h\x1b[?1049l\x1b[0m"


def test_a_program_that_draws_is_reported_of_once(screen: Screen) -> None:
    stop = events.StopEvent(2, 1, 100, (events.Interrupted(),))
    screen.session.stops = [stop, stop, stop]
    screen.console.context.output.program("stdout", b"\x1b[31mcolours are fine\n")
    assert "program-output" not in screen.run("continue")
    screen.console.context.output.program("stdout", ENTER.encode())
    assert "set program-output raw" in screen.run("continue")
    assert "program-output" not in screen.run("continue")
