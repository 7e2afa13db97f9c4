"""The loop: what it resumes, what it announces, and in what state it leaves the program."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crabtrap.engine.machine import Detached, Ended, Running, Stopped
from crabtrap.engine.plans.run_to import Continue, RunTo, StepInstruction
from crabtrap.errors import (
    RemoteError,
    StateError,
    StillRunningError,
    TargetError,
)
from crabtrap.events import (
    BreakpointHit,
    Interrupted,
    Resumed,
    SignalReceived,
    StepDone,
    StopEvent,
)
from crabtrap.events import Exited as ExitReason
from crabtrap.target.interface import Abilities, ResumeAction
from tests.support.fake_program import (
    Clone,
    End,
    Event,
    Signal,
    Sleep,
    ThreadEnd,
)
from tests.support.fake_program import Interrupted as UntilInterrupted
from tests.support.fake_target import GUARD, PLAIN
from tests.unit.engine.conftest import MakeEngine

MAIN, WORKER, THIRD = 100, 101, 102
A, B, C, D = 0x1000, 0x1004, 0x2000, 0x2004
USR1, USR2 = 10, 12

NO_CHANGES = replace(GUARD, changes_while_running=False)
EVERY = pytest.mark.parametrize("abilities", [GUARD, PLAIN], ids=["guard", "plain"])


def exited(event: StopEvent) -> bool:
    return any(isinstance(why, ExitReason) for why in event.reasons)


# -- run, start, wait ----------------------------------------------------------------------


@EVERY
def test_a_program_runs_to_its_end(engine: MakeEngine, abilities: Abilities) -> None:
    made = engine({MAIN: [A, B, End(3)]}, abilities=abilities)
    event = made.run()
    assert event.reasons == (ExitReason(MAIN, 3),)
    assert isinstance(made.controller.state, Ended)
    assert made.hits_executed == [A, B]
    assert made.events == [Resumed("continue")]


@EVERY
def test_every_hit_of_a_breakpoint_is_one_stop(engine: MakeEngine, abilities: Abilities) -> None:
    made = engine({MAIN: [A, B, A, A, B, End()]}, abilities=abilities)
    item = made.breakpoint(A)
    hits = [made.run().reasons for _ in range(3)]
    assert hits == [(BreakpointHit(item.number, n),) for n in (1, 2, 3)]
    assert exited(made.run())
    assert made.hits_executed == [A, B, A, A, B]


def test_start_only_says_what_wait_carries_out(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, End()]})
    made.controller.start(Continue(MAIN), MAIN)
    assert isinstance(made.controller.state, Running)
    assert made.target.control.actions == []
    with pytest.raises(StateError, match="the program is running"):
        made.controller.start(Continue(MAIN), MAIN)
    assert exited(made.wait())
    assert exited(made.wait())


def test_a_program_that_does_not_stop_in_time_runs_on_and_can_be_waited_for(
    engine: MakeEngine,
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    item = made.breakpoint(B)
    with pytest.raises(StillRunningError) as caught:
        made.run(timeout=2.5)
    assert caught.value.timeout == 2.5
    assert isinstance(made.controller.state, Running)
    with pytest.raises(StillRunningError):
        made.wait(0)
    made.target.program.wake_up(MAIN)
    assert made.wait(1).reasons == (BreakpointHit(item.number, 1),)
    assert exited(made.run())
    assert made.resumed == 2


def test_a_plan_that_is_done_at_once_moves_nothing(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, End()]})

    class AtOnce(Continue):
        def begin(self, view: object) -> object:  # type: ignore[override]
            from crabtrap.engine.plans.plan import Done

            return Done(StepDone("step"))

    before = made.controller.state
    event = made.run(AtOnce(MAIN))  # type: ignore[arg-type]
    assert event.reasons == (StepDone("step"),)
    assert made.target.control.actions == []
    assert isinstance(before, Stopped)
    assert event.epoch > before.event.epoch


@EVERY
def test_single_steps_are_one_instruction_each(engine: MakeEngine, abilities: Abilities) -> None:
    made = engine({MAIN: [A, B, C, End()], WORKER: [D, Sleep()]}, abilities=abilities)
    made.breakpoint(C)
    assert made.run(StepInstruction(MAIN, over=False)).reasons == (StepDone("stepi"),)
    assert [pc for tid, pc in made.target.program.executed if tid == MAIN] == [A]
    made.run(StepInstruction(MAIN, over=False))
    assert [pc for tid, pc in made.target.program.executed if tid == MAIN] == [A, B]


@EVERY
def test_a_step_to_a_breakpoint_has_hit_it(engine: MakeEngine, abilities: Abilities) -> None:
    made = engine({MAIN: [A, B, C, End()]}, abilities=abilities)
    item = made.breakpoint(B)
    event = made.run(StepInstruction(MAIN, over=False))
    assert event.reasons == (StepDone("stepi"), BreakpointHit(item.number, 1))
    made.run(StepInstruction(MAIN, over=False))
    assert made.hits_executed == [A, B]
    assert exited(made.run())
    assert item.hits == 1


@EVERY
def test_a_plan_stops_where_it_wants_and_leaves_no_trap(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, B, C, B, End()]}, abilities=abilities)
    assert made.run(RunTo(MAIN, "until", frozenset((C,)))).reasons == (StepDone("until"),)
    assert made.debuggee.sites.execution_addresses == frozenset()
    assert exited(made.run())


@EVERY
def test_a_plans_trap_is_not_for_other_threads(engine: MakeEngine, abilities: Abilities) -> None:
    made = engine({MAIN: [A, B, C, End()], WORKER: [C, C, Sleep()]}, abilities=abilities)
    event = made.run(RunTo(MAIN, "until", frozenset((C,))))
    assert (event.thread, event.reasons) == (MAIN, (StepDone("until"),))
    assert (WORKER, C) in made.target.program.executed


# -- batches ---------------------------------------------------------------------------------


def test_all_stops_of_a_batch_are_one_event(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [C, Sleep()], THIRD: [D, Sleep()]})
    at_a, at_c = made.breakpoint(A), made.breakpoint(C)
    event = made.run()
    assert (event.thread, event.reasons) == (MAIN, (BreakpointHit(at_a.number, 1),))
    assert event.also == ((WORKER, BreakpointHit(at_c.number, 1)),)
    assert exited(made.run())
    assert (at_a.hits, at_c.hits) == (1, 1)


def test_every_other_thread_is_stopped_by_the_engine_where_the_target_does_not(
    engine: MakeEngine,
) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [Sleep()], THIRD: [Sleep()]}, abilities=PLAIN)
    made.breakpoint(B)
    event = made.run()
    assert (event.thread, event.also) == (MAIN, ())
    assert made.target.control.interrupts == 1
    assert exited(made.run())


def test_what_another_thread_comes_to_while_it_is_stopped_is_also_reported(
    engine: MakeEngine,
) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [UntilInterrupted(by=C), Sleep()]}, abilities=PLAIN)
    at_b, at_c = made.breakpoint(B), made.breakpoint(C)
    event = made.run()
    assert event.reasons == (BreakpointHit(at_b.number, 1),)
    assert event.also == ((WORKER, BreakpointHit(at_c.number, 1)),)
    assert exited(made.run())
    assert (at_b.hits, at_c.hits) == (1, 1)
    assert (WORKER, C) in made.target.program.executed


def test_a_thread_that_ends_while_it_is_stopped_is_not_waited_for(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [C, UntilInterrupted()]}, abilities=PLAIN)
    made.breakpoint(B)
    program = made.target.program
    worker = program.threads[WORKER]
    interrupt = program.interrupt

    def ends_instead(is_site):
        program.threads.pop(WORKER, None)
        return interrupt(is_site)

    program.interrupt = ends_instead  # type: ignore[method-assign]
    assert made.run().thread == MAIN
    assert worker not in program.threads.values()


def test_a_thread_that_does_not_stop_is_a_target_error_and_waits(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [Sleep()]}, abilities=PLAIN)
    made.breakpoint(B)
    made.target.control.deaf = True
    with pytest.raises(TargetError, match="thread 101 does not stop"):
        made.run()
    assert isinstance(made.controller.state, Running)
    made.target.control.deaf = False
    assert made.wait().thread == MAIN
    assert exited(made.run())


@EVERY
def test_new_threads_take_part(engine: MakeEngine, abilities: Abilities) -> None:
    track = [A, Clone(WORKER, (C, ThreadEnd())), B, B, B, End()]
    made = engine({MAIN: track}, abilities=abilities)
    item = made.breakpoint(C)
    event = made.run()
    assert (event.thread, event.reasons) == (WORKER, (BreakpointHit(item.number, 1),))
    assert exited(made.run())


# -- signals ---------------------------------------------------------------------------------


@EVERY
def test_a_signal_is_delivered_once_when_its_thread_is_resumed(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Signal(USR1), B, End()], WORKER: [Sleep()]}, abilities=abilities)
    event = made.run()
    assert [type(why) for why in event.reasons] == [SignalReceived]
    assert made.target.program.delivered == []
    assert exited(made.run())
    assert made.target.program.delivered == [(MAIN, USR1)]


@EVERY
def test_a_signal_that_is_only_shown_is_delivered_at_once(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Signal(USR1), B, End()]}, abilities=abilities)
    made.debuggee.signals.set("SIGUSR1", stop=False)
    assert exited(made.run())
    assert made.target.program.delivered == [(MAIN, USR1)]
    assert [type(each) for each in made.events] == [Resumed, SignalReceived]


@EVERY
def test_signals_of_a_batch_go_to_their_own_threads(
    engine: MakeEngine, abilities: Abilities
) -> None:
    by = Signal(USR2)
    worker = [by, Sleep()] if abilities.stops_all else [UntilInterrupted(by=by), Sleep()]
    made = engine({MAIN: [Signal(USR1), B, End()], WORKER: worker}, abilities=abilities)
    event = made.run()
    assert [tid for tid, _ in event.also] == [WORKER]
    assert exited(made.run())
    assert sorted(made.target.program.delivered) == [(MAIN, USR1), (WORKER, USR2)]


def test_a_signal_waits_until_its_own_thread_is_resumed(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, C, End()], WORKER: [Signal(USR1), D, Sleep()]})
    made.run()
    made.debuggee.options.scheduler_lock = True
    made.controller.run(StepInstruction(MAIN, over=False), MAIN, alone=True)
    assert made.target.program.delivered == []
    made.debuggee.options.scheduler_lock = False
    assert exited(made.run())
    assert made.target.program.delivered == [(WORKER, USR1)]


def test_another_signal_can_be_chosen_or_none(engine: MakeEngine) -> None:
    made = engine({MAIN: [Signal(USR1), Signal(USR1), End()]})
    made.run()
    made.controller.deliver(MAIN, USR2)
    made.run()
    made.controller.deliver(MAIN, 0)
    assert exited(made.run())
    assert made.target.program.delivered == [(MAIN, USR2)]


def test_a_signal_is_kept_when_the_resume_could_not_be_sent(engine: MakeEngine) -> None:
    made = engine({MAIN: [Signal(USR1), A, End()]})
    made.run()
    made.target.faults.fail("resume", RemoteError("no"))
    with pytest.raises(RemoteError):
        made.run()
    assert isinstance(made.controller.state, Stopped)
    assert exited(made.run())
    assert made.target.program.delivered == [(MAIN, USR1)]


# -- one thread alone --------------------------------------------------------------------------


@EVERY
def test_under_the_scheduler_lock_no_other_thread_moves(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine(
        {MAIN: [A, B, A, B, Sleep(), End()], WORKER: [C, D, C, D, Sleep()]}, abilities=abilities
    )
    made.breakpoint(A)
    made.run()
    ran = [each for each in made.target.program.executed if each[0] == WORKER]
    made.debuggee.options.scheduler_lock = True
    made.run()
    assert [each for each in made.target.program.executed if each[0] == WORKER] == ran
    made.debuggee.options.scheduler_lock = False
    with pytest.raises(StillRunningError):
        made.run(timeout=1)
    made.target.program.wake_up(MAIN)
    assert exited(made.wait())


@EVERY
def test_the_end_of_a_thread_that_runs_alone_stops_the_program(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [C, D, ThreadEnd()]}, abilities=abilities)
    made.breakpoint(C)
    assert made.run().thread == WORKER
    made.debuggee.options.scheduler_lock = True
    event = made.run()
    assert (event.thread, event.reasons) == (MAIN, (Interrupted(),))
    assert exited(made.run())


def test_hidden_runs_are_not_told_of_and_serve_nobody(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, Sleep(), C, End()]})
    done = made.mailbox.post(lambda: 1)
    plan = RunTo(MAIN, "start", frozenset((B,)))
    event = made.controller.run(plan, MAIN, hidden=True)
    assert event.reasons == (StepDone("start"),)
    assert (made.events, done.done()) == ([], False)
    made.meanwhile(lambda: made.target.program.wake_up(MAIN))
    assert exited(made.run())
    assert done.result() == 1


def test_a_hidden_run_is_not_woken_by_posts(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    futures = []

    def post() -> None:
        made.target.control.wake()
        futures.append(made.mailbox.post(lambda: 1))

    made.meanwhile(post, lambda: made.target.program.wake_up(MAIN))
    plan = RunTo(MAIN, "start", frozenset((B,)))
    assert made.controller.run(plan, MAIN, hidden=True).reasons == (StepDone("start"),)
    assert not futures[0].done()


# -- posted functions -------------------------------------------------------------------------


@EVERY
def test_posted_functions_are_carried_out_while_the_program_runs(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]}, abilities=abilities)
    seen = []
    made.meanwhile(
        lambda: made.mailbox.post(lambda: seen.append(made.controller.state)),
        lambda: made.target.program.wake_up(MAIN),
    )
    assert exited(made.run())
    assert [type(each) for each in seen] == [Running]


def test_what_a_posted_function_raises_is_its_callers(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    futures = []
    made.meanwhile(
        lambda: futures.append(made.mailbox.post(lambda: 1 // 0)),
        lambda: made.target.program.wake_up(MAIN),
    )
    assert exited(made.run())
    with pytest.raises(ZeroDivisionError):
        futures[0].result()


@EVERY
def test_an_interrupt_in_a_posted_function_stops_the_program(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]}, abilities=abilities)

    def interrupted() -> None:
        raise KeyboardInterrupt

    futures = []
    made.meanwhile(lambda: futures.append(made.mailbox.post(interrupted)))
    with pytest.raises(KeyboardInterrupt):
        made.run()
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert state.event.reasons == (Interrupted(),)
    assert isinstance(futures[0].exception(), KeyboardInterrupt)
    made.target.program.wake_up(MAIN)
    assert exited(made.run())


@EVERY
def test_a_post_during_a_step_over_a_breakpoint_is_served_after_it(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, B, End()]}, abilities=abilities)
    item = made.breakpoint(A)
    made.run()
    control, served = made.target.control, []
    resume, wait = control.resume, control.wait

    def resumed(actions: list[ResumeAction]) -> None:
        resume(actions)
        if not served:
            made.mailbox.post(lambda: served.append(1))
        control.resume = resume  # type: ignore[method-assign]

    def woken(timeout: float | None) -> object:
        # The wake comes first: before the step's own stop is taken.
        if control.woken and timeout != 0:
            control.woken = False
            return None
        return wait(timeout)

    control.resume, control.wait = resumed, woken  # type: ignore[method-assign,assignment]
    assert exited(made.run())
    assert (served, item.hits) == ([1], 1)


@EVERY
def test_a_breakpoint_set_while_the_program_runs_is_in_force_at_once(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]}, abilities=abilities)
    made.meanwhile(
        lambda: made.mailbox.post(lambda: made.breakpoint(B)),
        lambda: made.target.program.wake_up(MAIN),
    )
    assert made.run().reasons == (BreakpointHit(1, 1),)
    assert exited(made.run())


def test_the_program_need_not_be_stopped_for_a_breakpoint(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    made.meanwhile(
        lambda: made.mailbox.post(lambda: made.breakpoint(B)),
        lambda: made.target.program.wake_up(MAIN),
    )
    made.run()
    assert made.target.control.interrupts == 0


def test_a_filter_set_while_the_program_runs_is_in_force_at_once(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})

    def quiet() -> None:
        made.debuggee.signals.set("SIGUSR1", stop=False, show=False)
        assert USR1 not in made.target.control.passed_signals

    def look() -> None:
        assert USR1 in made.target.control.passed_signals
        made.target.program.wake_up(MAIN)

    made.meanwhile(lambda: made.mailbox.post(quiet), look)
    assert exited(made.run())


# -- leaving while it runs ----------------------------------------------------------------------


@EVERY
def test_kill_from_a_posted_function_ends_the_outer_wait(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep()], WORKER: [Sleep()]}, abilities=abilities)
    reason = ExitReason(MAIN, None, 9, "SIGKILL")
    made.meanwhile(lambda: made.mailbox.post(lambda: made.controller.kill(reason)))
    assert made.run().reasons == (reason,)
    assert isinstance(made.controller.state, Ended)


@EVERY
def test_detach_from_a_posted_function_ends_the_outer_wait(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep()], WORKER: [Sleep()]}, abilities=abilities)
    made.breakpoint(B)
    made.meanwhile(lambda: made.mailbox.post(made.controller.detach))
    with pytest.raises(StateError, match="process 100 was detached while it ran"):
        made.run()
    assert made.controller.state == Detached(MAIN)
    assert made.target.control.detached == [MAIN]


@EVERY
def test_a_program_left_running_can_be_killed_or_let_go(
    engine: MakeEngine, abilities: Abilities
) -> None:
    for leave in ("kill", "detach"):
        made = engine({MAIN: [A, Sleep()], WORKER: [Sleep()]}, abilities=abilities)
        made.breakpoint(B)
        with pytest.raises(StillRunningError):
            made.run(timeout=1)
        if leave == "kill":
            made.controller.kill(ExitReason(MAIN, None, 9))
            assert isinstance(made.controller.state, Ended)
        else:
            made.controller.detach()
            assert made.controller.state == Detached(MAIN)
        with pytest.raises(StateError):
            made.controller.start(Continue(MAIN), MAIN)


@pytest.mark.parametrize("verb", ["kill", "detach"])
def test_a_listener_that_ends_the_program_during_a_wait_ends_the_wait(
    engine: MakeEngine, verb: str
) -> None:
    # The program's output is published from within the target's wait.
    made = engine({MAIN: [A, Sleep()]})
    made.breakpoint(B)
    leave = {
        "kill": lambda: made.controller.kill(ExitReason(MAIN, None, 9)),
        "detach": made.controller.detach,
    }[verb]
    made.meanwhile(leave)
    if verb == "kill":
        assert exited(made.run())
    else:
        with pytest.raises(StateError, match="detached"):
            made.run()


# -- interrupts -----------------------------------------------------------------------------------


@EVERY
def test_the_pause_the_user_asks_for_is_reported_once(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()], WORKER: [Sleep()]}, abilities=abilities)
    made.meanwhile(made.program.request_interrupt)
    event = made.run()
    assert (*event.reasons, *(why for _, why in event.also)) == (Interrupted(),)
    made.target.program.wake_up(MAIN)
    assert exited(made.run())


def test_an_interrupt_asked_for_while_a_stop_is_handled_is_not_lost(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, Sleep(), End()]})
    made.breakpoint(A, callback=lambda _: made.program.request_interrupt() or False)
    event = made.run(timeout=5)
    assert event.reasons == (Interrupted(),)
    assert made.hits_executed == []
    made.target.program.threads[MAIN].track.remove(Sleep())
    assert exited(made.run())


def test_an_interrupt_that_the_target_takes_for_late_is_not_lost(engine: MakeEngine) -> None:
    # It comes between the first stop of a batch and the look for more: nothing runs then.
    made = engine({MAIN: [A, B, Sleep(), End()]})
    made.breakpoint(A, ignore=1)
    control = made.target.control
    taken = control.take_site_failures

    def asked() -> tuple[()]:
        made.program.request_interrupt()
        control.wait(0)
        control.take_site_failures = taken  # type: ignore[method-assign]
        return ()

    control.take_site_failures = asked  # type: ignore[method-assign]
    assert made.run(timeout=5).reasons == (Interrupted(),)


@EVERY
def test_an_interrupt_before_a_step_over_a_breakpoint_does_not_hit_it_again(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, B, End()]}, abilities=abilities)
    item = made.breakpoint(A)
    made.run()
    made.target.control.interrupt()  # taken late: the target sends it with the next wait
    assert exited(made.run())
    assert item.hits == 1


# -- pauses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("abilities", [GUARD, PLAIN, NO_CHANGES], ids=["guard", "plain", "no"])
def test_nothing_moves_in_a_pause_and_nobody_is_told(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()], WORKER: [Sleep()]}, abilities=abilities)

    def look() -> int:
        with made.controller.paused():
            assert not made.target.program.moving
            with made.controller.paused():
                assert not made.target.program.moving
            assert not made.target.program.moving
        assert set(made.target.program.moving) == {MAIN, WORKER}
        return 1

    futures = []
    made.meanwhile(
        lambda: futures.append(made.mailbox.post(look)),
        lambda: made.target.program.wake_up(MAIN),
    )
    assert exited(made.run())
    assert futures[0].result() == 1
    assert made.events == [Resumed("continue")]


def test_a_pause_within_a_handler_changes_nothing(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]})

    def look(_frame: object) -> bool:
        with made.controller.paused():
            return False

    item = made.breakpoint(A, callback=look)
    assert exited(made.run())
    assert (item.hits, made.target.control.interrupts) == (1, 0)


def test_a_pause_of_a_stopped_program_changes_nothing(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, End()]})
    before = made.controller.state
    with made.controller.paused():
        pass
    assert made.controller.state is before
    made.run()
    with pytest.raises(StateError), made.controller.paused():
        pass


@pytest.mark.parametrize("abilities", [GUARD, PLAIN, NO_CHANGES], ids=["guard", "plain", "no"])
def test_a_real_stop_during_a_pause_is_not_lost_and_counted_once(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, UntilInterrupted(by=B), C, End()]}, abilities=abilities)
    item = made.breakpoint(B)

    def look() -> None:
        with made.controller.paused():
            assert item.hits == 0

    made.meanwhile(lambda: made.mailbox.post(look))
    assert made.run().reasons == (BreakpointHit(item.number, 1),)
    assert exited(made.run())
    assert item.hits == 1
    assert made.hits_executed == [A, B, C]


def test_a_signal_during_a_pause_is_delivered(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, UntilInterrupted(by=Signal(USR1)), C, End()]})
    made.debuggee.signals.set("SIGUSR1", stop=False)

    def look() -> None:
        with made.controller.paused():
            pass

    made.meanwhile(lambda: made.mailbox.post(look))
    assert exited(made.run())
    assert made.target.program.delivered == [(MAIN, USR1)]


def test_the_end_of_the_program_during_a_pause_is_announced(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, UntilInterrupted(), End(5)]})
    made.meanwhile(lambda: made.mailbox.post(pause))

    def pause() -> None:
        with made.controller.paused():
            pass

    assert made.run().reasons == (ExitReason(MAIN, 5),)


def test_what_is_raised_in_a_pause_leaves_the_program_running(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    with pytest.raises(StillRunningError):
        made.run(timeout=1)
    with pytest.raises(ZeroDivisionError), made.controller.paused():
        raise ZeroDivisionError
    assert isinstance(made.controller.state, Running)
    assert MAIN in made.target.program.moving
    made.target.program.wake_up(MAIN)
    assert exited(made.wait())


def test_a_call_of_the_debuggers_is_not_paused(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    with pytest.raises(StillRunningError):
        made.controller.run(Continue(MAIN), MAIN, hidden=True, timeout=1)
    with pytest.raises(StateError, match="is being called"), made.controller.paused():
        pass


def test_no_stop_is_lost_in_a_pause_that_fails(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()], WORKER: [Sleep()]}, abilities=PLAIN)
    threads, futures = made.target.threads, []

    def failing() -> object:
        made.target.threads = threads  # type: ignore[method-assign]
        raise RemoteError("no")

    def look() -> None:
        made.target.threads = failing  # type: ignore[method-assign,assignment]
        with made.controller.paused():
            pass

    made.meanwhile(
        lambda: futures.append(made.mailbox.post(look)),
        lambda: made.target.program.wake_up(MAIN),
    )
    assert exited(made.run())
    assert isinstance(futures[0].exception(), RemoteError)


# -- failures -------------------------------------------------------------------------------------


@EVERY
def test_what_a_wait_raises_leaves_the_program_stopped(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()], WORKER: [Sleep()]}, abilities=abilities)
    item = made.breakpoint(B)
    with pytest.raises(StillRunningError):
        made.run(timeout=1)
    made.target.faults.fail("wait", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.wait()
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert state.event.reasons == (Interrupted(),)
    made.target.program.wake_up(MAIN)
    assert made.run().reasons == (BreakpointHit(item.number, 1),)
    assert exited(made.run())


@pytest.mark.parametrize("method", ["resume", "update_sites", "pass_signals"])
@EVERY
def test_what_resuming_raises_leaves_the_program_stopped_with_its_breakpoints(
    engine: MakeEngine, abilities: Abilities, method: str
) -> None:
    made = engine({MAIN: [A, B, End()]}, abilities=abilities)
    item = made.breakpoint(B)
    made.target.faults.fail(method, RemoteError("no"))
    first = made.controller.state
    with pytest.raises(RemoteError):
        made.run()
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert isinstance(first, Stopped)
    # Otherwise nobody would be told of a stop after having been told of a resume.
    assert state.event.epoch > first.event.epoch
    assert made.run().reasons == (BreakpointHit(item.number, 1),)
    assert exited(made.run())


@EVERY
def test_a_program_that_cannot_be_stopped_after_an_error_stays_running(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]}, abilities=abilities)
    made.target.control.deaf = True
    with pytest.raises(StillRunningError):
        made.run(timeout=1)
    made.target.faults.fail("wait", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.wait()
    assert isinstance(made.controller.state, Running)
    made.target.program.wake_up(MAIN)
    assert exited(made.wait())


def test_a_connection_that_is_gone_loses_the_program(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]})
    for _ in range(2):
        made.target.faults.fail("wait", RemoteError("the server closed"))
    with pytest.raises(RemoteError):
        made.run()
    assert made.controller.state == Detached(MAIN, lost=True)


def test_a_process_that_is_gone_without_a_word_is_lost(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, B, End()]})
    made.target.control.ended_by = "somebody else"
    with pytest.raises(TargetError):
        made.run()
    assert made.controller.state == Detached(MAIN, lost=True)


@EVERY
def test_a_cause_that_raises_stops_the_program_and_is_raised(
    engine: MakeEngine, abilities: Abilities
) -> None:
    made = engine({MAIN: [A, B, A, End()]}, abilities=abilities)

    def bad(_frame: object) -> None:
        raise ValueError("mine")

    item = made.breakpoint(A, callback=bad)
    for hits in (1, 2):
        with pytest.raises(ValueError, match="mine"):
            made.run()
        assert item.hits == hits
        assert isinstance(made.controller.state, Stopped)
        made.target.control.must_show_nothing_of_ours()
    assert exited(made.run())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_cause_that_raises_is_asked_once(engine: MakeEngine, error: type[BaseException]) -> None:
    made = engine({MAIN: [A, B, End()], WORKER: [C, Sleep()]})
    asked = []

    def bad(_frame: object) -> None:
        asked.append(1)
        raise error

    item, other = made.breakpoint(A, callback=bad), made.breakpoint(C)
    with pytest.raises(error):
        made.run()
    assert (asked, item.hits, other.hits) == ([1], 1, 1)
    state = made.controller.state
    assert isinstance(state, Stopped)
    assert (state.event.thread, state.event.reasons) == (WORKER, (BreakpointHit(2, 1),))
    assert exited(made.run())


def test_traps_are_lifted_before_detaching_where_the_target_leaves_them_in(
    engine: MakeEngine,
) -> None:
    made = engine({MAIN: [A, Sleep(), B, End()]}, abilities=PLAIN)
    made.breakpoint(B)
    with pytest.raises(StillRunningError):
        made.run(timeout=1)
    assert made.target.control.sites
    made.controller.detach()
    assert not made.target.control.sites


def test_an_exec_forgets_what_was_inserted(engine: MakeEngine) -> None:
    made = engine({MAIN: [A, Event("exec", path="/x"), C, B, End()], WORKER: [Sleep()]})
    item = made.breakpoint(B)
    assert made.run().reasons == (BreakpointHit(item.number, 1),)
    assert exited(made.run())
