"""Where breakpoints are, and the sites they own, in step with what is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.breakpoints.stoppoints import Breakpoint, Watchpoint
from crabtrap.engine.breakpoints.watched import split_watched
from crabtrap.engine.language import NoLanguage, NotCompilable
from crabtrap.symbols.linespec import parse_spec
from crabtrap.symbols.module import Module
from tests.support.fake_engine import FakeEngine
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, FakeSymbol, fake_module
from tests.support.fake_program import End, Event
from tests.support.fake_target import PLAIN
from tests.unit.engine.conftest import MakeEngine

MAIN = 100
LIBRARY = "/home/me/app/libplug.so"


def image(name: str, path: str = "/home/me/app/src/plug.rs") -> FakeImage:
    return FakeImage(
        functions=(FakeFunction(name, ((0x100, 0x140),), declaration_path=path),),
        rows=(
            FakeRow(0x100, 0x110, 10, path),
            FakeRow(0x110, 0x140, 11, path, prologue_end=True),
        ),
        symbols=(FakeSymbol(name, 0x100, 0x40),),
        code={0: bytes(0x1000)},
    )


def pending(made: FakeEngine, text: str, **options: Any) -> Breakpoint:
    item = Breakpoint(made.table.take_number(), text=text, spec=parse_spec(text), **options)
    made.program.resolver.search(item)
    made.table.insert(item)
    made.program.resolver.arm(item)
    made.program.stoppoints_changed()
    return item


def owned(made: FakeEngine, item: Breakpoint) -> set[int]:
    sites = made.debuggee.sites
    owner = ("breakpoint", item.number)
    kind, number = owner
    return {
        at
        for at in sites.execution_addresses
        if number in sites.owners_at(Address(at)).get(kind, ())
    }


@pytest.fixture
def plug() -> Module:
    return fake_module(image("plug::run"), 0x10000, LIBRARY)


def test_a_breakpoint_waits_for_the_library_that_has_it(engine: MakeEngine, plug: Module) -> None:
    main = fake_module(image("app::main"))
    track = [0x100, Event("library"), 0x200, 0x10110, End()]
    made = engine({MAIN: track}, modules=(main,))
    item = pending(made, "plug::run")
    assert item.pending
    assert item.problem
    made.loader.modules = (main, plug)
    event = made.run()
    assert [type(why).__name__ for why in event.reasons] == ["BreakpointHit"]
    assert (item.pending, item.problem, item.addresses) == (False, "", (0x10110,))


def test_locations_move_along_with_a_file_that_is_loaded_elsewhere(
    engine: MakeEngine, plug: Module
) -> None:
    made = engine({MAIN: [0x100, Event("library"), 0x200, End()]}, modules=(plug,))
    item = pending(made, "plug::run")
    assert owned(made, item) == {0x10110}
    made.loader.modules = (Module(plug.image, 0x20000, LIBRARY),)
    made.run()
    assert owned(made, item) == {0x20110}


def test_a_breakpoint_in_a_library_that_goes_is_pending_again(
    engine: MakeEngine, plug: Module
) -> None:
    made = engine({MAIN: [0x100, Event("library"), 0x200, End()]}, modules=(plug,))
    item = pending(made, "plug::run")
    made.loader.modules = ()
    made.run()
    assert item.pending
    assert owned(made, item) == set()


def test_only_files_not_searched_before_are_searched(engine: MakeEngine, plug: Module) -> None:
    made = engine({MAIN: [End()]}, modules=(plug,))
    item = pending(made, "plug::run")
    searched: list[object] = []
    resolver = made.program.resolver
    resolve = resolver._resolve

    def noted(spec: Any, modules: Any) -> Any:
        searched.extend(modules)
        return resolve(spec, modules)

    resolver._resolve = noted  # type: ignore[method-assign]
    resolver.search(item)
    assert searched == []
    other = fake_module(image("other::run"), 0x30000, "/home/me/app/libother.so")
    made.debuggee.modules = type(made.debuggee.modules)((plug, other))
    resolver.search(item)
    assert searched == [other]
    assert item.addresses == (0x10110,)


def test_a_disabled_breakpoint_owns_nothing(engine: MakeEngine, plug: Module) -> None:
    made = engine({MAIN: [End()]}, modules=(plug,))
    item = pending(made, "plug::run")
    item.enabled = False
    made.program.resolver.arm(item)
    assert owned(made, item) == set()
    item.enabled = True
    made.program.resolver.arm(item)
    assert owned(made, item) == {0x10110}
    made.program.resolver.disarm(item)
    assert owned(made, item) == set()


class Compiler(NoLanguage):
    """Compiles what a test says."""

    def __init__(self, outcome: bytes | str | BaseException) -> None:
        self.outcome = outcome

    def compile(self, condition: Any, location: Any, counter: int, ignore: int) -> Any:
        match self.outcome:
            case bytes():
                return self.outcome
            case str():
                return NotCompilable(self.outcome)
            case error:
                raise error


def test_a_condition_that_can_be_compiled_is_the_targets(engine: MakeEngine, plug: Module) -> None:
    made = engine({MAIN: [End()]}, modules=(plug,), language=Compiler(b"code"))
    item = pending(made, "plug::run", condition="x", hits=4)
    assert (item.on_target, item.not_on_target) == (True, "")
    assert made.target.control.counters == {item.number: 4}
    sites = made.debuggee.sites
    sites.flush(made.target.control, evaluates_all=True)
    assert [each.conditions for each in made.target.control.sites] == [(b"code",)]


@pytest.mark.parametrize(
    ("options", "abilities", "why"),
    [
        ({}, None, "too hard"),
        ({}, PLAIN, "the server counts no hits"),
        ({"log": "text"}, None, "it writes a log"),
        ({"thread": 5}, None, "it is for one thread"),
    ],
)
def test_what_the_target_cannot_judge_is_told(
    engine: MakeEngine, plug: Module, options: dict[str, Any], abilities: Any, why: str
) -> None:
    extra = {} if abilities is None else {"abilities": abilities}
    made = engine({MAIN: [End()]}, modules=(plug,), language=Compiler("too hard"), **extra)
    item = pending(made, "plug::run", condition="x", **options)
    assert (item.on_target, item.not_on_target) == (False, why)
    assert owned(made, item) == {0x10110}


def test_a_breakpoint_keeps_its_sites_when_compiling_is_interrupted(
    engine: MakeEngine, plug: Module
) -> None:
    language = Compiler(b"code")
    made = engine({MAIN: [End()]}, modules=(plug,), language=language)
    item = pending(made, "plug::run")
    item.condition, language.outcome = "x", KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        made.program.resolver.arm(item)
    assert owned(made, item) == {0x10110}


def test_a_watchpoint_owns_what_covers_it_and_the_end_of_its_scope(engine: MakeEngine) -> None:
    made = engine({MAIN: [End()]})
    item = Watchpoint(1, address=Address(0x1004), size=12, scope_return=Address(0x200))
    sites = made.debuggee.sites
    made.program.resolver.arm(item)
    assert sites.hardware_in_use == 2
    assert sites.watching(Address(0x100F)) == (("watch", 1),)
    assert sites.owners_at(Address(0x200)) == {"scope": (1,)}
    item.enabled = False
    made.program.resolver.arm(item)
    assert (sites.hardware_in_use, sites.execution_addresses) == (0, frozenset())


def test_a_hardware_breakpoint_takes_a_debug_register(engine: MakeEngine, plug: Module) -> None:
    made = engine({MAIN: [End()]}, modules=(plug,))
    pending(made, "plug::run", hardware=True)
    assert made.debuggee.sites.hardware_in_use == 1
    assert SiteKey("hardware", Address(0x10110)) in made.debuggee.sites.wanted[0]


@pytest.mark.parametrize(
    ("address", "size", "pieces"),
    [
        (0x1000, 8, [(0x1000, 8)]),
        (0x1004, 12, [(0x1004, 4), (0x1008, 8)]),
        (0x1001, 3, [(0x1001, 1), (0x1002, 2)]),
        (0x1000, 32, [(0x1000, 8), (0x1008, 8), (0x1010, 8), (0x1018, 8)]),
        (0x1000, 0, []),
    ],
)
def test_watched_bytes_are_cut_as_debug_registers_need(
    address: int, size: int, pieces: list[tuple[int, int]]
) -> None:
    assert split_watched(Address(address), size) == tuple(pieces)
