"""Frames of stopped programs: functions, lines, variables; on every live back end."""

import pytest

from crabtrap.engine.inspect.frame import Frame
from crabtrap.errors import NotFoundError, RangeError, StaleError
from tests.support.backends import Backend, control_of
from tests.support.inferiors import build
from tests.support.stopped import Stopped

SIGUSR1 = 10


def at(backend: Backend, package: str, marker: str, profile: str = "debug") -> Stopped:
    """A program stopped at a marker of its main source file."""
    inferior = build(package, profile)
    stopped = Stopped(backend, inferior.path)
    stopped.run_to(f"main.rs:{inferior.marker(marker)}")
    return stopped


def variables(frame: Frame) -> dict[str, object]:
    """Scalars by name, shadowed ones left out."""
    found: dict[str, object] = {}
    for binding in (*frame.arguments(), *frame.locals()):
        if not binding.shadowed and binding.value.shape.kind == "base":
            found[binding.name] = binding.value.scalar()
    return found


def test_frames_name_functions_files_and_lines(backend: Backend):
    inferior = build("basics")
    stopped = at(backend, "basics", "nested")
    frames = stopped.thread.frames()
    assert [f.function for f in frames[:3]] == [
        "basics::outer::inner::nested",
        "basics::apply",
        "basics::main",
    ]
    assert frames[0].path is not None
    assert frames[0].path.endswith("basics/src/main.rs")
    assert (frames[0].line, frames[1].line) == (inferior.marker("nested"), inferior.marker("apply"))
    assert [f.is_user for f in frames[:4]] == [True, True, True, False]
    assert frames[3].is_std
    assert frames[3].folded_reason == "standard library"
    assert frames[0].language == "rust"
    assert frames[0].module == "basics"
    assert variables(frames[0]) == {"depth": 1}
    assert variables(frames[1]) == {"argument": 1}


def test_outermost_frame_is_reached(backend: Backend):
    thread = at(backend, "basics", "nested").thread
    assert thread.backtrace_end_reason == ""
    assert thread.frames()[-1].function == "_start"
    with pytest.raises(RangeError):
        thread.frame(len(thread.frames()))


def test_every_instance_of_a_generic_function_is_stopped_at(backend: Backend):
    inferior = build("basics")
    stopped = Stopped(backend, inferior.path)
    locations = stopped.resolve(f"main.rs:{inferior.marker('generic')}")
    assert len(locations) == 3
    stopped.break_at(*(location.address for location in locations))
    names = set()
    for _ in locations:
        assert stopped.go().pc in {location.address for location in locations}
        names.add(stopped.thread.frame(0).function)
    assert names == {"basics::generic<u8>", "basics::generic<&str>", "basics::generic<Point>"}


@pytest.mark.parametrize(
    ("marker", "value", "shadows"),
    [
        ("shadow_argument", 9, 0),
        ("shadow_number", 10, 1),
        ("shadow_inner", 7, 3),
        ("shadow_outer", None, 2),
    ],
)
def test_innermost_binding_is_meant(backend: Backend, marker: str, value: int | None, shadows: int):
    frame = at(backend, "basics", marker).thread.frame(0)
    found = frame.lookup("value")
    if value is None:
        assert found.type.name == "String"
    else:
        assert found.scalar() == value
    bindings = [b for b in (*frame.arguments(), *frame.locals()) if b.name == "value"]
    assert [b.shadowed for b in bindings].count(True) == shadows


def test_variable_that_is_declared_later_is_explained(backend: Backend):
    inferior = build("basics")
    frame = at(backend, "basics", "first").thread.frame(0)
    with pytest.raises(NotFoundError) as caught:
        frame.lookup("norm")
    line = inferior.marker("second")
    assert caught.value.hint == f"norm is declared at line {line} and is not in scope here"


def test_closure_shows_what_it_captured(backend: Backend):
    frame = at(backend, "basics", "closure_add").thread.frame(0)
    assert frame.function == "basics::closures::{closure#1}"
    kinds = {b.name: b.kind for b in (*frame.arguments(), *frame.locals())}
    assert kinds["value"] == "argument"
    assert kinds["scaled"] == "local"
    assert kinds["total"] == "capture"
    assert frame.lookup("total").scalar() == 0
    assert frame.lookup("scaled").scalar() == 20


