"""Evaluating expressions for a client, in a frame or without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crabtrap.address import Address
from crabtrap.engine.machine import Ended, NotStarted, Running, Stopped, require
from crabtrap.errors import NotFoundError, ParseError
from crabtrap.present.view import RecordView
from crabtrap.session.rust_language import LazyMethods, evaluate
from crabtrap.session.scopes import EndedScope, FrameScope, ProgramScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.expr.scope import EvaluationError, Scope
    from crabtrap.session.calls import CallSettings, ProgramCaller
    from crabtrap.session.core import Core
    from crabtrap.session.history import ValueHistory
    from crabtrap.symbols.types import Type
    from crabtrap.values.value import Value

T = TypeVar("T")


class ExpressionVerbs:
    """The expression language with the history of one client."""

    def __init__(self, core: Core, history: ValueHistory) -> None:
        self._core = core
        self._history = history

    def evaluate(self, text: str, frame: StackFrame | None) -> Value:
        """Evaluate an expression; without a frame it cannot use locals and registers.

        A running program is paused meanwhile, so that the whole expression reads the same
        memory.
        """
        from crabtrap.expr.scope import NOT_RUN_HINT, WouldRunError  # noqa: PLC0415 - slow to import

        try:
            return self._in_scope(frame, lambda scope: self._evaluate(text, scope))
        except WouldRunError as error:
            if error.hint == NOT_RUN_HINT:
                raise self._explained(error, text, frame) from None
            raise

    def _explained(
        self, error: EvaluationError, text: str, frame: StackFrame | None
    ) -> EvaluationError:
        """The error with a hint whether `call` runs what evaluating does not, and if not, why."""
        from crabtrap.expr.scope import (  # noqa: PLC0415 - slow to import
            EvaluationError,
            WouldRunError,
        )
        from crabtrap.session.calls import CallSettings, why_not_called  # noqa: PLC0415 - as above

        core = self._core
        thread = self._calling_thread(frame) if frame is not None else None
        if frame is None or thread is None:
            error.hint = "call runs it, at a stop"
            return error
        scope = FrameScope(frame, self._history)
        reason = why_not_called(
            lambda kind: kind(core.program, frame, thread, core.presenter, CallSettings()),
            lambda caller: self._evaluate(text, scope, caller),
        )
        if isinstance(reason, WouldRunError):  # there is no such function at all
            return EvaluationError(str(reason), error.span, text, hint=reason.hint)
        if reason is not None:
            error.hint = f"call does not run it either: {reason}"
        return error

    def methods(self, receiver: str, frame: StackFrame | None) -> tuple[str, ...]:
        """The names of the methods that an expression's value has; nothing is evaluated."""
        from crabtrap.expr.known_methods import known_methods  # noqa: PLC0415 - slow to import

        book, own = self._core.presenter.book, LazyMethods(self._core.program.debuggee.modules)
        return self._in_scope(frame, lambda scope: known_methods(receiver, scope, book, own))

    def _in_scope(self, frame: StackFrame | None, ask: Callable[[Scope], T]) -> T:
        with self._core.door.cancellable("evaluating"):
            if frame is not None:
                return ask(FrameScope(frame, self._history))
            scope = self._scope_without_frame()
            if not isinstance(self._core.state, Running):
                return ask(scope)
            with self._core.program.controller.paused():
                return ask(scope)

    def _evaluate(self, text: str, scope: Scope, caller: ProgramCaller | None = None) -> Value:
        methods = LazyMethods(self._core.program.debuggee.modules)
        found = evaluate(text, scope, self._core.presenter, caller, methods=methods)
        return self._core.language.home(found)

    def _scope_without_frame(self) -> ProgramScope:
        process, state = self._core.program.inspector.process, self._core.state
        if isinstance(state, NotStarted | Stopped | Running):
            return ProgramScope(process, self._history)
        return EndedScope(process, self._history, state)

    def type_of(self, text: str, frame: StackFrame | None) -> Type:
        """Return the type of an expression, or else the type of that name."""
        from crabtrap.expr.scope import EvaluationError  # noqa: PLC0415 - slow to import
        from crabtrap.expr.syntax.grammar import is_type_name  # noqa: PLC0415 - slow to import

        try:
            return self.evaluate(text, frame).type
        except (EvaluationError, ParseError) as error:
            found = self._core.program.inspector.process.find_type(text)
            if found is not None:
                return found
            if isinstance(error, ParseError) and is_type_name(text):
                raise NotFoundError("type", text) from error
            raise

    def printf(self, text: str, frame: StackFrame | None) -> str:
        """Write ``"FORMAT", VALUE, ...`` as C's ``printf`` does."""
        from crabtrap.expr.printf import Printf  # noqa: PLC0415 - slow to import
        from crabtrap.expr.scope import EvaluationError  # noqa: PLC0415 - slow to import
        from crabtrap.expr.syntax.nodes import Span  # noqa: PLC0415 - slow to import

        try:
            found = self.evaluate(f"({text},)", frame)
        except EvaluationError as error:
            error.span = None if error.span is None else error.span.moved(-1, len(text))
            error.text = text
            raise
        except ParseError as error:
            span = Span(error.start, error.end).moved(-1, len(text))
            raise ParseError(str(error), text, span.start, span.end, hint=error.hint) from None
        fields = self._core.presenter.view(found)
        assert isinstance(fields, RecordView)  # a tuple
        values = tuple(value for _, value in fields.fields)
        return Printf(self._core.presenter, self._core.language.render).write(values)

    def address(self, text: str, frame: StackFrame | None) -> Address:
        """Evaluate an expression to an address: a pointer's target, or an integer."""
        value = self.evaluate(text, frame)
        if value.is_pointer:
            return value.pointer_address()
        return Address(value.integer())

    # -- running functions of the program ----------------------------------------------------
    def call(self, text: str, frame: StackFrame, settings: CallSettings) -> Value:
        """Evaluate an expression whose function and method calls run in the program."""
        return self._calling(
            frame, settings, lambda scope, caller: self._evaluate(text, scope, caller)
        )

    def format_debug(
        self, text: str, frame: StackFrame, settings: CallSettings, *, pretty: bool, limit: int
    ) -> str:
        """Format a value by the program's own ``impl Debug``."""
        from crabtrap.session.calls import format_debug  # noqa: PLC0415 - slow to import

        return self._calling(
            frame,
            settings,
            lambda scope, caller: format_debug(
                self._core.program, text, scope, caller, pretty=pretty, limit=limit
            ),
        )

    def _calling_thread(self, frame: StackFrame) -> Thread | None:
        """The thread that calls functions for a frame: its own, or that of the stop."""
        state = self._core.state
        if not isinstance(state, Stopped):
            return None
        return frame.thread or self._core.process.thread(state.event.thread)

    def _calling(
        self, frame: StackFrame, settings: CallSettings, run: Callable[[Scope, ProgramCaller], T]
    ) -> T:
        """Let ``run`` call functions of the program, then handle their output and its end."""
        from crabtrap.session.calls import ProgramCaller  # noqa: PLC0415 - slow to import

        core = self._core
        require(core.state, Stopped, to="call a function")
        thread = self._calling_thread(frame)
        assert thread is not None  # the program is stopped
        caller = ProgramCaller(core.program, frame, thread, core.presenter, settings)
        try:
            return run(FrameScope(frame, self._history), caller)
        finally:
            state = core.state
            if isinstance(state, Ended):
                core.settle(state.event)
            else:
                core.lifecycle.drain()
