"""Why a real program stops: breakpoints, watchpoints, panics, signals, events."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from crabtrap import PANIC_STOP
from crabtrap.errors import StaleError, StateError, UsageError
from crabtrap.events import (
    BreakpointHit,
    ConditionFailed,
    Executed,
    Exited,
    Forked,
    Interrupted,
    LogMessage,
    Notice,
    Panicked,
    SignalReceived,
    SyscallStop,
    WatchHit,
    WatchScopeEnded,
)
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Debug, kinds


def test_hits_of_many_threads_are_counted_exactly(debug: Debug) -> None:
    driver = debug("threads")
    point = driver.session.breakpoints.add("hot", ignore=1000)
    driver.launch("8", "50")
    event = driver.session.continue_()
    assert kinds(event) == [Exited]
    assert point.hits == 400 or driver.session.breakpoints[point.number].hits == 400
    assert "calls 400" in driver.output


def test_conditions_select_hits(debug: Debug) -> None:
    driver = debug("threads")
    point = driver.session.breakpoints.add(
        driver.location("hot"), condition="worker == 2 && round == 7"
    )
    driver.launch("4", "10")
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert (driver.shown("worker"), driver.shown("round")) == ("2", "7")
    assert kinds(driver.session.continue_()) == [Exited]


def test_a_condition_that_cannot_be_evaluated_stops_and_says_so(debug: Debug) -> None:
    driver = debug("threads")
    point = driver.session.breakpoints.add(
        driver.location("hot"), condition="10 / (worker - worker) == 1"
    )
    driver.launch("1", "3")
    event = driver.session.continue_()
    failed = event.reasons[0]
    assert isinstance(failed, ConditionFailed)
    assert (failed.breakpoint, failed.condition) == (
        point.number,
        "10 / (worker - worker) == 1",
    )
    assert "divide by zero" in failed.error


@pytest.mark.parametrize(
    "condition", ["[1][worker as usize + 7] == 7", "10 / (worker - worker) == 1"]
)
def test_a_failing_condition_stops_once_and_is_counted(debug: Debug, condition: str) -> None:
    driver = debug("threads")
    breakpoints = driver.session.breakpoints
    point = breakpoints.add(driver.location("hot"), condition=condition)
    end = breakpoints.add(driver.location("end"))
    driver.launch("2", "3")
    assert kinds(driver.session.continue_()) == [ConditionFailed]
    assert driver.session.continue_().reasons == (BreakpointHit(end.number, 1),)
    (_, found, _) = breakpoints
    assert (found.number, found.hits, found.failures) == (point.number, 0, 6)
    assert found.failure
    breakpoints.set_condition(point.number, "true")
    assert found.failures == 0


def test_temporary_disabled_and_deleted_breakpoints(debug: Debug) -> None:
    driver = debug("threads")
    once = driver.session.breakpoints.add(driver.location("hot"), temporary=True)
    off = driver.session.breakpoints.add(driver.location("hot_count"))
    gone = driver.session.breakpoints.add(driver.location("call"))
    driver.session.breakpoints.enable(off.number, False)
    driver.session.breakpoints.remove(gone.number)
    driver.launch("2", "5")
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(once.number, 1, temporary=True),)
    assert [each.number for each in driver.session.breakpoints] == [PANIC_STOP, off.number]
    assert kinds(driver.session.continue_()) == [Exited]


def test_log_points_do_not_stop(debug: Debug) -> None:
    driver = debug("threads")
    driver.session.breakpoints.add(driver.location("hot"), log="{worker}: {round}")
    driver.launch("2", "2")
    assert kinds(driver.session.continue_()) == [Exited]
    logged = sorted(e.text for e in driver.events if isinstance(e, LogMessage))
    assert logged == ["0: 0", "0: 1", "1: 0", "1: 1"]


def test_a_watched_local_until_its_scope_ends(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("local_first")
    point = driver.session.breakpoints.watch("value")
    seen = []
    for _ in range(2):
        hit = driver.session.continue_().reasons[0]
        assert isinstance(hit, WatchHit)
        seen.append((hit.old, hit.new))
    assert seen == [("1", "11"), ("11", "22")]
    ended = driver.session.continue_().reasons[0]
    assert ended == WatchScopeEnded(point.number, "value", "22")
    assert driver.here[0] == "main"


def test_a_breakpoint_right_behind_a_watched_write_is_hit_as_well(debug: Debug) -> None:
    first = debug("watch")
    first.run_to("local_first")
    first.session.breakpoints.watch("value")
    first.session.continue_()
    behind = first.session.frame.pc
    again = debug("watch")
    again.run_to("local_first")
    again.session.breakpoints.watch("value")
    point = again.session.breakpoints.add(f"*{behind:#x}")
    event = again.session.continue_()
    assert sorted(each.__name__ for each in kinds(event)) == ["BreakpointHit", "WatchHit"]
    assert again.session.breakpoints[point.number].hits == 1


def test_a_watched_static_is_caught_in_every_thread(debug: Debug) -> None:
    driver = debug("watch")
    if driver.server == "gdbserver":
        skip_inapplicable("gdbserver 13 crashes when a watched program makes threads")
    driver.run_to("main_threads", "5")
    driver.session.breakpoints.watch("SHARED")
    hits = []
    while kinds(event := driver.session.continue_()) == [WatchHit]:
        hits.append(event.reasons[0].new)  # type: ignore[union-attr]
        assert event.thread != event.pid
    assert len(hits) == 5
    assert kinds(event) == [Exited]


def test_what_cannot_be_watched_is_refused(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("local_first")
    with pytest.raises(UsageError, match="not in memory"):
        driver.session.breakpoints.watch("$rax")


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize(
    ("kind", "message", "marker"),
    [
        ("caught", "order 2 has amount -7", "panic"),
        ("thread", "nothing there", "expect"),
        ("inlined", "index out of bounds: the len is 3 but the index is 4", "index"),
        ("unwind", None, "unwrap"),
        ("overflow", "attempt to add with overflow", "overflow"),
    ],
)
def test_a_panic_stops_in_the_users_frame(
    debug: Debug, profile: str, kind: str, message: str | None, marker: str
) -> None:
    if (profile, kind) == ("release-debug", "overflow"):
        skip_inapplicable("this profile has no overflow checks")
    driver = debug("panics", profile)
    driver.launch(kind)
    event = driver.session.continue_()
    panic = event.reasons[0]
    assert isinstance(panic, Panicked)
    if message is not None:
        assert panic.message == message
    assert panic.line == driver.line(marker)
    assert driver.session.frame.line == driver.line(marker)
    assert driver.session.frame.is_user


def test_a_caught_panic_lets_the_program_go_on(debug: Debug) -> None:
    driver = debug("panics")
    driver.launch("caught")
    assert kinds(driver.session.continue_()) == [Panicked]
    assert kinds(driver.session.continue_()) == [Exited]
    assert "caught true" in driver.output


def test_signals_stop_and_are_delivered_once(debug: Debug) -> None:
    driver = debug("signals")
    driver.launch("")
    event = driver.session.continue_()
    received = event.reasons[0]
    assert isinstance(received, SignalReceived)
    assert (received.name, received.sender) == ("SIGUSR1", event.pid)
    driver.session.signals.set("SIGUSR1", stop=False, show=False)
    driver.session.signals.set("SIGUSR2", stop=False)
    assert kinds(driver.session.continue_()) == [Exited]
    assert "handled 2" in driver.output


def test_a_fault_is_shown_where_it_happened(debug: Debug) -> None:
    driver = debug("signals")
    driver.launch("segv")
    event = driver.session.continue_()
    fault = event.reasons[0]
    assert isinstance(fault, SignalReceived)
    assert (fault.name, fault.address) == ("SIGSEGV", 16)
    frames = driver.session.thread.frames(0, 6)
    assert any(frame.line == driver.line("segfault") for frame in frames)
    # std's own handler looks for a stack overflow first and then faults again.
    assert kinds(driver.session.continue_()) == [SignalReceived]
    ended = driver.session.continue_()
    assert ended.reasons == (Exited(event.pid, None, 11, "SIGSEGV"),)


@pytest.mark.parametrize(
    ("kind", "overflow"), [("overflow", True), ("overflow-thread", True), ("segv", False)]
)
def test_a_stack_overflow_is_distinguished_from_other_faults(
    debug: Debug, kind: str, overflow: bool
) -> None:
    driver = debug("signals").launch(kind)
    fault = driver.session.continue_().reasons[0]
    assert isinstance(fault, SignalReceived)
    assert (fault.name, fault.stack_overflow) == ("SIGSEGV", overflow)


def test_an_abort_is_shown_in_the_users_own_frame(debug: Debug) -> None:
    driver = debug("signals").launch("abort")
    aborted = driver.session.continue_().reasons[0]
    assert isinstance(aborted, SignalReceived)
    assert aborted.name == "SIGABRT"
    assert driver.session.frame.line == driver.line("abort")
    assert driver.session.frame.index > 0


def test_the_programs_own_trap(debug: Debug) -> None:
    driver = debug("signals")
    driver.launch("int3")
    received = driver.session.continue_().reasons[0]
    assert isinstance(received, SignalReceived)
    assert received.name == "SIGTRAP"
    assert kinds(driver.session.continue_()) == [Exited]
    assert "after int3" in driver.output


def test_a_pause_from_another_thread(debug: Debug) -> None:
    driver = debug("signals")
    driver.launch("wait")
    timer = threading.Timer(0.2, driver.session.interrupt)
    timer.start()
    event = driver.session.continue_()
    timer.join()
    assert event.reasons == (Interrupted(),)
    os.kill(event.pid, signal.SIGUSR1)
    driver.session.signals.set("SIGUSR1", stop=False)
    assert kinds(driver.session.continue_()) == [Exited]


def test_children_run_on_unharmed(debug: Debug) -> None:
    driver = debug("forks")
    point = driver.session.breakpoints.add("both")
    caught = driver.session.breakpoints.catch("fork")
    driver.launch("fork", "2")
    event = driver.session.continue_()
    assert kinds(event) == [Forked]
    driver.session.breakpoints.remove(caught.number)
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert kinds(driver.session.continue_()) == [Exited]
    assert "status 0x100" in driver.output
    assert "status 0x200" in driver.output


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_the_first_child_that_is_let_go_is_told_of(debug: Debug, kind: str) -> None:
    driver = debug("forks")
    driver.launch(kind, "3")
    assert kinds(driver.session.continue_()) == [Exited]
    texts = [each.text for each in driver.events if isinstance(each, Notice)]
    (told,) = [text for text in texts if "let go" in text]
    assert "stops at no breakpoint" in told
    assert "set follow-fork-mode" in told


def test_the_parent_that_is_let_go_is_told_of(debug: Debug) -> None:
    driver = debug("forks")
    if driver.server == "gdbserver":
        skip_inapplicable("gdbserver 13 fails an assertion when the parent is detached first")
    driver.session.options.follow = "child"
    driver.launch("fork", "1")
    parent = driver.session.process.pid
    (end,) = driver.session.continue_().reasons
    assert isinstance(end, Exited)
    (told,) = [each.text for each in driver.events if isinstance(each, Notice)]
    assert f"process {parent} was let go, its child {end.pid} is followed" in told


def test_spawned_children_run_on_unharmed(debug: Debug) -> None:
    driver = debug("forks")
    driver.session.breakpoints.add("both", ignore=100)
    driver.launch("spawn", "3")
    assert kinds(driver.session.continue_()) == [Exited]
    assert [f"code {each + 1}" in driver.output for each in range(3)] == [True] * 3


def test_a_program_that_replaces_itself_keeps_its_breakpoints(debug: Debug) -> None:
    driver = debug("forks")
    point = driver.session.breakpoints.add(driver.location("leaf"))
    driver.session.breakpoints.catch("exec")
    driver.launch("exec")
    event = driver.session.continue_()
    assert kinds(event) == [Executed]
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert driver.shown("code") == "9"
    assert driver.session.continue_().reasons == (Exited(event.pid, 10),)


def test_system_calls_are_caught(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("end")
    driver.session.breakpoints.catch("syscall", "write")
    entered = driver.session.continue_().reasons[0]
    left = driver.session.continue_().reasons[0]
    assert isinstance(entered, SyscallStop)
    assert isinstance(left, SyscallStop)
    assert (entered.name, entered.entered, left.entered) == ("write", True, False)
    assert left.result is not None
    assert left.result > 0


def test_a_pending_breakpoint_waits_for_its_library(debug: Debug) -> None:
    driver = debug("dynlib")
    point = driver.session.breakpoints.add("plugin_entry")
    assert point.pending
    driver.launch()
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert driver.here[0] == "plugin_entry"
    assert kinds(driver.session.continue_()) == [Exited]


def test_exit_codes(debug: Debug) -> None:
    driver = debug("exits")
    driver.launch("7")
    event = driver.session.continue_()
    assert event.reasons == (Exited(event.pid, 7),)
    with pytest.raises(StateError):
        driver.session.step()


@pytest.mark.parametrize("marker", ["effect", "innermost", "middle_call"])
def test_a_line_of_nothing_but_inlined_calls_is_stopped_at(debug: Debug, marker: str) -> None:
    driver = debug("inlined", "release-debug")
    driver.run_to(marker)
    assert driver.here == (marker.removesuffix("_call"), driver.line(marker))


def test_a_condition_means_the_frame_of_its_line(debug: Debug) -> None:
    driver = debug("inlined", "release-debug")
    driver.session.breakpoints.add(driver.location("middle_call"), condition="value == 9")
    driver.session.breakpoints.add(driver.location("middle_call"), condition="value == 1")
    driver.launch()
    driver.session.continue_()
    assert driver.here == ("middle", driver.line("middle_call"))
    assert driver.shown("value") == "1"
    _, never, once = driver.session.breakpoints
    assert (never.hits, once.hits) == (0, 1)


def test_what_belongs_to_an_earlier_stop_is_refused(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_start")
    frame = driver.session.frame
    driver.session.next()
    with pytest.raises(StaleError):
        frame.locals()


def test_restarting_keeps_breakpoints(debug: Debug) -> None:
    driver = debug("stepping")
    point = driver.session.breakpoints.add(driver.location("loop_start"))
    driver.launch()
    first = driver.session.continue_()
    driver.session.restart()
    second = driver.session.continue_()
    assert first.pid != second.pid
    assert second.reasons == (BreakpointHit(point.number, 2),)


def test_breakpoints_can_be_set_between_two_runs(debug: Debug) -> None:
    driver = debug("stepping")
    driver.launch()
    assert kinds(driver.session.continue_()) == [Exited]
    point = driver.session.breakpoints.add(driver.location("fib_leaf"), condition="n == 0")
    driver.session.breakpoints.catch("syscall", "exit_group")
    driver.launch()
    assert driver.session.continue_().reasons == (BreakpointHit(point.number, 1),)
    assert driver.shown("n") == "0"
