"""Libraries that come and go: breakpoints in them, and what is known of them."""

import pytest

from crabtrap import Session
from crabtrap.errors import StillRunningError
from crabtrap.events import (
    BreakpointHit,
    Event,
    Exited,
    LibrariesChanged,
    Notice,
    StopEvent,
)
from tests.support.sessions import Debug, Driver, Server, kinds
from tests.support.survivor import survivor

ROUNDS = 3


def launched(driver: Driver) -> Driver:
    library = driver.inferior.path.with_name("libplugin.so")
    return driver.launch(str(library), str(ROUNDS))


def stops(driver: Driver) -> list[StopEvent]:
    found: list[StopEvent] = []
    while kinds(event := driver.session.continue_()) != [Exited]:
        found.append(event)
    return found


@pytest.mark.parametrize("spec", ["plugin_entry", "plugin::work"])
def test_a_breakpoint_is_hit_each_time_its_library_is_loaded(debug: Debug, spec: str) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add(spec)
    assert point.pending
    found = stops(driver)
    assert [event.reasons for event in found] == [
        (BreakpointHit(point.number, hits),) for hits in range(1, ROUNDS + 1)
    ]


def test_a_condition_is_judged_in_every_library_that_is_loaded(debug: Debug) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add("plugin::work", condition="argument != 1")
    found = stops(driver)
    assert [event.reasons for event in found] == [
        (BreakpointHit(point.number, hits),) for hits in (1, 2)
    ]
    assert point.hits == 2


def test_silent_hits_are_kept_when_a_library_goes(debug: Debug) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add("plugin::work", ignore=ROUNDS)
    assert stops(driver) == []
    assert point.hits == ROUNDS


def test_a_watchpoint_goes_with_the_library_of_its_static(debug: Debug) -> None:
    driver = launched(debug("dynlib"))
    session = driver.session
    notes: list[str] = []
    session.subscribe(lambda e: notes.append(e.text) if isinstance(e, Notice) else None)
    session.breakpoints.add("plugin::work", temporary=True)
    session.continue_()
    item = session.breakpoints.watch("plugin::CALLS")
    session.breakpoints.add(f"main.rs:{driver.line('unloaded')}", temporary=True)
    assert kinds(session.continue_()) == [BreakpointHit]
    assert item not in tuple(session.breakpoints)
    (note,) = (text for text in notes if text.startswith("watchpoint"))
    assert note == (
        f"watchpoint {item.number} (plugin::CALLS) was deleted: libplugin.so was unloaded"
    )
    assert stops(driver) == []  # what is at its address now is nobody's business


@pytest.mark.parametrize("spec", ["/^(dynlib::call|plugin::work)$/", "lib.rs:{work}"])
def test_a_breakpoint_with_a_place_in_the_program_gets_those_in_libraries(
    debug: Debug, spec: str
) -> None:
    driver = launched(debug("dynlib"))
    library = driver.inferior.source.parents[2] / "plugin" / "src" / "lib.rs"
    lines = library.read_text().splitlines()
    (line,) = (number for number, text in enumerate(lines, 1) if text.endswith("// @work"))
    point = driver.session.breakpoints.add(spec.format(work=line))
    assert not point.pending  # "lib.rs" is a file of the program, too
    inside: list[str | None] = []
    while kinds(driver.session.continue_()) == [BreakpointHit]:
        inside.append(driver.here[0])
    assert inside.count("work") == ROUNDS


def test_a_library_is_known_at_the_first_stop_after_it_was_loaded(server: Server) -> None:
    with survivor() as program, Session(None, server=server) as session:
        events: list[Event] = []
        session.subscribe(events.append)
        session.attach(program.pid)
        with pytest.raises(StillRunningError):
            session.continue_(timeout=0.01)
        assert program.ask("load") == "loaded true"
        session.interrupt()
        event = session.wait()
        assert any("libm.so" in module.path for module in session.code.modules)
        told = [each for each in events if isinstance(each, LibrariesChanged) and each.loaded]
        assert "libm.so" in told[-1].loaded[0]
        assert events.index(told[-1]) < events.index(event)
        session.detach()
        assert program.end().is_right


def test_a_library_is_known_to_a_breakpoint_added_while_the_program_runs(server: Server) -> None:
    with survivor() as program, Session(None, server=server) as session:
        session.attach(program.pid)
        with pytest.raises(StillRunningError):
            session.continue_(timeout=0.01)
        assert program.ask("load") == "loaded true"
        added = session.post(lambda: session.breakpoints.add("sincosf"))
        with pytest.raises(StillRunningError):
            session.wait(timeout=0.5)
        assert not added.result().pending
        session.interrupt()
        session.wait()
        session.detach()
        assert program.end().is_right
