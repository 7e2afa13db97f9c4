"""Whatever is raised, wherever in the engine: the program is stopped and runs on.

A scenario drives a fake program by random verbs; at its N-th line in the engine, or in what
the engine calls, an exception is raised.  After it nothing may be wedged or lost.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import crabtrap.engine
from crabtrap.address import Address
from crabtrap.engine import controller, interrupts
from crabtrap.engine.inferior_call import inferior_call_scope
from crabtrap.engine.interrupts import Interrupts
from crabtrap.engine.machine import Detached, Ended, Running, Stopped
from crabtrap.engine.plans.run_call import RunCall
from crabtrap.engine.plans.run_to import Continue, RunTo, StepInstruction
from crabtrap.errors import StillRunningError, UsageError
from crabtrap.events import BreakpointHit, StopEvent
from crabtrap.events import Exited as ExitReason
from crabtrap.session.event_hub import EventHub
from tests.support.fake_control import Faults
from tests.support.fake_engine import FakeEngine
from tests.support.fake_program import (
    Clone,
    End,
    Event,
    FakeProgram,
    Item,
    Signal,
    Sleep,
    ThreadEnd,
)
from tests.support.fake_program import Interrupted as UntilInterrupted
from tests.support.fake_target import GUARD, PLAIN

MAIN, WORKER, CLONE = 100, 101, 102
BODY = (0x1000, 0x1004, 0x1008, 0x100C)
FILLER = 0x1F00
LAP = (0x3000, 0x3004)
"""Executed at the very end, once each, with a breakpoint at each."""
FUNCTION, RETURN = 0x5000, 0x6000
GATE = Sleep()
USR1, ALRM = 10, 14
CODE = 7

TARGETS = (GUARD, PLAIN, replace(GUARD, changes_while_running=False))
SCENARIOS, EACH = 100, 5
"""Scenarios of one test, and exceptions raised in each."""


class ScriptedError(ValueError):
    """Raised by the scenario itself."""


class InjectedError(Exception):
    """Raised at the chosen line."""


class Tracer:
    """Counts lines, and raises an exception at one of them.

    Attributes:
        count: Lines so far.
        raised: Where the exception was raised, ``""`` before.
    """

    def __init__(self, error: type[BaseException] | None = None, at: int = 0) -> None:
        self.count = 0
        self.raised = ""
        self.on_raise: Callable[[], None] = lambda: None
        self._error = error
        self._at = at
        self._chosen: dict[CodeType, bool] = {}

    @contextmanager
    def tracing(self) -> Generator[None]:
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        chosen = self._chosen.get(code)
        if chosen is None:
            chosen = self._chosen[code] = _is_traced(code)
        return self._line if chosen else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._at and self._error is not None:
                path = Path(frame.f_code.co_filename).name
                self.raised = f"{path}:{frame.f_lineno} ({frame.f_code.co_name})"
                self.on_raise()
                raise self._error
        return self._line


_ENGINE = str(Path(crabtrap.engine.__file__).parent)
_SHIELD = interrupts.__file__
"""No Ctrl-C is raised between its lines: it stands in for the handler that would."""


def _is_traced(code: CodeType) -> bool:
    """Lines of the engine, of what listens to it, and the beginning of what it calls."""
    if code.co_filename.startswith(_ENGINE):
        return code.co_filename != _SHIELD
    return code is Faults.begin.__code__ or code.co_name.startswith("traced_")


class Conditions:
    """A language of three conditions."""

    def evaluate(self, text: str, frame: object) -> Any:
        raise UsageError(text)

    def holds(self, condition: str, frame: object) -> bool:
        return traced_condition(condition)

    def expand(self, text: str, frame: object) -> str:
        return text

    def compile(self, condition: object, location: object, counter: int, ignore: int) -> Any:
        from crabtrap.engine.language import NotCompilable

        return NotCompilable("not here")


def traced_condition(condition: str) -> bool:
    if condition == "fails":
        raise UsageError("no value")
    return condition == "true"


@dataclass
class Scenario:
    """A program and a user, both chosen by one seed.

    Attributes:
        hits: Numbers of the breakpoints hit since the gate was opened.
        left_running: The program ran when the present verb began.
    """

    seed: int
    hits: list[int] = field(default_factory=list[int])
    left_running: bool = False
    opened: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        program = FakeProgram(
            {MAIN: [*self._body(7), GATE, FILLER, *LAP, End(CODE)], WORKER: self._body(5)},
            functions={FUNCTION: (FUNCTION, FUNCTION + 4, RETURN, Sleep())},
        )
        made = FakeEngine(program, abilities=self.random.choice(TARGETS), language=Conditions())
        self.engine = made
        self.control = made.target.control
        self.hub = EventHub(Interrupts(lambda: None))
        self.hub.subscribe(self.traced_listener)
        made.table.publish = made.debuggee.publish = self.hub.publish
        made.debuggee.signals.set("SIGALRM", stop=self.random.random() < 0.3)
        self.lap = [made.breakpoint(address) for address in LAP]
        self._breakpoints()

    # -- the program -------------------------------------------------------------------
    def _body(self, count: int) -> list[Item]:
        choices: tuple[tuple[Item, ...], ...] = (
            *((each,) for each in BODY),
            *((each,) for each in BODY),
            (Signal(USR1), FILLER),
            (Signal(ALRM), FILLER),
            (UntilInterrupted(), FILLER),
            (UntilInterrupted(by=BODY[0]),),
            (UntilInterrupted(by=Signal(USR1)), FILLER),
            (Event("library"), FILLER),
            (Event("syscall-entry", syscall=1), FILLER),
            (Event("fork", child=200), FILLER),
        )
        items = [each for _ in range(count) for each in self.random.choice(choices)]
        if self.random.random() < 0.2:
            items.insert(0, Clone(CLONE, (FILLER, BODY[1], ThreadEnd())))
        return items

    # -- the user ----------------------------------------------------------------------
    def _breakpoints(self) -> None:
        made, chance = self.engine, self.random.random
        made.breakpoint(BODY[0])
        if chance() < 0.5:
            made.breakpoint(BODY[0], callback=self.traced_callback)
        if chance() < 0.5:
            made.breakpoint(BODY[1], callback=self.traced_callback)
        if chance() < 0.5:
            condition = self.random.choice(("true", "false", "fails"))
            made.breakpoint(BODY[1], condition=condition)
        if chance() < 0.5:
            made.breakpoint(BODY[2], temporary=True, ignore=self.random.randrange(2))
        if chance() < 0.3:
            made.breakpoint(BODY[3], log="here")

    def traced_listener(self, event: object) -> None:
        self.engine.events.append(event)  # type: ignore[arg-type]

    def traced_callback(self, frame: Any) -> bool | None:
        choice = self.random.randrange(5)
        if choice == 0:
            raise ScriptedError
        if choice == 1:
            with self.engine.controller.paused():
                frame.thread.registers  # noqa: B018 - read, as a callback would
        if choice == 2:
            self.engine.program.request_interrupt()
        return (True, False, None)[self.random.randrange(3)]

    def drive(self) -> None:
        """Do what the user does, until the program is at its gate or gone."""
        for _ in range(30):
            state = self.engine.debuggee.state
            self.left_running = isinstance(state, Running)
            if isinstance(state, Ended | Detached) or self.at_gate:
                return
            self.engine.meanwhile(*self.random.sample(self._others, 2))
            with self._ignored():
                self._verb()

    @property
    def at_gate(self) -> bool:
        main = self.engine.target.program.threads.get(MAIN)
        return main is not None and main.item is GATE

    @property
    def _others(self) -> list[Callable[[], object]]:
        """What other threads may do while the program runs."""
        post = self.engine.mailbox.post
        return [
            lambda: post(self.traced_pause),
            lambda: post(self.traced_add),
            lambda: post(self.traced_filter),
            lambda: post(self.engine.program.request_interrupt),
            self.engine.program.request_interrupt,
            self.control.wake,
        ]

    def traced_pause(self) -> None:
        with self.engine.controller.paused():
            for tid in list(self.engine.target.program.threads):
                self.engine.target.read_registers(tid)

    def traced_add(self) -> None:
        self.engine.breakpoint(self.random.choice(BODY))

    def traced_filter(self) -> None:
        self.engine.debuggee.signals.set("SIGUSR1", stop=self.random.random() < 0.5)
        self.engine.controller.apply_changes()

    def _verb(self) -> None:
        made = self.engine
        state = made.controller.state
        if isinstance(state, Running):
            made.program.request_interrupt()
            self._saw(made.wait(1))
            return
        assert isinstance(state, Stopped)
        thread = state.event.thread
        if thread not in made.target.program.threads:
            thread = MAIN
        match self.random.randrange(12):
            case 0 | 1 | 2 | 3:
                self._run(Continue(thread))
            case 4 | 5:
                self._run(StepInstruction(thread, over=False))
            case 6:
                self._run(RunTo(thread, "until", frozenset((Address(BODY[1]),))))
            case 7:
                made.controller.run(
                    RunTo(thread, "start", frozenset((Address(BODY[2]),))),
                    thread,
                    hidden=True,
                    timeout=1,
                )
            case 8:
                self._call(thread)
            case 9:
                made.debuggee.options.scheduler_lock ^= True
            case 10:
                self.traced_add()
            case _:
                made.controller.deliver(thread, self.random.choice((0, USR1)))

    def _run(self, plan: Any) -> None:
        self._saw(self.engine.run(plan, timeout=1))

    def _call(self, thread: int) -> None:
        made = self.engine
        before = made.target.read_registers(thread)
        with inferior_call_scope(made.program, thread):
            self.control.write_registers(thread, {"rip": FUNCTION})
            made.debuggee.clock.advance()
            plan = RunCall(thread, Address(RETURN), 0)
            made.controller.run(plan, thread, alone=True, hidden=True, timeout=1)
        assert made.target.read_registers(thread) == before

    def _saw(self, event: StopEvent) -> None:
        if self.opened:
            reasons = (*event.reasons, *(why for _, why in event.also))
            self.hits += [why.breakpoint for why in reasons if isinstance(why, BreakpointHit)]

    @contextmanager
    def _ignored(self) -> Generator[None]:
        """What belongs to the scenario may be raised."""
        try:
            yield
        except StillRunningError:
            pass
        except ScriptedError:
            state = self.engine.controller.state
            if isinstance(state, Stopped):
                self._saw(state.event)

    # -- afterwards --------------------------------------------------------------------
    def finish(self) -> None:
        """Run on to the end, through everything that comes."""
        made = self.engine
        made.debuggee.options.scheduler_lock = False
        self.control.meanwhile.clear()
        for _ in range(60):
            state = made.controller.state
            if isinstance(state, Ended | Detached):
                return
            if self.at_gate and not self.opened:
                made.target.program.wake_up(MAIN)
                self.opened = True
            with self._ignored():
                if isinstance(state, Running):
                    made.program.request_interrupt()
                    self._saw(made.wait(1))
                else:
                    self._run(Continue(MAIN))
        raise AssertionError(f"wedged: {made.controller.state}")

    def check(self) -> None:
        """Check what has to hold after ``finish``."""
        made = self.engine
        state = made.controller.state
        assert isinstance(state, Ended), state
        assert state.event.reasons == (ExitReason(MAIN, CODE),)
        assert [each for each in self.lap if each in tuple(made.table)] == self.lap
        wanted = [each.number for each in self.lap]
        assert [number for number in self.hits if number in wanted] == wanted
        assert made.target.faults.violations == []

    def check_stopped(self) -> None:
        """Check what has to hold at a stop: the books agree, no trap is seen."""
        made = self.engine
        assert made.target.faults.violations == []
        if isinstance(made.controller.state, Stopped):
            self.control.must_show_nothing_of_ours()


@contextmanager
def fake_time(scenario: Scenario) -> Generator[None]:
    before, controller.time = controller.time, scenario.control.clock  # type: ignore[assignment]
    try:
        yield
    finally:
        controller.time = before


def lines_of(seed: int) -> int:
    """How many lines a scenario has; nothing is raised in it."""
    scenario, tracer = Scenario(seed), Tracer()
    with fake_time(scenario):
        with tracer.tracing():
            scenario.drive()
        scenario.finish()
        scenario.check()
    return tracer.count


def raise_in(seed: int, error: type[BaseException], at: int, then: str) -> str:
    """Raise at a line of a scenario, and check everything; returns where it was raised."""
    scenario, tracer = Scenario(seed), Tracer(error, at)

    def raised() -> None:
        scenario.control.forgiving = True

    tracer.on_raise = raised
    made = scenario.engine
    with fake_time(scenario):
        try:
            with tracer.tracing():
                scenario.drive()
        except error as problem:
            # Unless a timeout has left it running before, or just now.
            left = scenario.left_running or isinstance(problem.__context__, StillRunningError)
            assert left or not isinstance(made.controller.state, Running)
        scenario.check_stopped()
        state = made.controller.state
        if then == "kill" and isinstance(state, Stopped | Running):
            made.controller.kill(ExitReason(MAIN, None, 9))
            assert isinstance(made.controller.state, Ended)
        elif then == "detach" and isinstance(state, Stopped | Running):
            made.controller.detach()
            assert made.controller.state == Detached(MAIN)
            assert made.target.faults.violations == []
        else:
            scenario.finish()
            scenario.check()
    return tracer.raised


@pytest.fixture(autouse=True)
def handler_of_the_test() -> Generator[None]:
    """Give back the handler of SIGINT after what no signal does.

    Python looks for signals behind calls and at the beginning of functions; a tracer raises
    between the end of a ``with`` block and its ``__exit__`` as well.
    """
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("error", [InjectedError, KeyboardInterrupt])
@pytest.mark.parametrize("part", [0, 1])
def test_an_exception_at_any_line_leaves_a_program_that_runs_on(
    error: type[BaseException], part: int
) -> None:
    chosen = random.Random(f"{error.__name__} {part}")
    for number in range(SCENARIOS):
        seed = part * SCENARIOS + number
        count = lines_of(seed)
        for _ in range(EACH):
            at = chosen.randint(1, count)
            then = chosen.choice(("run", "run", "run", "kill", "detach"))
            try:
                raise_in(seed, error, at, then)
            except BaseException as problem:
                text = f"raise_in({seed}, {error.__name__}, {at}, {then!r})"
                raise AssertionError(text) from problem