def test_arguments_before_the_prologue_are_not_believed(backend: Backend):
    stopped = Stopped(backend, build("basics").path)
    function = next(m for m in stopped.table if m.find_functions("factorial")).find_functions(
        "factorial"
    )[0]
    stopped.break_at(function.entry)
    stopped.go()
    frame = stopped.thread.frame(0)
    assert frame.pc == function.entry
    assert frame.lookup("n").absent == "the function has not set up its frame yet"
    assert frame.line == function.declaration_line


def test_inline_instances_are_frames_of_their_own(backend: Backend):
    inferior = build("inlined", "release-debug")
    stopped = Stopped(backend, inferior.path)
    frames = stopped.run_to("inlined::effect").frames()
    names = [f.function for f in frames if f.is_user]
    assert names[:5] == [
        "inlined::effect",
        "inlined::innermost",
        "inlined::middle",
        "inlined::outermost",
        "inlined::host",
    ]
    assert [f.inlined for f in frames if f.is_user][:5] == [False, True, True, True, False]
    lines = [inferior.marker(m) for m in ("innermost_call", "middle_call", "outermost", "host")]
    assert [f.line for f in frames if f.is_user][1:5] == lines
    inner, host = (
        next(f for f in frames if f.function == f"inlined::{n}") for n in ("innermost", "host")
    )
    assert inner.physical is host.physical or inner.cfa == host.cfa


def test_top_of_a_deep_stack_does_not_unwind_all_of_it(backend: Backend):
    inferior = build("deep")
    stopped = at(backend, "deep", "bottom")
    thread = stopped.thread
    assert [f.function for f in thread.frames(0, 3)] == [
        "deep::bottom",
        "deep::recurse",
        "deep::recurse",
    ]
    assert thread.frame(1).line == inferior.marker("turn")
    assert thread.frame(20).function == "deep::recurse"
    assert thread.stack.known_depth < 100
    assert thread.stack.depth > 10_000
    names = [f.function for f in thread.frames()]
    assert names.count("deep::recurse") == 10_001
    assert thread.backtrace_end_reason == ""
    assert thread.frame(10_001).lookup("depth").scalar() == 10_000


def test_callers_of_a_signal_handler_are_found_through_the_trampoline(backend: Backend):
    inferior = build("signals")
    stopped = Stopped(backend, inferior.path)
    stopped.break_at(*(p.address for p in stopped.resolve(f"main.rs:{inferior.marker('handler')}")))
    control_of(stopped.target).pass_signals([SIGUSR1])
    assert stopped.go().kind == "breakpoint"
    frames = stopped.thread.frames()
    assert frames[0].function == "signals::handler"
    assert frames[1].is_signal_frame
    assert frames[1].function == "<signal handler called>"
    names = [f.function for f in frames]
    assert "signals::raise_signal" in names
    assert frames[names.index("signals::raise_signal")].line == inferior.marker("raise")


def test_everything_of_an_earlier_stop_is_refused(backend: Backend):
    stopped = at(backend, "basics", "first")
    thread = stopped.thread
    frame = thread.frame(0)
    assert thread.process.threads
    stopped.run_to(f"main.rs:{build('basics').marker('second')}")
    for use in (
        lambda: thread.frame(1),
        thread.frames,
        lambda: frame.lookup("norm"),
        frame.locals,
        lambda: thread.process.read_memory(frame.pc, 1),
    ):
        with pytest.raises(StaleError):
            use()


def test_registers_of_callers_are_those_of_callers(backend: Backend):
    thread = at(backend, "basics", "nested").thread
    inner, outer = thread.frame(0), thread.frame(1)
    assert inner.registers()["rip"] == inner.pc
    assert outer.registers()["rsp"] == inner.cfa
    assert outer.registers()["rip"] == outer.pc
    assert list(inner.registers())[:3] == ["rax", "rbx", "rcx"]
