"""What commands and stops look like, and how lines are executed."""

from __future__ import annotations

import json
import textwrap

import pytest

from crabtrap import events
from crabtrap.errors import UsageError
from crabtrap.frontends.console.context import ShownFrame
from crabtrap.frontends.console.quitting import Quit
from crabtrap.frontends.console.script import ListedLines

from .conftest import Screen
from .fake_session import FakeSession, FakeValue

CONTEXT = """\
   2      let mut parts = line.split(',');
   3      let name = parts.next()?;
 ▶ 4      let count = parts.next()?.parse().ok()?;
   5      Some(Entry { name, count })
   6  }
"""


def context() -> str:
    """The source around the stop, as wide as it is shown."""
    return "".join(
        f" {'▶' if '▶' in line else ' '}   {line.lstrip(' ▶')}" for line in CONTEXT.splitlines(True)
    )


def stop_at(session: FakeSession, *reasons: events.StopReason, thread: int = 100) -> None:
    session.stops.append(events.StopEvent(2, 100, thread, reasons))


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([events.StepDone("next")], "{where}"),
        ([events.Interrupted()], "Interrupted, {where}"),
        ([events.Panicked("index out of bounds", "/m.rs", 4, 5, 0)],
         "Panic: index out of bounds\n{where}"),
        ([events.Panicked("two\nlines", None, None, None, 0)],
         "Panic: two\n       lines\n{where}"),
        ([events.SignalReceived(11, "SIGSEGV", 1, address=0x10)],  # type: ignore[arg-type]
         "Signal SIGSEGV: Segmentation fault at address 0x10\n{where}"),
        ([events.SignalReceived(10, "SIGUSR1", 0, sender=7)],
         "Signal SIGUSR1: User defined signal 1, sent by process 7\n{where}"),
        ([events.WatchHit(2, "total", "3", "4")], "Watchpoint 2: total = 3 → 4\n{where}"),
        ([events.WatchHit(2, "total", None, "4")], "Watchpoint 2: total\n  value 4\n{where}"),
        ([events.WatchScopeEnded(2, "total", "4")],
         "Watchpoint 2 deleted: total went out of scope\n  last 4\n{where}"),
        ([events.StepDone("finish", "Some(3)", "Option<i32>")],
         "Returned Some(3) (Option<i32>)\n{where}"),
        ([events.ConditionFailed(1, "x > 1", "no variable named 'x'")],
         "Breakpoint 1: its condition x > 1 cannot be evaluated\n  no variable named 'x'\n"
         "  from now on this is only counted: info breakpoints\n{where}"),
        ([events.Forked(7, False, False)], "Caught: forked process 7\n{where}"),
        ([events.Executed("/bin/true")], "Caught: executes /bin/true\n{where}"),
        ([events.SyscallStop(257, "openat", True)], "Caught: call to openat\n{where}"),
        ([events.SyscallStop(257, "openat", False, 3)],
         "Caught: return from openat = 3\n{where}"),
        ([events.LibrariesChanged(("/l.so",), ())], "Libraries changed\n  + /l.so\n{where}"),
    ],
    ids=lambda value: type(value[0]).__name__ if isinstance(value, list) else "",
)  # fmt: skip
def test_stops(
    screen: Screen, session: FakeSession, reasons: list[events.StopReason], expected: str
) -> None:
    screen.console.context.stops.frame = ShownFrame(100, "demo::main")
    session.breakpoints[2] = type("B", (), {"commands": (), "number": 2})()
    stop_at(session, *reasons)
    where = 'demo::parse (line="a,3") at /src/demo/main.rs:4'
    assert screen.run("next") == expected.format(where=where) + "\n" + context()


def test_a_step_inside_the_frame_shows_its_source_only(
    screen: Screen, session: FakeSession
) -> None:
    for _ in range(3):
        stop_at(session, events.StepDone("next"))
    assert screen.run("next").startswith('[thread 1 "demo"] demo::parse')
    assert screen.run("next") == context()
    session.frame.cfa += 64
    assert screen.run("next").startswith("demo::parse")


def test_a_breakpoint_and_its_thread(screen: Screen, session: FakeSession) -> None:
    session.breakpoints[1] = type("B", (), {"commands": (), "number": 1})()
    stop_at(session, events.BreakpointHit(1, 3))
    first, *_ = screen.run("continue").splitlines()
    assert first == (
        '[thread 1 "demo"] Breakpoint 1, demo::parse (line="a,3") at /src/demo/main.rs:4'
    )
    stop_at(session, events.BreakpointHit(1, 4, temporary=True))
    first, *_ = screen.run("continue").splitlines()
    assert first.startswith("Temporary breakpoint 1, demo::parse")


