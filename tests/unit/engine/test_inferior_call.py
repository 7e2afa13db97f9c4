"""Calls of the debugger's: a thread runs something else, and everything is put back."""

from __future__ import annotations

from typing import Any

import pytest

from crabtrap.address import Address
from crabtrap.engine.inferior_call import inferior_call_scope
from crabtrap.engine.machine import Detached, Ended, Stopped
from crabtrap.engine.plans.run_call import RunCall
from crabtrap.errors import RemoteError, StateError
from crabtrap.events import BreakpointHit, Exited, SignalReceived, StepDone, StopEvent
from tests.support.fake_engine import FakeEngine
from tests.support.fake_program import End, FakeProgram, Signal, Sleep
from tests.support.fake_target import GUARD, PLAIN
from tests.unit.engine.conftest import MakeEngine

MAIN, WORKER = 100, 101
A, B, C = 0x1000, 0x1004, 0x2000
FUNCTION, RETURN = Address(0x5000), Address(0x6000)
USR1, USR2 = 10, 12

EVERY = pytest.mark.parametrize("abilities", [GUARD, PLAIN], ids=["guard", "plain"])


def program(*body: Any) -> FakeProgram:
    return FakeProgram(
        {MAIN: [A, B, End()], WORKER: [C, C, Sleep()]},
        functions={FUNCTION: (FUNCTION, *body, RETURN, Sleep())},
    )


def call(made: FakeEngine, *, alone: bool = True) -> StopEvent:
    made.target.control.write_registers(MAIN, {"rip": FUNCTION})
    made.debuggee.clock.advance()
    plan = RunCall(MAIN, RETURN, 0)
    return made.controller.run(plan, MAIN, alone=alone, hidden=True)


@EVERY
def test_the_stop_is_the_same_object_afterwards(engine: MakeEngine, abilities: Any) -> None:
    made = engine(program(), abilities=abilities)
    item = made.breakpoint(A)
    made.run()
    before, registers = made.controller.state, made.target.read_registers(MAIN)
    epoch, process = made.debuggee.clock.current, made.program.inspector.process
    with inferior_call_scope(made.program, MAIN):
        assert call(made).reasons == (StepDone("call"),)
    assert made.controller.state is before
    assert made.target.read_registers(MAIN) == registers
    assert made.debuggee.clock.current == epoch
    assert made.program.inspector.process is process
    made.target.control.must_show_nothing_of_ours()
    assert isinstance(made.run().reasons[0], Exited)
    assert item.hits == 1


@EVERY
def test_no_breakpoint_is_hit_in_a_call(engine: MakeEngine, abilities: Any) -> None:
    made = engine(program(B, A), abilities=abilities)
    at_a, at_b = made.breakpoint(A), made.breakpoint(B)
    made.run()
    with inferior_call_scope(made.program, MAIN):
        assert call(made).reasons == (StepDone("call"),)
    assert (at_a.hits, at_b.hits) == (1, 0)
    assert made.run().reasons == (BreakpointHit(at_b.number, 1),)


@EVERY
def test_pending_signals_are_kept_for_later(engine: MakeEngine, abilities: Any) -> None:
    made = engine(program(), abilities=abilities)
    made.controller.deliver(MAIN, USR1)
    with inferior_call_scope(made.program, MAIN):
        call(made)
        assert made.target.program.delivered == []
    assert isinstance(made.run().reasons[0], Exited)
    assert made.target.program.delivered == [(MAIN, USR1)]


def test_a_signal_for_another_thread_that_comes_meanwhile_is_delivered_later(
    engine: MakeEngine,
) -> None:
    tracks = program(Signal(USR2), FUNCTION + 4)
    tracks.threads[WORKER].track[:] = [Signal(USR1), C, Sleep()]
    made = engine(tracks)
    with inferior_call_scope(made.program, MAIN):
        event = call(made, alone=False)
        assert {type(why) for why in event.reasons} == {SignalReceived}
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert state.threads.signals == {WORKER: USR1}
    assert isinstance(made.run().reasons[0], Exited)
    assert made.target.program.delivered == [(WORKER, USR1)]


def test_system_calls_are_not_caught_meanwhile(engine: MakeEngine) -> None:
    from crabtrap.engine.breakpoints.stoppoints import Catchpoint

    made = engine(program())
    made.table.insert(Catchpoint(made.table.take_number(), kind="syscall"))
    made.breakpoint(A)
    made.run()
    control, seen = made.target.control, []
    assert control.caught_syscalls == ()
    with inferior_call_scope(made.program, MAIN):
        call(made)
        seen.append(control.caught_syscalls)
    made.run()
    assert (seen, control.caught_syscalls) == ([None], ())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_the_body_raises_puts_everything_back(
    engine: MakeEngine, error: type[BaseException]
) -> None:
    made = engine(program(FUNCTION + 4))
    item = made.breakpoint(B)
    before, registers = made.controller.state, made.target.read_registers(MAIN)
    made.target.faults.fail("wait", error())
    with pytest.raises(error), inferior_call_scope(made.program, MAIN):
        call(made)
    assert made.controller.state is before
    assert made.target.read_registers(MAIN) == registers
    assert made.run().reasons == (BreakpointHit(item.number, 1),)


def test_putting_back_is_tried_again_where_it_was_interrupted(engine: MakeEngine) -> None:
    made = engine(program())
    item = made.breakpoint(B)
    registers = made.target.read_registers(MAIN)
    made.target.faults.fail("restore_registers", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), inferior_call_scope(made.program, MAIN):
        call(made)
    assert made.target.read_registers(MAIN) == registers
    assert made.run().reasons == (BreakpointHit(item.number, 1),)


def test_breakpoints_come_back_even_if_the_registers_cannot(engine: MakeEngine) -> None:
    made = engine(program())
    item = made.breakpoint(A)
    for _ in range(2):
        made.target.faults.fail("restore_registers", RemoteError("no"))
    with pytest.raises(RemoteError), inferior_call_scope(made.program, MAIN):
        call(made)
    assert made.debuggee.sites.owners_at(Address(A)) == {"breakpoint": (item.number,)}


def test_a_program_that_ends_in_a_call_is_not_put_back(engine: MakeEngine) -> None:
    made = engine(program(End(4)))
    with inferior_call_scope(made.program, MAIN):
        assert call(made).reasons == (Exited(MAIN, 4),)
    assert isinstance(made.controller.state, Ended)


def test_a_program_that_is_lost_in_a_call_is_not_put_back(engine: MakeEngine) -> None:
    made = engine(program())
    for _ in range(2):
        made.target.faults.fail("wait", RemoteError("the server closed"))
    with pytest.raises(RemoteError), inferior_call_scope(made.program, MAIN):
        call(made)
    assert made.controller.state == Detached(MAIN, lost=True)


def test_only_a_stopped_program_can_be_called(engine: MakeEngine) -> None:
    made = engine(program())
    made.run()
    problem = "cannot call a function: the program has ended"
    with pytest.raises(StateError, match=problem), inferior_call_scope(made.program, MAIN):
        pass
