"""The program and the state that causes, plans and the controller share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.breakpoints.sites import SiteTable
from crabtrap.engine.breakpoints.stoppoints import BreakpointTable
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.inspect.user_code import UserCode
from crabtrap.engine.interrupts import Interrupts
from crabtrap.engine.machine import NotStarted, Running, State
from crabtrap.engine.plans.regions import CodeIndex
from crabtrap.errors import UnsupportedError
from crabtrap.records import dataclass, field
from crabtrap.symbols.module_table import ModuleTable

if TYPE_CHECKING:
    from crabtrap.events import Event
    from crabtrap.target.interface import Control, Target


@dataclass(slots=True)
class Options:
    """The user's options for the engine.

    Attributes:
        follow: Which process to debug after a fork.
        scheduler_lock: Only the selected thread runs.
        user_code: Which code is the user's, to be shown and stepped into.
        substitutes: ``(prefix, directory)``: where sources are that were moved.
    """

    follow: Literal["parent", "child"] = "parent"
    scheduler_lock: bool = False
    user_code: UserCode = field(default_factory=UserCode)
    substitutes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Debuggee:
    """A program being debugged, and what the parts of the engine know of it.

    Attributes:
        target: Access to the program.
        modules: The modules that are loaded; replaced, never changed.
        breakpoints: The user's stoppoints.
        signals: The action for each signal.
        options: The user's options.
        publish: Publishes an event.
        clock: Counts the stops.
        interrupts: Holds Ctrl-C back while the program is moved.
        sites: The trapped addresses.
        state: The state of the program; written by the controller and by inferior calls.
        interrupt_requested: The user asked for an interruption that was not reported yet;
            set from any thread and from signal handlers.
        released: The connection is closed: changes of breakpoints are for the next run.
    """

    target: Target
    modules: ModuleTable
    breakpoints: BreakpointTable
    signals: SignalTable
    options: Options
    publish: Callable[[Event], None]
    clock: EpochClock
    interrupts: Interrupts
    sites: SiteTable = field(default_factory=SiteTable)
    state: State = NotStarted()
    interrupt_requested: bool = False
    released: bool = False
    _code: CodeIndex | None = None
    _control: Control | None = None

    @property
    def control(self) -> Control:
        """Control over the program.

        Raises:
            UnsupportedError: The target can only be read.
        """
        control = self._control
        if control is None:  # asked for the first time
            control = self._control = self.target.control
        if control is None:
            raise UnsupportedError("running the program", hint="a copy can only be read")
        return control

    def look_at(self, target: Target) -> None:
        """Look at another target that is the same program at the same stop."""
        self.target, self._control = target, None

    @property
    def live_control(self) -> Control | None:
        """Control over the program, ``None`` where it cannot run or the connection is closed."""
        return None if self.released else self.target.control

    @property
    def is_moving(self) -> bool:
        """Whether threads run at this moment, so that registers cannot be read."""
        return isinstance(self.state, Running) and self.state.moving

    @property
    def code(self) -> CodeIndex:
        """Cache of decoded code for the modules that are loaded now."""
        code, user_code = self._code, self.options.user_code
        if code is None or code.modules is not self.modules or code.user_code is not user_code:
            code = self._code = CodeIndex(self.modules, user_code)
        return code

    @property
    def target_evaluates_all(self) -> bool:
        """Whether the target evaluates every condition of a site at each hit.

        Only our own guard does; other servers stop at the first condition that holds.
        """
        abilities = self.target.abilities
        return abilities.conditions and abilities.steps_over_sites