def test_the_end_of_the_program(screen: Screen, session: FakeSession) -> None:
    for reason, expected in (
        (events.Exited(100, 0), "Process 100 exited normally\n"),
        (events.Exited(100, 3), "Process 100 exited with code 3\n"),
        (events.Exited(100, None, 9, "SIGKILL"), "Process 100 was ended by SIGKILL (Killed)\n"),
    ):
        stop_at(session, reason, thread=0)
        assert screen.run("continue") == expected
        assert screen.console.context.stops.last_exit == reason


def test_commands_of_a_breakpoint_run_and_silence_the_stop(
    screen: Screen, session: FakeSession
) -> None:
    session.variables["count"] = FakeValue("7")
    commands = ("silent", "print count", "continue", "print never")
    session.breakpoints[1] = type("B", (), {"commands": commands, "number": 1})()
    stop_at(session, events.BreakpointHit(1, 1))
    stop_at(session, events.Exited(100, 0), thread=0)
    assert screen.run("continue") == "$1: count = 7\nProcess 100 exited normally\n"


def test_an_error_in_a_breakpoints_commands_ends_them(screen: Screen, session: FakeSession) -> None:
    session.breakpoints[1] = type("B", (), {"commands": ("silent", "print no", "continue")})()
    stop_at(session, events.BreakpointHit(1, 1))
    assert "no variable named 'no'" in screen.run("continue")
    assert screen.console.failed


def test_backtraces_fold_what_is_not_yours(screen: Screen) -> None:
    assert screen.run("bt") == textwrap.dedent(
        """\
        #0  demo::parse (line="a,3") at /src/demo/main.rs:4
            … #1-2 standard library
        #3  demo::main () at /src/demo/main.rs:40
            … #4 no debug information
        """
    )


def test_backtraces_in_full(screen: Screen) -> None:
    screen.run("set print std-frames on")
    lines = screen.run("bt full 2").splitlines()
    assert lines == [
        '#0  demo::parse (line="a,3") at /src/demo/main.rs:4',
        "        parts = Split { .. }",
        "#1  core::iter::map () at core/src/iter.rs:9 [inlined]",
        "        no local variables",
        "(more frames follow)",
    ]
    assert screen.run("bt -1") == "#4  __libc_start_main in demo\n"


def test_up_and_down_pass_over_the_standard_library(screen: Screen, session: FakeSession) -> None:
    assert screen.run("up").startswith("#3  demo::main ()")
    assert "▶" in screen.run("bt").splitlines()[2]
    assert screen.run("down").startswith("#0  demo::parse")
    assert "innermost" in screen.run("down")
    screen.run("set print std-frames on")
    assert screen.run("up").startswith("#1  core::iter::map")


def test_threads_show_their_own_code(screen: Screen) -> None:
    lines = screen.run("info threads").splitlines()
    assert lines[0].startswith("▶  1  100  demo    demo::parse")
    assert lines[1].startswith("   2  101  worker  #1 demo::work () at /w.rs:7  in syscall")


def test_thread_apply_restores_the_selection(screen: Screen, session: FakeSession) -> None:
    screen.run("up")
    shown = screen.run("thread apply all bt 1")
    assert shown.count("Thread ") == 2
    assert session.thread.tid == 100
    assert session.frame.index == 3


def test_listing_goes_on_and_back(screen: Screen) -> None:
    screen.run("frame")
    assert screen.run("set listsize 2", "list 1,2").splitlines()[0].endswith("Option<Entry> {")
    shown = screen.run("list", "list")
    assert [line.split()[0] for line in shown.splitlines()] == ["3", "▶", "5", "6"]
    assert "has 6 lines" in screen.run("list")
    assert [line.split()[0] for line in screen.run("list -").splitlines()] == ["3", "▶"]


def test_values_and_displays(screen: Screen, session: FakeSession) -> None:
    session.variables["count"] = FakeValue("7")
    assert screen.run("print count") == "$1: count = 7\n"
    assert screen.run("display count") == "1: count = 7\n"
    stop_at(session, events.StepDone("next"))
    assert screen.run("next").endswith("1: count = 7\n")
    del session.variables["count"]
    stop_at(session, events.StepDone("next"))
    assert screen.run("next").endswith("1: count <no variable named 'count'>\n")
    assert screen.run("undisplay 1", "info display") == "Nothing is displayed.\n"


def test_errors_point_into_the_line(screen: Screen) -> None:
    assert screen.run("delete x").splitlines()[:3] == [
        "error: expected a number or a range, not 'x'",
        "  delete x",
        "         ^",
    ]


def test_scripts_stop_at_their_first_error_when_asked(screen: Screen) -> None:
    lines = ListedLines(["echo a\\n", "nonsense", "echo b\\n"])
    assert not screen.console.run_lines(lines, stop_at_error=True)
    assert lines.number == 2


