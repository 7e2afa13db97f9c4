"""Each cause of a stop, on a fake program."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.breakpoints.stoppoints import Catchpoint, Watchpoint
from crabtrap.engine.language import NotCompilable
from crabtrap.engine.machine import Failed, Stopped
from crabtrap.engine.plans.run_to import RunTo
from crabtrap.errors import CrabtrapError, UsageError
from crabtrap.events import (
    BreakpointHit,
    ConditionFailed,
    Executed,
    Exited,
    Forked,
    Interrupted,
    LibrariesChanged,
    LogMessage,
    SignalReceived,
    StepDone,
    SyscallStop,
    WatchHit,
    WatchScopeEnded,
)
from crabtrap.target.interface import Mapping, TargetStop
from tests.support.fake_engine import FakeEngine
from tests.support.fake_image import FakeImage, fake_module
from tests.support.fake_program import End, Event, FakeProgram, Signal, Sleep
from tests.support.fake_target import GUARD, PLAIN
from tests.unit.engine.conftest import MakeEngine

MAIN, WORKER = 100, 101
A, B, C, D = 0x1000, 0x1004, 0x1008, 0x100C
HEAP = 0x8000
SEGV, USR1, ALRM, INT, TRAP = 11, 10, 14, 2, 5


class Conditions:
    """A language whose conditions are functions of the number of times it was asked."""

    def __init__(self, **truths: Any) -> None:
        self.truths = truths
        self.asked: list[str] = []

    def evaluate(self, text: str, frame: object) -> Any:
        raise UsageError(text)

    def holds(self, condition: str, frame: object) -> bool:
        self.asked.append(condition)
        truth = self.truths[condition]
        if isinstance(truth, Exception):
            raise truth
        return truth

    def expand(self, text: str, frame: object) -> str:
        if "bad" in text:
            raise UsageError("no such variable")
        return text.replace("{x}", "7")

    def compile(self, condition: Any, location: Any, counter: int, ignore: int) -> Any:
        return NotCompilable("not here")


def catch(made: FakeEngine, kind: Any, *numbers: int, **options: Any) -> Catchpoint:
    item = Catchpoint(made.table.take_number(), kind=kind, arguments=numbers, **options)
    made.table.insert(item)
    made.program.filters.invalidate()
    made.program.stoppoints_changed()
    return item


def ends(made: FakeEngine) -> bool:
    return isinstance(made.run().reasons[0], Exited)


# -- breakpoints -----------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "stops"), [(False, False), (None, True), (True, True)])
def test_only_a_callback_that_returns_false_lets_the_program_go_on(
    engine: MakeEngine, answer: bool | None, stops: bool
) -> None:
    made = engine({MAIN: [A, B, End()]})
    frames: list[Any] = []

    def callback(frame: Any) -> bool | None:
        frames.append(frame.pc)
        return answer

    item = made.breakpoint(A, callback=callback)
    event = made.run()
    assert (event.reasons == (BreakpointHit(item.number, 1),)) is stops
    assert (item.hits, frames) == (1, [A])


def test_what_a_callback_raises_stops_the_program_and_is_raised(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]})

    def callback(_frame: object) -> None:
        raise LookupError("mine")

    item = made.breakpoint(A, callback=callback)
    with pytest.raises(LookupError, match="mine"):
        made.run()
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert state.event.reasons == (Interrupted(),)
    assert item.hits == 1
    assert ends(made)


def test_a_callback_may_delete_its_breakpoint_and_set_another(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, A, End()]})

    def callback(_frame: object) -> bool:
        made.remove(item)
        made.breakpoint(B)
        return False

    item = made.breakpoint(A, callback=callback)
    assert made.run().reasons == (BreakpointHit(2, 1),)
    assert ends(made)


def test_a_condition_that_is_false_counts_nothing(engine: MakeEngine) -> None:
    language = Conditions(yes=True, no=False)
    made = engine({MAIN: [A, B, End()]}, language=language)
    no, yes = made.breakpoint(A, condition="no"), made.breakpoint(B, condition="yes")
    assert made.run().reasons == (BreakpointHit(yes.number, 1),)
    assert (no.hits, no.not_on_target) == (0, "not here")
    assert language.asked == ["no", "yes"]


def test_a_condition_without_a_value_stops_once_and_is_counted(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, A, A, End()]}, language=Conditions(x=UsageError("no x")))
    item = made.breakpoint(A, condition="x")
    assert made.run().reasons == (ConditionFailed(item.number, "x", "no x"),)
    assert ends(made)
    assert (item.failures, item.failure, item.hits) == (3, "no x", 0)


def test_what_is_a_bug_in_a_condition_is_no_failed_condition(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, End()]}, language=Conditions(x=ZeroDivisionError()))
    item = made.breakpoint(A, condition="x")
    with pytest.raises(ZeroDivisionError):
        made.run()
    assert item.failures == 0


@pytest.mark.parametrize(
    ("truth", "told"),
    [
        (UsageError("x is optimised out"), ConditionFailed(1, "x", "x is optimised out")),
        (True, BreakpointHit(1, 1)),
    ],
)
def test_what_the_target_could_not_judge_the_language_does(
    engine: MakeEngine, truth: Any, told: Any
) -> None:
    made = engine({MAIN: [A, End()]}, language=Conditions(x=truth))
    item = made.breakpoint(A)
    item.on_target, item.condition = True, "x"
    stop = TargetStop("breakpoint", MAIN, MAIN, pc=A, condition_error="no memory")  # type: ignore[arg-type]
    program = made.target.program
    program.turn = lambda _: [stop]  # type: ignore[method-assign]
    assert made.run().reasons == (told,)


def test_ignored_hits_are_counted(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, A, A, A, End()]})
    item = made.breakpoint(A, ignore=2)
    assert made.run().reasons == (BreakpointHit(item.number, 3),)
    assert made.run().reasons == (BreakpointHit(item.number, 4),)


def test_a_temporary_breakpoint_is_deleted_by_the_hit_that_stops(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, A, A, End()]})
    item = made.breakpoint(A, temporary=True, ignore=1)
    assert made.run().reasons == (BreakpointHit(item.number, 2, temporary=True),)
    assert (len(made.table), made.debuggee.sites.execution_addresses) == (0, frozenset())
    assert ends(made)


def test_a_breakpoint_of_one_thread_is_not_hit_by_others(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [A, Sleep()]})
    item = made.breakpoint(A, thread=WORKER)
    event = made.run()
    assert (event.thread, event.reasons) == (WORKER, (BreakpointHit(item.number, 1),))
    assert item.hits == 1


def test_a_disabled_breakpoint_is_not_there(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, End()]})
    item = made.breakpoint(A)
    item.enabled = False
    made.program.resolver.arm(item)
    assert ends(made)
    assert item.hits == 0


def test_a_log_point_writes_and_does_not_stop(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]}, language=Conditions())
    good, bad = made.breakpoint(A, log="x = {x}"), made.breakpoint(B, log="{bad}")
    assert ends(made)
    assert [each for each in made.events if isinstance(each, LogMessage)] == [
        LogMessage(good.number, MAIN, "x = 7"),
        LogMessage(bad.number, MAIN, "{bad}  <error: no such variable>"),
    ]


@pytest.mark.parametrize("abilities", [GUARD, PLAIN], ids=["guard", "plain"])
def test_two_owners_of_one_address_are_both_asked_and_one_is_reported(
    engine: MakeEngine, abilities: Any
) -> None:
    made = engine({MAIN: [A, A, A, End()]}, language=Conditions(no=False), abilities=abilities)
    no = made.breakpoint(A, condition="no")
    first, second = made.breakpoint(A), made.breakpoint(A, ignore=1)
    assert made.run().reasons == (BreakpointHit(first.number, 1),)
    assert (no.hits, first.hits, second.hits) == (0, 1, 1)
    made.remove(first)
    assert made.run().reasons == (BreakpointHit(second.number, 2),)
    made.remove(second)
    assert ends(made)
    assert no.hits == 0


def test_a_plans_end_and_a_breakpoint_are_reported_together(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]})
    item = made.breakpoint(B)
    event = made.run(RunTo(MAIN, "until", frozenset((B,))))  # type: ignore[arg-type]
    assert event.reasons == (StepDone("until"), BreakpointHit(item.number, 1))


def test_a_trap_that_is_gone_meanwhile_is_passed_over(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [B, Sleep()]}, memory={A: bytes(32)})
    item = made.breakpoint(B)

    def callback(_frame: object) -> bool:
        made.remove(item)
        return False

    made.breakpoint(A, callback=callback)
    assert ends(made)
    assert item.hits == 0


def test_an_int3_of_the_program_is_a_signal_and_is_not_hit_for_ever(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]}, memory={A: b"\xcc" * 4})
    stop = TargetStop("breakpoint", MAIN, MAIN, pc=A)  # type: ignore[arg-type]
    program = made.target.program
    turn = program.turn

    def trapped(_is_site: object) -> list[TargetStop]:
        program.turn = turn  # type: ignore[method-assign]
        return [stop]

    program.turn = trapped  # type: ignore[method-assign]
    assert made.run().reasons == (SignalReceived(TRAP, "SIGTRAP", 128),)
    assert program.threads[MAIN].pc == A + 1


# -- watchpoints -----------------------------------------------------------------------------


def watch(made: FakeEngine, **options: Any) -> Watchpoint:
    item = Watchpoint(
        made.table.take_number(), expression="x", address=HEAP, size=4, old=bytes(4), **options
    )  # type: ignore[arg-type]
    item.old_text = "0"
    item.render = lambda: str(int.from_bytes(made.target.read_partial(HEAP, 4), "little"))
    made.table.insert(item)
    made.program.resolver.arm(item)
    return item


def test_a_write_that_changes_nothing_is_no_hit(engine: MakeEngine) -> None:
    written = Event("watch", address=HEAP)
    made = engine({MAIN: [A, written, B, written, C, End()]}, memory={HEAP: bytes(8)})
    item = watch(made)

    def callback(_frame: object) -> bool:
        made.target.control.write_memory(HEAP, bytes((5, 0, 0, 0)))  # type: ignore[arg-type]
        return False

    made.breakpoint(B, callback=callback)
    assert made.run().reasons == (WatchHit(item.number, "x", "0", "5"),)
    assert (item.hits, item.old) == (1, bytes((5, 0, 0, 0)))
    assert ends(made)


@pytest.mark.parametrize("abilities", [GUARD, PLAIN], ids=["guard", "plain"])
def test_what_begins_right_behind_a_write_is_hit_as_well(
    engine: MakeEngine, abilities: Any
) -> None:
    track = [A, Event("watch", address=HEAP), B, C, End()]
    made = engine({MAIN: track}, memory={HEAP: bytes(8)}, abilities=abilities)
    written, point = watch(made, kind="access"), made.breakpoint(B)
    reasons = made.run().reasons
    assert set(reasons) == {
        WatchHit(written.number, "x", None, "0"),
        BreakpointHit(point.number, 1),
    }
    assert ends(made)
    assert point.hits == 1


@pytest.mark.parametrize("abilities", [GUARD, PLAIN], ids=["guard", "plain"])
def test_a_plan_stops_right_behind_a_write_that_is_passed_over(
    engine: MakeEngine, abilities: Any
) -> None:
    track = [A, Event("watch", address=HEAP), B, C, End()]
    made = engine({MAIN: track}, memory={HEAP: bytes(8)}, abilities=abilities)
    watch(made)
    plan = RunTo(MAIN, "until", frozenset((B,)))  # type: ignore[arg-type]
    assert made.run(plan).reasons == (StepDone("until"),)


def test_an_access_watchpoint_reports_reads(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("watch", address=HEAP + 2), B, End()]}, memory={HEAP: bytes(8)})
    item = watch(made, kind="access")
    assert made.run().reasons == (WatchHit(item.number, "x", None, "0"),)


def test_a_watchpoint_elsewhere_is_not_asked(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("watch", address=HEAP + 4), B, End()]}, memory={HEAP: bytes(8)})
    item = watch(made, kind="access")
    assert ends(made)
    assert item.hits == 0


def test_a_watched_local_ends_with_its_frame(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [B, Sleep()]}, memory={HEAP: bytes(8)})
    item = watch(made, scope_return=B, scope_thread=MAIN, scope_cfa=0)
    event = made.run()
    assert (event.thread, event.reasons) == (MAIN, (WatchScopeEnded(item.number, "x", "0"),))
    assert len(made.table) == 0
    assert made.debuggee.sites.hardware_in_use == 0


# -- the process ------------------------------------------------------------------------------


def test_the_end_of_the_process_is_told_by_code_or_signal(engine: MakeEngine) -> None:
    assert engine({MAIN: [A, End(3)]}).run().reasons == (Exited(MAIN, 3),)
    killed = engine({MAIN: [A, End(signal=9)]}).run().reasons
    assert killed == (Exited(MAIN, None, 9, "SIGKILL"),)


@pytest.mark.parametrize(("follow", "let_go"), [("parent", 200), ("child", MAIN)])
def test_one_side_of_a_fork_is_let_go(engine: MakeEngine, follow: Any, let_go: int) -> None:
    made = engine({MAIN: [A, Event("fork", child=200), B, End()]})
    made.debuggee.options.follow = follow
    catch(made, "fork")
    event = made.run()
    assert event.reasons == (Forked(200, False, follow == "child"),)
    assert made.target.control.detached == [let_go]


def test_traps_are_taken_out_of_a_forked_child(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("fork", child=200), C, B, End()]}, abilities=PLAIN)
    made.breakpoint(B)
    traps: list[Any] = []
    detach = made.target.control.detach

    def noted(pid: int | None = None, inserted: Any = ()) -> None:
        traps.extend(inserted)
        detach(pid, inserted)

    made.target.control.detach = noted  # type: ignore[method-assign,assignment]
    assert made.run().reasons == (BreakpointHit(1, 1),)
    assert [each.address for each in traps] == [B]


def test_an_exec_is_reported_where_it_is_caught(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("exec", path="/bin/true"), C, End()], WORKER: [Sleep()]})
    catch(made, "exec")
    assert made.run().reasons == (Executed("/bin/true"),)
    assert ends(made)


def test_libraries_that_come_are_published_and_reported_where_caught(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("library"), B, Event("library"), End()]})
    catch(made, "load")
    made.loader.modules = (fake_module(FakeImage(), 0x10000, "/lib/libx.so"),)
    changed = LibrariesChanged(("/lib/libx.so",), ())
    assert made.run().reasons == (changed,)
    assert changed in made.events
    assert ends(made)


def test_locations_that_could_not_be_found_are_looked_for_again(
    engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = engine({MAIN: [A, Event("library"), B, Event("library"), End()]})
    made.loader.modules = (fake_module(FakeImage(), 0x10000, "/lib/libx.so"),)
    asked: list[int] = []

    def resolve_all() -> tuple[()]:
        asked.append(1)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return ()

    monkeypatch.setattr(made.program.resolver, "resolve_all", resolve_all)
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert ends(made)
    assert asked == [1, 1]


# -- signals and system calls -------------------------------------------------------------------


def test_sigint_stops_and_is_kept_from_the_program(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Signal(INT), B, End()]})
    assert made.run().reasons == (SignalReceived(INT, "SIGINT", 0, sender=0),)
    assert ends(made)
    assert made.target.program.delivered == []


def test_a_caught_signal_stops_whatever_its_action_is(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Signal(ALRM), B, End()]})
    item = catch(made, "signal", ALRM)
    assert made.run().reasons == (SignalReceived(ALRM, "SIGALRM", 0, sender=0),)
    assert item.hits == 1
    assert ends(made)
    assert made.target.program.delivered == [(MAIN, ALRM)]


def test_silent_signals_need_not_be_reported_unless_caught(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]})
    item = made.breakpoint(A)
    made.run()
    assert ALRM in made.target.control.passed_signals
    catch(made, "signal", ALRM)
    made.remove(item)
    made.breakpoint(B)
    made.run()
    assert ALRM not in made.target.control.passed_signals


def test_a_fault_below_the_stack_is_an_overflow(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Signal(SEGV), B, End()]})
    fault = 0x7FFFF0
    info = struct.pack("<iii4xQ", SEGV, 0, 1, fault) + bytes(104)
    made.target.other_registers[MAIN, "siginfo"] = info
    registers = list(made.target.program.threads[MAIN].registers)
    registers[7] = 0x800010
    made.target.program.threads[MAIN].registers = tuple(registers)
    made.target._mappings = (Mapping(0x800000, 0x900000, "rw-p", 0, 0, ""),)  # type: ignore[arg-type]
    (reason,) = made.run().reasons
    assert isinstance(reason, SignalReceived)
    assert (reason.address, reason.stack_overflow) == (fault, True)


def test_caught_system_calls_are_reported_with_their_result(engine: MakeEngine) -> None:
    entry, left = Event("syscall-entry", syscall=1), Event("syscall-return", syscall=1)
    other = Event("syscall-entry", syscall=2)
    made = engine({MAIN: [A, other, entry, left, B, End()]})
    catch(made, "syscall", 1)
    assert made.run().reasons == (SyscallStop(1, "write", True, None),)
    made.target.control.write_registers(MAIN, {"rax": (1 << 64) - 14})
    assert made.run().reasons == (SyscallStop(1, "write", False, -14),)
    assert made.target.control.caught_syscalls == (1,)


# -- the table ------------------------------------------------------------------------------------


class Raising:
    """A cause of breakpoints that raises."""

    kinds = ("breakpoint",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def judge(self, stop: object, state: object) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), CrabtrapError("no")])
def test_a_cause_that_raises_costs_its_own_verdict_and_no_other(error: BaseException) -> None:
    from crabtrap.engine.causes.cause import CauseTable
    from crabtrap.engine.causes.process_events import Ends
    from crabtrap.engine.machine import Consume

    class Quiet(Ends):
        kinds = ("breakpoint", "signal")

    table = CauseTable((Raising(error), Quiet()))  # type: ignore[arg-type]
    stop = TargetStop("breakpoint", MAIN, MAIN)
    verdicts = table.verdicts(stop, None)  # type: ignore[arg-type]
    assert verdicts == (Failed(error), Consume())
    assert len(table.verdicts(TargetStop("signal", MAIN, MAIN), None)) == 1  # type: ignore[arg-type]


def test_a_site_owned_by_a_breakpoint_that_is_gone_stops_nobody(engine: MakeEngine) -> None:
    made = engine(FakeProgram({MAIN: [A, B, End()]}))
    made.debuggee.sites.acquire(SiteKey("software", A), ("breakpoint", 77))  # type: ignore[arg-type]
    assert ends(made)
