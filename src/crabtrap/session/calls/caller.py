"""The ``crabtrap.expr.Caller`` that calls functions of the program for expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.expr import EvaluationError, computed
from crabtrap.expr.indirection import layers
from crabtrap.records import dataclass
from crabtrap.session.calls.callee import (
    Callee,
    Parameter,
    ambiguous,
    describe_callee,
    find_closure,
    find_methods,
    find_named,
    missing,
    none_fits,
    takes_reference,
)
from crabtrap.session.calls.convention import Argument
from crabtrap.session.calls.conversion import Converter
from crabtrap.session.calls.execution import CallRequest, Executor
from crabtrap.session.calls.ownership import Ownership
from crabtrap.session.calls.scratch import RED_ZONE, Scratch
from crabtrap.session.scopes import absolute_path
from crabtrap.symbols.types import pointer_type
from crabtrap.values import Absent, Bytes, Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.address import Address
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.program import Program
    from crabtrap.expr.scope import Arguments
    from crabtrap.expr.syntax.nodes import Path
    from crabtrap.present import Presenter
    from crabtrap.session.calls.execution import CallSettings

_RSP = 7


@dataclass(frozen=True, slots=True)
class Fitting:
    """A function that takes the arguments, and these converted to its parameters."""

    callee: Callee
    arguments: tuple[Argument, ...]
    scratch: Scratch
    exact: bool


class ProgramCaller:
    """Makes the calls of one expression, one after the other.

    Attributes:
        presenter: Finds views of values by the rules for their types.
        executor: Executes the calls.
    """

    def __init__(
        self,
        program: Program,
        frame: StackFrame,
        thread: Thread,
        presenter: Presenter,
        settings: CallSettings,
    ) -> None:
        """Store the parts; calls run in ``thread``, and the function of ``frame`` scopes paths."""
        self._modules = program.debuggee.modules
        self._frame = frame
        self.presenter = presenter
        self.executor = Executor(program, thread.tid, settings)
        self._scratch = Scratch((thread.registers[_RSP] or 0) - RED_ZONE)
        self._ownership = Ownership(program.inspector.process)
        # By `id`; they are kept so that no other value gets the `id` of one of them.
        self._results: dict[int, Value] = {}

    # -- crabtrap.expr.Caller ----------------------------------------------------------------
    def call_path(self, path: Path, arguments: Arguments) -> Value | None:
        """Call a function, an associated function or a method by its path."""
        near = self._frame.code.name if self._frame.code is not None else ""
        callees = find_named(self._modules, absolute_path(path.text, near), near)
        if not callees:
            return None
        return self._call(path.text, callees, arguments())

    def call_method(self, receiver: Value, name: str, arguments: Arguments) -> Value | None:
        """Call a method of the receiver's own type, without autoderef."""
        if isinstance(receiver.location, Absent) or receiver.type.table is None:
            return None
        callees = find_methods(self._modules, receiver.type, name)
        if not callees:
            return None
        return self._call(f"{receiver.type.name}::{name}", callees, arguments(), receiver)

    def call_value(self, function: Value, arguments: Arguments) -> Value | None:
        """Call a closure, or a function by a pointer to it."""
        for layer in layers(function, self.presenter):
            callee = find_closure(self._modules, layer.type)
            if callee is not None:
                captures = Parameter("captures", pointer_type(layer.type), None)
                body = Callee(callee.function, (captures, *callee.parameters), callee.result)
                return self._call(callee.name, (body,), arguments(), layer)
            if layer.shape.is_function_item:
                raise EvaluationError(
                    "which function it is leaves no trace in the program",
                    hint="call it by its name",
                )
            if layer.is_pointer and layer.shape.points_to_code:
                return self._call_pointer(layer, arguments)
        return None

    def _call_pointer(self, function: Value, arguments: Arguments) -> Value:
        code = self._modules.function_at(function.pointer_address())
        if code is None or code.entry != function.pointer_address():
            raise EvaluationError("it does not point to the beginning of a described function")
        return self._call(code.path, (describe_callee(code),), arguments())

    def missing(self, name: str) -> EvaluationError:
        """Return the error for a function that does not exist."""
        return missing(self._modules, name)

    # -- choosing ------------------------------------------------------------------------------
    def _call(
        self,
        name: str,
        callees: Sequence[Callee],
        values: Sequence[Value],
        receiver: Value | None = None,
    ) -> Value:
        fitting = self._choose(name, callees, values, receiver)
        return self.run(fitting)

    def _choose(
        self,
        name: str,
        callees: Sequence[Callee],
        values: Sequence[Value],
        receiver: Value | None,
    ) -> Fitting:
        """Choose the only function that takes these arguments.

        Raises:
            EvaluationError: None does, or several do.
        """
        found: dict[Address, Fitting] = {}
        failure: CrabtrapError | None = None
        for callee in callees:
            try:
                fitting = self._fit(callee, values, receiver)
            except CrabtrapError as error:
                why_unreadable(error)
                failure = error
                continue
            found.setdefault(callee.function.entry, fitting)
        exact = [each for each in found.values() if each.exact]
        match exact or list(found.values()):
            case [one]:
                return one
            case []:
                assert failure is not None  # there was at least one callee
                raise failure if len(callees) == 1 else none_fits(name, callees)
            case several:
                raise ambiguous(name, [each.callee for each in several])

    def _fit(self, callee: Callee, values: Sequence[Value], receiver: Value | None) -> Fitting:
        wanted = len(callee.parameters) - (receiver is not None)
        if len(values) != wanted:
            plural = "" if wanted == 1 else "s"
            raise EvaluationError(
                f"{callee.name} takes {wanted} argument{plural}, not {len(values)}"
            )
        scratch = self.fork_scratch()
        convert = self.converter(scratch)
        arguments: list[Argument] = []
        parameters = list(callee.parameters)
        if receiver is not None:
            first = parameters.pop(0)
            is_borrowed = first.variable is None or takes_reference(first.type, receiver.type)
            data = (convert.borrow if is_borrowed else convert.convert)(first.type, receiver)
            arguments.append(Argument(first.name, first.type, data))
        for parameter, value in zip(parameters, values, strict=True):
            data = convert.convert(parameter.type, value)
            arguments.append(Argument(parameter.name, parameter.type, data))
        exact = all(
            computed.settle(value).type.same_as(parameter.type)
            for parameter, value in zip(parameters, values, strict=True)
        )
        return Fitting(callee, tuple(arguments), scratch, exact)

    def fork_scratch(self) -> Scratch:
        """Return scratch memory below that of earlier calls."""
        return Scratch(self._scratch.bottom)

    def converter(self, scratch: Scratch) -> Converter:
        """Return a converter to arguments, with copies in ``scratch``."""
        return Converter(
            scratch,
            self.presenter,
            self._ownership.reason_not_to_copy,
            lambda value: id(value) in self._results,
            self._ownership.find_vtable,
        )

    # -- running -------------------------------------------------------------------------------
    def run(self, fitting: Fitting) -> Value:
        """Run a function that takes the arguments."""
        callee = fitting.callee
        self._scratch = fitting.scratch
        data = self.executor.call(CallRequest(callee, fitting.arguments, fitting.scratch, {}))
        if callee.result is None:
            return computed.unit()
        result = Value(callee.result, Bytes(data), self._frame.context)
        self._results[id(result)] = result
        return result
