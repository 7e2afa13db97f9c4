"""The engine's expression language: Rust, as ``crabtrap.expr`` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.language import NotCompilable
from crabtrap.errors import ParseError, UsageError
from crabtrap.lazy import lazy
from crabtrap.present import RenderOptions, render
from crabtrap.session.scopes import FrameScope, ProgramScope
from crabtrap.symbols.breakpoint_locations import BreakpointLocation
from crabtrap.values import NOWHERE

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import Watchpoint
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import CallStack, StackFrame
    from crabtrap.engine.interrupts import Interrupts
    from crabtrap.expr.scope import Scope
    from crabtrap.present import Presenter
    from crabtrap.session.calls import ProgramCaller
    from crabtrap.session.history import ValueHistory
    from crabtrap.session.program_methods import ProgramMethods
    from crabtrap.session.python_values import RustBehaviour
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type
    from crabtrap.values.python_behaviour import PythonBehaviour
    from crabtrap.values.value import Value


class RustLanguage:
    """Evaluates expressions and conditions, and expands log texts."""

    def __init__(self, presenter: Presenter, history: ValueHistory, interrupts: Interrupts) -> None:
        """Evaluate with the rules of ``presenter`` and the variables of ``history``.

        What the user has written may take long: ``interrupts`` are let through to it.
        """
        self._presenter = presenter
        self._history = history
        self._interrupts = interrupts

    def evaluate(self, text: str, frame: StackFrame) -> Value:
        """Evaluate an expression in a frame.

        Raises:
            CrabtrapError: It cannot be parsed or has no value.
        """
        scope = FrameScope(frame, self._history)
        methods = LazyMethods(frame.process.modules)
        return self.home(evaluate(text, scope, self._presenter, methods=methods))

    @property
    def behaviour(self) -> PythonBehaviour:
        """What Python's operators do to the program's values."""
        return self._behaviour

    @lazy
    def _behaviour(self) -> RustBehaviour:
        from crabtrap.session.python_values import RustBehaviour  # noqa: PLC0415 - slow to import

        return RustBehaviour(self._presenter)

    def home(self, value: Value) -> Value:
        """A value that may have been computed, such that it behaves as those of the program."""
        return self._behaviour.home(value) if value.context is NOWHERE else value

    def html(self, shown: Process | CallStack) -> str:
        """The program, or a thread or task, as an HTML fragment, for notebooks."""
        from crabtrap.session.frame_html import inspected_html  # noqa: PLC0415 - for notebooks only

        return inspected_html(shown)

    def frame_html(self, frame: StackFrame) -> str:
        """A frame as an HTML fragment, for notebooks."""
        from crabtrap.session.frame_html import frame_html  # noqa: PLC0415 - for notebooks only

        return frame_html(frame)

    def render(self, value: Value) -> str:
        """Render a value on one line, shortened."""
        return render(value, self._presenter, RenderOptions(max_items=20, max_depth=3))

    def holds(self, condition: str, frame: Frame) -> bool:
        """Whether a condition is true in a frame.

        Raises:
            CrabtrapError: It cannot be evaluated, or is not a ``bool``.
        """
        with self._interrupts.allowed():
            return _truth(condition, self.evaluate(condition, frame))

    def holds_outside(self, condition: str, process: Process) -> bool:
        """Whether a condition is true outside of all frames.

        Raises:
            CrabtrapError: It cannot be evaluated, or is not a ``bool``.
        """
        scope = ProgramScope(process, self._history)
        with self._interrupts.allowed():
            return _truth(condition, evaluate(condition, scope, self._presenter))

    def expand(self, text: str, frame: Frame) -> str:
        """Return a log text with its ``{expression}`` parts rendered.

        Raises:
            CrabtrapError: An expression cannot be evaluated, or braces do not match.
        """
        parts: list[str] = []
        with self._interrupts.allowed():
            for is_expression, part in split_log_text(text):
                parts.append(self.render(self.evaluate(part, frame)) if is_expression else part)
        return "".join(parts)

    def check_condition(
        self, condition: str, process: Process, place: BreakpointLocation | StackFrame | None
    ) -> None:
        """Check syntax, names and types of a condition, before it is asked.

        Raises:
            ParseError: It is no expression.
            EvaluationError: It cannot be typed at ``place``, or is not a ``bool``.
            NotFoundError: A library has something of a name, and nothing else has.
        """
        from crabtrap.expr.condition_check import check_condition, check_syntax  # noqa: PLC0415
        from crabtrap.session.place_scope import PlaceScope  # noqa: PLC0415 - slow to import

        match place:
            case None:
                check_syntax(condition)
                return
            case BreakpointLocation():
                if place.module is None:
                    check_syntax(condition)
                    return
                scope = PlaceScope(place, place.module, process, self._history)
            case frame:
                scope = FrameScope(frame, self._history)
        check_condition(condition, scope, self._presenter.book, LazyMethods(process.modules))

    def compile(
        self, condition: str | None, location: BreakpointLocation, counter: int, ignore: int
    ) -> bytes | NotCompilable:
        """Compile a condition to agent bytecode where that is possible."""
        if location.module is None:
            return NotCompilable("there is no module here")
        # The compiler is slow to import, and most breakpoints have no condition.
        from crabtrap.expr.agent.compiler import compile_site_condition  # noqa: PLC0415
        from crabtrap.expr.scope import EvaluationError  # noqa: PLC0415
        from crabtrap.session.location_scope import LocationScope  # noqa: PLC0415
        from crabtrap.target.agent_code import NotCompilableError  # noqa: PLC0415

        scope = LocationScope(location, location.module)
        try:
            return compile_site_condition(condition, counter, ignore, scope, self._presenter.book)
        except (ParseError, NotCompilableError, EvaluationError) as error:
            return NotCompilable(str(error))

    def compile_watch(self, item: Watchpoint) -> bytes | NotCompilable:
        """Compile a watchpoint's change and condition where that is possible."""
        from crabtrap.expr.agent.changes import changed  # noqa: PLC0415
        from crabtrap.expr.agent.compiler import compile_site_condition  # noqa: PLC0415
        from crabtrap.expr.scope import EvaluationError  # noqa: PLC0415
        from crabtrap.session.watch_scope import WatchScope, watched_pieces  # noqa: PLC0415
        from crabtrap.target.agent_code import NotCompilableError  # noqa: PLC0415 - as above

        first = changed(watched_pieces(item)) if item.kind == "write" else ()
        scope, book = WatchScope(item.home), self._presenter.book
        try:
            return compile_site_condition(
                item.condition, item.number, item.ignore, scope, book, first
            )
        except (ParseError, NotCompilableError, EvaluationError) as error:
            return NotCompilable(str(error))


