"""A live program at a stop, as a ``Process``, without controller or session."""

from __future__ import annotations

from pathlib import Path

from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.inspect.process import Process
from crabtrap.engine.inspect.thread import Thread
from crabtrap.engine.inspect.user_code import UserCode
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.symbols.breakpoint_locations import BreakpointLocation
from crabtrap.symbols.linespec import ResolveContext, parse_spec, resolve_spec
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.interface import ResumeAction, TargetStop
from crabtrap.target.live import LiveTarget
from tests.support.backends import Backend, breakpoint_at, control_of, go, next_stop


class Stopped:
    """A program that runs from stop to stop by breakpoints.

    Attributes:
        target: The live target.
        table: Its modules at the last stop.
        stop: The last stop, ``None`` before the first.
        notices: The notices of the module loader.
    """

    def __init__(self, backend: Backend, program: str | Path, *arguments: str) -> None:
        self.target: LiveTarget = backend.started(program, *arguments)
        self.notices: list[str] = []
        self.clock = EpochClock()
        self.loader = ModuleLoader(notify=self.notices.append)
        self.table: ModuleTable = self.loader.load(self.target)
        self.stop: TargetStop | None = None
        self._once: set[int] = set()
        self._kept: set[int] = set()

    def resolve(self, spec: str) -> tuple[BreakpointLocation, ...]:
        """Find the breakpoint locations of a linespec in the modules of the last stop."""
        context = ResolveContext(self.table, is_user_path=UserCode().is_user_path)
        return resolve_spec(parse_spec(spec), context).locations

    def break_at(self, *addresses: int, once: bool = True) -> None:
        """Set breakpoints; with ``once`` each is removed when it is hit."""
        new = set(addresses) - self._once - self._kept
        (self._once if once else self._kept).update(new)
        control_of(self.target).update_sites([], [breakpoint_at(each) for each in new])

    def go(self) -> TargetStop:
        """Run to the next stop."""
        self._step_over_breakpoint()
        self.stop = go(self.target)
        self.clock.advance()
        pc = self.stop.pc
        if pc in self._once:
            self._once.remove(pc)
            control_of(self.target).update_sites([breakpoint_at(pc)], [])
        if self.stop.kind not in ("exited", "killed"):
            self.table = self.loader.load(self.target, self.table)
        return self.stop

    def _step_over_breakpoint(self) -> None:
        """Step over a permanent breakpoint at the pc, for servers that do not by themselves."""
        pc = self.stop.pc if self.stop is not None else None
        if self.stop is None or pc not in self._kept or self.target.abilities.steps_over_sites:
            return
        control = control_of(self.target)
        control.update_sites([breakpoint_at(pc)], [])
        control.resume([ResumeAction(self.stop.thread, "step")])
        assert next_stop(self.target).kind == "step"
        control.update_sites([], [breakpoint_at(pc)])

    def run_to(self, spec: str) -> Thread:
        """Run until any location of a linespec is reached; return the thread."""
        locations = self.resolve(spec)
        assert locations, f"{spec} has no location"
        self.break_at(*(location.address for location in locations))
        stop = self.go()
        assert stop.pc in {location.address for location in locations}, (
            f"{spec} not reached: {stop}"
        )
        return self.thread

    @property
    def process(self) -> Process:
        """The program at the last stop."""
        return Process(self.target, self.table, self.clock)

    @property
    def thread(self) -> Thread:
        """The thread that stopped last."""
        assert self.stop is not None
        return self.process.thread(self.stop.thread)
