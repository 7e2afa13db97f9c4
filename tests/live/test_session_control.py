"""Power over a real program: what runs, where it goes on, what is changed, attaching."""

from __future__ import annotations

import os
import signal

import pytest

from crabtrap import Session
from crabtrap.errors import LaunchError, NotFoundError, UnsupportedError
from crabtrap.events import BreakpointHit, Exited, Started, StepDone, WatchHit
from tests.support.inferiors import build, running
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Debug, Server, kinds


def test_only_the_selected_thread_runs_with_the_lock(debug: Debug) -> None:
    driver = debug("threads")
    session = driver.session
    session.breakpoints.add("hot")
    driver.launch("4", "50")
    event = session.continue_()
    session.breakpoints.enable(1, False)
    others = {t.tid: t.pc for t in session.threads if t.tid != event.thread}
    session.options.scheduler_lock = True
    for _ in range(3):
        assert kinds(session.next()) == [StepDone]
    assert {t.tid: t.pc for t in session.threads if t.tid != event.thread} == others
    session.options.scheduler_lock = False
    assert kinds(session.continue_()) == [Exited]
    assert "calls 200" in driver.output


def test_going_on_elsewhere(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_start")
    point = driver.session.breakpoints.add(driver.location("loop_end"))
    event = driver.session.jump(driver.location("loop_end"))
    assert event.reasons == (BreakpointHit(point.number, 1),)
    with pytest.raises(NotFoundError):
        driver.session.jump("nowhere_at_all")


def test_a_hardware_breakpoint(debug: Debug) -> None:
    driver = debug("iterators")
    point = driver.session.breakpoints.add("visit", hardware=True)
    driver.launch()
    hits = [driver.session.continue_().reasons for _ in range(3)]
    assert hits == [(BreakpointHit(point.number, n),) for n in (1, 2, 3)]
    assert kinds(driver.session.continue_()) == [Exited]


def test_debug_registers_run_out_with_a_message(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("wide")
    driver.session.breakpoints.watch("account.wide")
    driver.session.breakpoints.watch("account.balance")
    with pytest.raises(UnsupportedError, match="4 debug registers"):
        driver.session.breakpoints.watch("account.changes")


def test_a_value_wider_than_one_register_is_watched_whole(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("wide")
    driver.session.breakpoints.watch("account.wide")
    hit = driver.session.continue_().reasons[0]
    assert isinstance(hit, WatchHit)
    assert (hit.old, hit.new) == ("[0, 0, 0]", "[0, 9, 0]")


def test_a_breakpoint_for_every_function_that_matches(debug: Debug) -> None:
    driver = debug("iterators")
    (point,) = driver.session.breakpoints.add_regex("^iterators::(visit|custom)$")
    assert [location.function for location in point.locations] == [
        "iterators::visit",
        "iterators::custom",
    ]
    driver.launch()
    seen = []
    while kinds(driver.session.continue_()) == [BreakpointHit]:
        seen.append(driver.here[0])
    assert seen == ["visit"] * 3 + ["custom"]


def test_registers_are_read_and_written(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("match_head")
    session = driver.session
    session.registers.write("rax", 0x1234)
    assert driver.shown("$rax") == "4660"
    session.registers.write("xmm0", b"\x01" * 16)
    assert session.registers.read("xmm0") == b"\x01" * 16
    with pytest.raises(NotFoundError):
        session.registers.read("no_such")


def test_memory_is_written_and_seen_by_the_program(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_end")
    address = driver.session.evaluate("&sum").pointer_address()
    driver.session.memory.write(address, (77).to_bytes(4, "little"))
    assert driver.shown("sum") == "77"
    event = driver.session.finish()
    assert event.reasons == (StepDone("finish", "77", "u32"),)


def test_the_child_of_a_fork_is_followed(debug: Debug) -> None:
    driver = debug("forks")
    if driver.server == "gdbserver":
        skip_inapplicable("gdbserver 13 fails an assertion when the parent is detached first")
    driver.session.options.follow = "child"
    point = driver.session.breakpoints.add("both")
    driver.launch("fork", "1")
    parent = driver.session.process.pid
    event = driver.session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert driver.session.process.pid != parent
    assert driver.session.continue_().reasons == (Exited(event.pid, 1),)


def test_a_program_is_attached_to_and_let_go_unharmed(server: Server) -> None:
    inferior = build("attachme", "debug")
    with running(inferior, "2") as program:
        session = Session(None, server=server)
        event = session.attach(program.pid)
        assert event.reasons == (Started(program.pid, attached=True),)
        session.breakpoints.add("tick")
        assert kinds(session.continue_()) == [BreakpointHit]
        assert [thread.name for thread in session.threads][1:] == ["ticker-0", "ticker-1"]
        session.detach()
        os.kill(program.pid, signal.SIGTERM)
        output, _ = program.process.communicate(timeout=20)
    assert "intact true" in output


def test_attaching_to_nothing_says_so(server: Server) -> None:
    session = Session(None, server=server)
    with pytest.raises(LaunchError):
        session.attach(2**22 - 1)
    session.close()