def _truth(condition: str, value: Value) -> bool:
    result = value.scalar()
    if not isinstance(result, bool):
        raise UsageError(f"the condition {condition!r} is not a bool")
    return result


def split_log_text(text: str) -> list[tuple[bool, str]]:
    """Split a log text into literal parts and expressions, by the rules of ``std::fmt``.

    ``{{`` and ``}}`` are braces of the text.

    Returns:
        ``(is_expression, part)`` in order; format specifications such as ``:?`` are dropped.

    Raises:
        UsageError: A brace is not closed, or was not opened.

    Example:
        >>> split_log_text("x={x:?} {{y}}")
        [(False, 'x='), (True, 'x'), (False, ' {y}')]
    """
    parts: list[tuple[bool, str]] = []
    literal = ""
    position = 0
    while position < len(text):
        two, one = text[position : position + 2], text[position]
        if two in ("{{", "}}"):
            literal += one
            position += 2
        elif one == "{":
            end = _closing_brace(text, position)
            if literal:
                parts.append((False, literal))
                literal = ""
            parts.append((True, _without_format(text[position + 1 : end])))
            position = end + 1
        elif one == "}":
            raise UsageError(f"'}}' without '{{' in {text!r}", hint="write }} for a brace")
        else:
            literal += one
            position += 1
    if literal:
        parts.append((False, literal))
    return parts


def _closing_brace(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise UsageError(f"'{{' is not closed in {text!r}", hint="write {{ for a brace")


def _without_format(part: str) -> str:
    """Drop a trailing ``:?`` or ``:#x``, which is not a path separator."""
    head, colon, tail = part.rpartition(":")
    if colon and not head.endswith(":") and all(each in "?#xXobe0123456789.<>^" for each in tail):
        return head.strip()
    return part.strip()


def evaluate(
    text: str,
    scope: Scope,
    presenter: Presenter,
    caller: ProgramCaller | None = None,
    *,
    methods: LazyMethods | None = None,
) -> Value:
    """Evaluate an expression; see ``crabtrap.expr``, which is slow to import."""
    from crabtrap.expr.evaluate import evaluate as evaluate_now  # noqa: PLC0415

    return evaluate_now(text, scope, presenter, caller, methods)


class LazyMethods:
    """The program's own methods, searched for when an expression first asks."""

    def __init__(self, modules: ModuleTable) -> None:
        self._modules = modules

    @lazy
    def _methods(self) -> ProgramMethods:
        from crabtrap.session.program_methods import ProgramMethods  # noqa: PLC0415 - slow

        return ProgramMethods(self._modules)

    def find(self, type_: Type, name: str) -> str | None:
        """The path of a method that the program's source has written."""
        return self._methods.find(type_, name)

    def can_call(self, type_: Type, name: str) -> bool:
        """Whether ``call`` can run a method that the program has."""
        return self._methods.can_call(type_, name)