def test_commands_are_read_from_where_they_were_given(screen: Screen, session: FakeSession) -> None:
    given: dict[int, tuple[str, ...]] = {}
    session.breakpoints[3] = type("B", (), {"number": 3})()
    session.breakpoints.set_commands = given.__setitem__  # type: ignore[attr-defined]
    lines = ["commands 3", "  silent", "print x", "end", "pwd"]
    assert screen.console.run_lines(ListedLines(lines))
    assert given == {3: ("silent", "print x")}
    assert not screen.console.run_lines(ListedLines(["commands 3", "print x"]))


class Typed(ListedLines):
    interactive = True


def test_an_empty_line_repeats_where_a_person_types(screen: Screen, session: FakeSession) -> None:
    for _ in range(4):
        stop_at(session, events.StepDone("next"))
    screen.console.run_lines(Typed(["next", "", "", "print 1", "", "# comment"]))
    assert len(session.stops) == 1
    screen.console.run_lines(ListedLines(["next", "", ""]))
    assert session.stops == []


def test_questions_are_asked_of_persons_only(screen: Screen, session: FakeSession) -> None:
    asked: list[str] = []
    screen.console.ask = lambda question: bool(asked.append(question))
    session.breakpoints[1] = type("B", (), {"number": 1})()
    session.breakpoints.remove = session.breakpoints.pop  # type: ignore[attr-defined]
    screen.console.run_lines(Typed(["delete", "quit"]))
    assert len(asked) == 2
    assert 1 in session.breakpoints
    screen.console.run_lines(ListedLines(["delete"]))
    assert 1 not in session.breakpoints
    with pytest.raises(Quit):
        screen.console.run_lines(ListedLines(["quit"]))


def test_a_bug_costs_one_command(screen: Screen, session: FakeSession) -> None:
    session.evaluate = lambda text: 1 / 0  # type: ignore[method-assign,assignment]
    shown = screen.run("print x")
    assert "ZeroDivisionError" in shown
    assert "bug in crabtrap" in shown
    assert screen.console.buggy
    assert screen.run("pwd")


def test_the_programs_output_is_sanitised(screen: Screen, session: FakeSession) -> None:
    session.listener(events.OutputReceived("stdout", b"\x1b]0;title\x07\x1b[31mred\n"))
    assert screen.stream.getvalue() == "\\u{1b}]0;title\\u{7}\x1b[31mred\n"


def test_log_points_and_notices(screen: Screen, session: FakeSession) -> None:
    session.listener(events.LogMessage(2, 100, "count is 3\x1b"))
    session.listener(events.Notice("no symbols"))
    session.listener(events.ThreadsChanged((3,), ()))
    assert screen.stream.getvalue() == "[2] count is 3\\u{1b}\nnote: no symbols\n"


def test_scripts_can_be_traced(screen: Screen) -> None:
    assert screen.run("set trace-commands on", "echo x\\n") == "(crabtrap) echo x\\n\nx\n"
    assert screen.run("# why") == "\n# why\n"


def test_shell_is_for_persons(screen: Screen) -> None:
    assert "needs a person" in screen.run("shell true")


def test_json_gives_one_object_a_line(json_screen: Screen, session: FakeSession) -> None:
    session.variables["count"] = FakeValue("7")
    stop_at(session, events.BreakpointHit(1, 1))
    session.breakpoints[1] = type("B", (), {"commands": ()})()
    lines = json_screen.run("continue", "print count", "bt 1", "nonsense").splitlines()
    stopped, done, printed, frames, error = map(json.loads, lines)
    assert stopped["event"] == "stopped"
    assert stopped["data"]["frame"]["function"] == "demo::parse"
    (reason,) = stopped["data"]["reasons"]
    assert (reason["kind"], reason["breakpoint"], reason["hits"]) == ("breakpoint", 1, 1)
    assert done == {
        "crabtrap": 1,
        "kind": "result",
        "command": "continue",
        "data": {"state": "stopped"},
    }
    assert printed["data"]["value"] == {"kind": "scalar", "text": "7"}
    assert frames["data"]["frames"][0]["arguments"][0]["text"] == '"a,3"'
    assert error["error"] == "NotFoundError"


def test_help_begins_with_examples(screen: Screen) -> None:
    lines = screen.run("help finish").splitlines()
    assert lines[0].startswith("finish: ")
    assert lines[2].startswith("  finish")
    assert "info locals" in screen.run("help info")
    assert "First steps" in screen.run("help")
    assert "no command" in screen.run("help nonsense")


def test_settings_are_shown_as_they_were_set(screen: Screen) -> None:
    screen.run("set print elements 7", "set args a 'b c'", "set env X=1")
    assert screen.run("show print elements").split()[:3] == ["print", "elements", "7"]
    assert "a b c" in screen.run("show args")
    assert "X=1" in screen.run("show environment")
    assert "neither on nor off" in screen.run("set confirm maybe")
    assert screen.console.context.launch.complete_environment()["X"] == "1"


def test_reading_a_missing_script(screen: Screen) -> None:
    assert "cannot read /nonexistent" in screen.run("source /nonexistent")
    with pytest.raises(UsageError):
        screen.console.read_block("> ")
