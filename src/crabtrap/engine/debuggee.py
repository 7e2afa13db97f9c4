"""The parts of a running session that handlers and plans share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.breakpoints.sites import SiteTable
from crabtrap.engine.breakpoints.stoppoints import BreakpointTable
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.inspect.user_code import UserCode
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
    """Choices of the user that the engine follows.

    Attributes:
        follow: Which side of a fork to stay with.
        scheduler_lock: Only the selected thread runs.
        stop_on_panic: Stop when a panic begins, without any catchpoint.
        user_code: Whose code is shown and stepped into.
    """

    follow: Literal["parent", "child"] = "parent"
    scheduler_lock: bool = False
    stop_on_panic: bool = True
    user_code: UserCode = field(default_factory=UserCode)


@dataclass(slots=True)
class Debuggee:
    """What is being debugged, by its parts.

    Attributes:
        target: The program.
        modules: What is loaded; replaced, never changed.
        state: Where the program is; written by the controller alone.
        interrupt_requested: The user asked for a pause that was not reported yet; set from
            any thread and from signal handlers.
        catching_syscalls: The target was asked to stop at system calls.
        released: The program has ended or was let go; what is set now is for its next run.
    """

    target: Target
    modules: ModuleTable
    breakpoints: BreakpointTable
    signals: SignalTable
    options: Options
    publish: Callable[[Event], None]
    clock: EpochClock
    sites: SiteTable = field(default_factory=SiteTable)
    state: State = NotStarted()
    interrupt_requested: bool = False
    catching_syscalls: bool = False
    released: bool = False
    _code: CodeIndex | None = None

    @property
    def control(self) -> Control:
        """Power over the program.

        Raises:
            UnsupportedError: The target can only be looked at.
        """
        control = self.target.control
        if control is None:
            raise UnsupportedError("running the program", hint="a core file can only be read")
        return control

    @property
    def live_control(self) -> Control | None:
        """Power over the program while there is one, else ``None``."""
        return None if self.released else self.target.control

    @property
    def is_moving(self) -> bool:
        """Whether threads run at this moment: registers cannot be read then."""
        return isinstance(self.state, Running) and self.state.moving

    @property
    def code(self) -> CodeIndex:
        """Decoded code of the modules that are loaded now."""
        code, user_code = self._code, self.options.user_code
        if code is None or code.modules is not self.modules or code.user_code is not user_code:
            code = self._code = CodeIndex(self.modules, user_code)
        return code

    @property
    def target_evaluates_all(self) -> bool:
        """Whether the target judges every condition of a site at each hit.

        Only our own guard does; others stop at the first condition that holds.
        """
        abilities = self.target.abilities
        return abilities.conditions and abilities.steps_over_sites
