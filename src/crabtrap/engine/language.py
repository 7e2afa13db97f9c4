"""The interface of the expression language that the engine uses.

The session passes in an implementation; tests pass in a minimal one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.errors import UnsupportedError
from crabtrap.records import dataclass
from crabtrap.values.value_context import NOWHERE

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import Watchpoint
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import CallStack, StackFrame
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.values.python_behaviour import PythonBehaviour
    from crabtrap.values.value import Value


@dataclass(frozen=True, slots=True)
class NotCompilable:
    """A condition that the engine must evaluate, because of ``reason``, not the target."""

    reason: str


class Language(Protocol):
    """An expression language.  Every method may raise ``CrabtrapError``."""

    @property
    def behaviour(self) -> PythonBehaviour:
        """What Python's operators do to the program's values."""
        ...

    def evaluate(self, text: str, frame: StackFrame) -> Value:
        """Evaluate an expression in a frame."""
        ...

    def html(self, shown: Process | CallStack) -> str:
        """The program, or a thread or task, as an HTML fragment, for notebooks."""
        ...

    def frame_html(self, frame: StackFrame) -> str:
        """A frame as an HTML fragment, for notebooks."""
        ...

    def holds(self, condition: str, frame: Frame) -> bool:
        """Whether a condition is true in a frame."""
        ...

    def holds_outside(self, condition: str, process: Process) -> bool:
        """Whether a condition is true outside of all frames: names in it are statics."""
        ...

    def expand(self, text: str, frame: Frame) -> str:
        """Return a log text with every ``{expression}`` replaced by its rendered value."""
        ...

    def check_condition(
        self, condition: str, process: Process, place: BreakpointLocation | StackFrame | None
    ) -> None:
        """Check syntax, names and types of a condition, before it is asked.

        Args:
            condition: A Rust expression.
            process: The program.
            place: Where its names are looked up; ``None`` checks the syntax alone.
        """
        ...

    def compile(
        self, condition: str | None, location: BreakpointLocation, counter: int, ignore: int
    ) -> bytes | NotCompilable:
        """Compile a condition at a breakpoint location to agent bytecode.

        The code counts in trace state variable ``counter`` each time the condition
        holds, and is true once it has counted more than ``ignore`` times.
        """
        ...

    def compile_watch(self, item: Watchpoint) -> bytes | NotCompilable:
        """Compile what a watchpoint's traps test: a change, its condition, its ignore count.

        The code counts hits in trace state variable ``item.number``, and keeps the watched
        bytes in those from ``item.state`` on: two for each piece.
        """
        ...


class NoLanguage:
    """A language without expressions: every condition holds."""

    @property
    def behaviour(self) -> PythonBehaviour:
        """Values are scalars, fields and arrays."""
        return NOWHERE.program.behaviour

    def evaluate(self, text: str, frame: StackFrame) -> Value:
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("expressions")

    def html(self, shown: Process | CallStack) -> str:
        """What ``repr`` says, escaped."""
        return _escaped(shown)

    def frame_html(self, frame: StackFrame) -> str:
        """What ``repr`` says, escaped."""
        return _escaped(frame)

    def holds(self, condition: str, frame: Frame) -> bool:
        """Every condition holds, so that nothing is missed."""
        return True

    def holds_outside(self, condition: str, process: Process) -> bool:
        """Every condition holds."""
        return True

    def expand(self, text: str, frame: Frame) -> str:
        """Return the text unchanged."""
        return text

    def check_condition(
        self, condition: str, process: Process, place: BreakpointLocation | StackFrame | None
    ) -> None:
        """Find nothing wrong."""

    def compile(
        self, condition: str | None, location: BreakpointLocation, counter: int, ignore: int
    ) -> bytes | NotCompilable:
        """Refuse to compile."""
        return NotCompilable("no expression language")

    def compile_watch(self, item: Watchpoint) -> bytes | NotCompilable:
        """Refuse to compile."""
        return NotCompilable("no expression language")


def _escaped(shown: object) -> str:
    from html import escape  # noqa: PLC0415 - for notebooks only

    return f"<code>{escape(repr(shown))}</code>"
