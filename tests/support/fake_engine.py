"""The engine, on a fake program: everything but symbols, values and a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from crabtrap.address import Address
from crabtrap.engine.breakpoints.stoppoints import Breakpoint, BreakpointTable
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.debuggee import Debuggee, Options
from crabtrap.engine.door import Door
from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.interrupts import Interrupts
from crabtrap.engine.language import Language, NoLanguage
from crabtrap.engine.machine import Stopped
from crabtrap.engine.mailbox import Mailbox
from crabtrap.engine.plans.run_to import Continue
from crabtrap.engine.program import Program
from crabtrap.events import Event, Resumed, Started, StopEvent
from crabtrap.symbols.breakpoint_locations import BreakpointLocation
from crabtrap.symbols.linespec import AddressSpec
from crabtrap.symbols.module_table import ModuleTable
from tests.support.fake_program import FakeProgram, Item
from tests.support.fake_target import GUARD, FakeTarget

if TYPE_CHECKING:
    from crabtrap.engine.modules.module_loader import ModuleLoader
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.symbols.module import Module
    from crabtrap.target.interface import Abilities, Target

Tracks = FakeProgram | Mapping[int, Iterable[Item]]


class FakeLoader:
    """Finds the modules that a test has put here.

    Attributes:
        modules: What is loaded.
    """

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = tuple(modules)

    def load(self, _target: Target, old: ModuleTable) -> ModuleTable:
        return old if self.modules == old.modules else ModuleTable(self.modules)


class FakeEngine:
    """A program at its first stop, and the parts that run it.

    Attributes:
        target: The fake program.
        loader: What it has loaded.
        door, mailbox, program, debuggee, controller, table: The parts of the engine.
        events: Everything published; stops are returned, not published.
        language: Judges conditions.
    """

    def __init__(
        self,
        tracks: Tracks,
        *,
        abilities: Abilities = GUARD,
        language: Language | None = None,
        modules: Iterable[Module] = (),
        memory: Mapping[int, bytes] | None = None,
    ) -> None:
        self.target = FakeTarget(memory, tracks, abilities=abilities)
        self.loader = FakeLoader(modules)
        self.events: list[Event] = []
        self.door = Door()
        self.mailbox = Mailbox(self.door)
        self.table = BreakpointTable(self.publish)
        self.debuggee = Debuggee(
            self.target,
            ModuleTable(self.loader.modules),
            self.table,
            SignalTable(),
            Options(),
            self.publish,
            EpochClock(self.door),
            Interrupts(self._wake),
        )
        loader = cast("ModuleLoader", cast("Any", self.loader))
        self.program = Program(self.debuggee, loader, language or NoLanguage(), self.mailbox)
        self.controller = self.program.controller
        pid = self.target.pid
        self.controller.begin_stopped(pid, (Started(pid, attached=True),))

    def _wake(self) -> None:
        self.debuggee.control.wake()

    def publish(self, event: Event) -> None:
        """Note an event; a test may put something else here."""
        self.events.append(event)

    # -- breakpoints -----------------------------------------------------------------------
    def breakpoint(self, address: int, **options: Any) -> Breakpoint:
        """Set a breakpoint at an address, as ``Breakpoints.add`` does."""
        location = BreakpointLocation(Address(address), None, None, None, None)
        item = Breakpoint(
            self.table.take_number(),
            text=f"*{address:#x}",
            spec=AddressSpec(Address(address)),
            locations=(location,),
            **options,
        )
        self.table.insert(item)
        self.program.resolver.arm(item)
        self.program.stoppoints_changed()
        return item

    def remove(self, item: Breakpoint) -> None:
        """Delete a breakpoint."""
        self.table.remove(item.number)
        self.program.resolver.disarm(item)
        self.program.stoppoints_changed()

    # -- running ---------------------------------------------------------------------------
    def run(self, plan: Plan | None = None, *, timeout: float | None = None) -> StopEvent:
        """Carry out a plan, by default run on, in the thread of the present stop."""
        state = self.controller.state
        thread = state.event.thread if isinstance(state, Stopped) else self.target.pid
        plan = plan or Continue(thread)
        lock = self.debuggee.options.scheduler_lock
        return self.checked(
            self.controller.run(plan, plan.thread or thread, alone=lock, timeout=timeout)
        )

    def wait(self, timeout: float | None = None) -> StopEvent:
        """Wait for a program that was left running."""
        return self.checked(self.controller.wait(timeout))

    def checked(self, event: StopEvent) -> StopEvent:
        """Check what holds at every visible stop."""
        self.debuggee.interrupt_requested = False  # as a session does
        self.target.control.must_show_nothing_of_ours()
        assert self.target.faults.violations == []
        return event

    def meanwhile(self, *functions: Any) -> None:
        """Have functions called by "other threads" when the program blocks, one each time."""
        self.target.control.meanwhile.extend(functions)

    @property
    def hits_executed(self) -> list[int]:
        """Addresses executed, by all threads."""
        return [pc for _, pc in self.target.program.executed]

    @property
    def resumed(self) -> int:
        """How often listeners were told that the program runs."""
        return sum(isinstance(each, Resumed) for each in self.events)
