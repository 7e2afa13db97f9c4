"""Executing one call: set up registers and stack, run, read the result, restore."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NoReturn

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.causes.panic_traces import Traces, read_traces
from crabtrap.engine.causes.panics import PanicWatcher
from crabtrap.engine.inferior_call import inferior_call_scope
from crabtrap.engine.machine import Stopped
from crabtrap.engine.plans.run_call import RunCall
from crabtrap.errors import CallError, ProcessGone, StillRunningError
from crabtrap.events import Exited, Interrupted, Panicked, SignalReceived, StepDone
from crabtrap.expr import EvaluationError
from crabtrap.log import Log
from crabtrap.records import dataclass
from crabtrap.session.calls.argument_check import ArgumentCheck
from crabtrap.session.calls.convention import (
    Argument,
    Returned,
    entry_stack,
    lay_out,
    ways_to_return,
)
from crabtrap.session.calls.scratch import Scratch
from crabtrap.session.calls.track_caller import put_location
from crabtrap.session.returns import location_in_registers, location_of_two_words, may_be_aggregate
from crabtrap.symbols.abi import WORD, Aggregate, classify
from crabtrap.symbols.breakpoint_locations import after_prologue
from crabtrap.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.program import Program
    from crabtrap.events import StopEvent, StopReason
    from crabtrap.session.calls.callee import Callee

_log = Log("crabtrap.session")

_SIGKILL = 9
_STOP_SECONDS = 10.0
"""Time for the thread of an abandoned call to stop."""
_TWO_WORDS = 16
_ENTRY_CODE = 64
"""Bytes of the entry point that are decoded."""
_DIRECTION_AND_TRAP = 1 << 10 | 1 << 8
"""Bits of eflags to clear: DF (System V ABI AMD64, 3.2.1), and TF, which single-steps."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """Settings for calls.

    Attributes:
        timeout: Seconds after which a call is abandoned.
        all_threads: Let all threads run meanwhile, not only the calling one.
    """

    timeout: float = 5.0
    all_threads: bool = False


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One call.

    Attributes:
        callee: The function to call.
        arguments: One for each parameter.
        scratch: Memory that may be used, with what is to be written there.
        services: Functions of the debugger by the address at which the callee calls them.
            Their result is returned in rax; the addresses are never executed.
    """

    callee: Callee
    arguments: tuple[Argument, ...]
    scratch: Scratch
    services: Mapping[Address, Callable[[Thread], int]]


class Executor:
    """Executes calls in one thread of a stopped program."""

    def __init__(self, program: Program, thread: int, settings: CallSettings) -> None:
        """Store the parts; ``thread`` (tid) makes all calls of one expression."""
        self._program = program
        self._tid = thread
        self._settings = settings

    @property
    def return_address(self) -> Address:
        """Return address of calls: the entry point, which a program executes only once.

        Raises:
            EvaluationError: The program has none.
        """
        main = self._program.debuggee.modules.main
        if main is None or not main.image.entry:
            raise EvaluationError("the program has no entry point to return a call to")
        return main.address(main.image.entry)

    def spare_instructions(self, count: int) -> tuple[Address, ...]:
        """Addresses of instructions behind the return address, not executed again either.

        Raises:
            EvaluationError: The program's entry point does not begin with so many.
        """
        entry = self.return_address
        code = self._program.debuggee.target.memory.read_partial(entry, _ENTRY_CODE)
        found = _core.disassemble(code, entry, count + 1)[1:]
        if len(found) < count or any(each.flow == "invalid" for each in found):
            raise EvaluationError("the program's entry point is not code as it usually is")
        return tuple(Address(each.address) for each in found)

    def call(self, request: CallRequest) -> bytes:
        """Execute a call.

        Returns:
            The bytes of the result, as many as its type has.

        Raises:
            EvaluationError: How to call it cannot be determined; nothing of it has run.
            CallError: It did not return, or its result cannot be read.
        """
        ways = ways_to_return(request.callee.result)
        for way in ways:
            attempt = _Attempt(self._program, self._tid, self._settings, request, way)
            if attempt.run(self.return_address):
                return attempt.result
        raise EvaluationError(
            f"the arguments of {request.callee.name} do not arrive where its debug information "
            "says they are: the optimiser has changed how it is called, or it is not in Rust",
            hint="nothing of it has run",
        )


class _Attempt:
    """One attempt at a call, with one assumption about how the result is returned."""

    def __init__(
        self,
        program: Program,
        tid: int,
        settings: CallSettings,
        request: CallRequest,
        way: Returned,
    ) -> None:
        self._program = program
        self._tid = tid
        self._settings = settings
        self._request = request
        self._way = way
        self._panics = PanicWatcher()
        self._saved_statics: Traces = ()
        self._timed_out = False
        self._deadline = time.monotonic() + settings.timeout
        self._locations: set[Address] = set()
        self._buffer: Address | None = None
        self._buffer_fill = b""
        self._pending_signal: int | None = None
        self.result = b""

    def run(self, return_address: Address) -> bool:
        """Execute the call; the function returns to ``return_address``.

        Returns:
            ``False`` if the parameters differ from the arguments; then only the function's
            prologue has run.
        """
        try:
            with inferior_call_scope(self._program, self._tid):
                try:
                    return self._run(return_address)
                except CallError:
                    self._undo_panic()
                    raise
        finally:
            self._program.debuggee.interrupt_requested = False
            if self._pending_signal is not None and self._program.is_stopped:
                self._program.controller.deliver(self._tid, self._pending_signal)

    def _run(self, return_address: Address) -> bool:
        sp = self._set_up(return_address)
        locations = self._panics.locations(self._program.debuggee.modules)
        self._locations = {location.address for location in locations} | set(self._request.services)
        end = (return_address, sp + WORD)
        if not self._arguments_match(end):
            return False
        if self._thread.pc != return_address:
            self._run_until(end)
        self.result = self._take_result()
        return True

    @property
    def _thread(self) -> Thread:
        return self._program.inspector.thread(self._tid)

    # -- before ----------------------------------------------------------------------------
    def _set_up(self, return_address: Address) -> Address:
        """Write memory and registers; returns the stack pointer at the function's entry."""
        debuggee, request = self._program.debuggee, self._request
        scratch = Scratch(request.scratch.bottom)
        size = request.callee.result.size if request.callee.result is not None else 0
        if self._way == "memory":
            self._buffer_fill = os.urandom(size or 0)
            self._buffer = scratch.put(self._buffer_fill, 64)
        location = put_location(scratch, debuggee.modules)
        self._panics = PanicWatcher(location)
        layout = lay_out(request.arguments, scratch, self._buffer, location)
        sp = entry_stack(scratch, layout, return_address)
        for address, data in (*request.scratch.writes, *scratch.writes):
            debuggee.control.write_memory(address, data)
        flags = int.from_bytes(debuggee.target.read_register(self._tid, "eflags"), "little")
        changes: dict[str, int | bytes] = {
            **layout.registers,
            "rsp": sp,
            "eflags": flags & ~_DIRECTION_AND_TRAP,
            "rip": request.callee.function.entry,
        }
        debuggee.control.write_registers(self._tid, changes)
        # The thread's pc is another one now: what was read of the thread is stale.
        debuggee.clock.advance()
        return sp

    def _arguments_match(self, end: tuple[Address, int]) -> bool:
        """Run to the end of the prologue, and compare the parameters with the arguments.

        Args:
            end: Return address, and stack pointer after the return.

        Raises:
            EvaluationError: A parameter cannot be compared.
            CallError: The function has already returned, uncompared.
        """
        request = self._request
        argument_check = ArgumentCheck(request.callee, request.arguments)
        argument_check.compare(self._thread)
        body = after_prologue(request.callee.function)
        if body != self._thread.pc and not argument_check.differs:
            self._run_until(end, body)
            if self._thread.pc == body:
                argument_check.compare(self._thread)
        if argument_check.unchecked and self._thread.pc == end[0]:
            raise CallError(f"{self._name} has run, but whether with these arguments is not known")
        if argument_check.unchecked and not argument_check.differs:
            raise EvaluationError(
                f"the optimiser has left no trace of {', '.join(argument_check.unchecked)} in "
                f"{request.callee.name}, which may be passed in another way than usual",
                hint="functions of programs built without optimisation can be called",
            )
        return not argument_check.differs

    # -- meanwhile ---------------------------------------------------------------------------
    def _run_until(self, end: tuple[Address, int], *stops: Address) -> None:
        """Run until the call has returned, or to one of ``stops``.

        Raises:
            CallError: Something else has stopped the program.
        """
        return_address, sp = end
        while True:
            locations = frozenset((*self._locations, *stops))
            event = self._carry_out(RunCall(self._tid, return_address, sp, locations))
            if not isinstance(self._program.controller.state, Stopped):
                self._fail(event)
            own = event.thread == self._tid
            if not own or not all(isinstance(why, StepDone) for why in event.reasons):
                self._fail(event)
            if self._program.debuggee.interrupt_requested:
                # Requested at the moment of this stop: no other stop will report it.
                self._fail_interrupted()
            thread = self._thread
            if thread.pc in stops or thread.pc == return_address:
                return
            service = self._request.services.get(thread.pc)
            if service is not None:
                self._answer(thread, service(thread))
            else:
                self._observe_panic(thread)

    def _carry_out(self, plan: RunCall) -> StopEvent:
        """Run until the plan is done; interrupt the program when the call's time is up."""
        controller = self._program.controller
        remaining = max(0.0, self._deadline - time.monotonic())
        alone = not self._settings.all_threads
        try:
            return controller.run(plan, self._tid, alone=alone, hidden=True, timeout=remaining)
        except StillRunningError:
            self._timed_out = True
            self._program.request_interrupt()
            return controller.wait(_STOP_SECONDS)

    def _answer(self, thread: Thread, result: int) -> None:
        """Return ``result`` to the caller of one of ``services``."""
        sp = thread.registers[7] or 0
        raw = thread.process.read_memory(Address(sp), WORD)
        changes: dict[str, int | bytes] = {
            "rax": result,
            "rsp": sp + WORD,
            "rip": int.from_bytes(raw, "little"),
        }
        self._program.debuggee.control.write_registers(self._tid, changes)
        self._program.inspector.forget()
        self._program.controller.forget_stop_pc(self._tid)

    def _observe_panic(self, thread: Thread) -> None:
        """Handle a stop of a panic: save what it will change, and fail once it has a message."""
        self._saved_statics = self._saved_statics or read_traces(thread)
        step = self._panics.observe(thread)
        if step.stop_at is not None:
            self._locations.add(step.stop_at)
        if step.panicked is not None:
            raise CallError(f"{self._name} panicked: {_message(step.panicked)}")

    def _undo_panic(self) -> None:
        if isinstance(self._program.controller.state, Stopped):
            for address, data in self._saved_statics:
                self._program.debuggee.control.write_memory(address, data)

    # -- after -------------------------------------------------------------------------------
    def _take_result(self) -> bytes:
        type_ = self._request.callee.result
        if type_ is None or self._way == "nothing":
            return b""
        size = type_.strip().size or 0
        if self._buffer is not None:
            data = self._program.debuggee.target.read_memory(self._buffer, size)
            if data != self._buffer_fill:
                return data
            # Nothing was written there.  Where no argument shows that the function took rdi
            # for the memory, it has returned two words in registers.
            if size > _TWO_WORDS or self._has_data:
                raise CallError(
                    f"{self._name} has returned, but where its {type_.name} is cannot be determined"
                )
        location = location_in_registers(type_, self._request.callee.function)
        if may_be_aggregate(type_) and size > WORD and not self._has_data:
            location = None  # it may have taken rdi for memory to return it in
        if location is None and size > WORD and isinstance(classify(type_), Aggregate):
            location = location_of_two_words(size)
        if location is None:
            raise CallError(
                f"{self._name} has returned, but in which register cannot be determined"
            )
        return Value(type_, location, self._thread.frame(0).context).read_bytes()

    @property
    def _has_data(self) -> bool:
        """Whether the function takes any argument, which was compared after the prologue."""
        return any(each.data for each in self._request.arguments)

    @property
    def _name(self) -> str:
        return self._request.callee.name

    def _fail_interrupted(self) -> NoReturn:
        if not self._timed_out:
            raise CallError(f"{self._name} was interrupted")
        raise CallError(
            f"{self._name} did not return within {self._settings.timeout:g} s",
            hint="it may wait for a thread that is stopped: set call threads all",
        )

    def _fail(self, event: StopEvent) -> NoReturn:
        """Raise ``CallError`` with the reason why the call is abandoned."""
        reasons = event.reasons
        own = event.thread == self._tid
        who = self._name if own else f"during the call of {self._name}, thread {event.thread}"
        for why in reasons:
            match why:
                case Exited() if why.signal == _SIGKILL:  # no doing of the function's
                    raise ProcessGone(why.status)
                case Exited():
                    raise CallError(f"{self._name} ended the program: {_ending(why)}")
                case Interrupted():
                    self._fail_interrupted()
                case SignalReceived(sender=sender) if own and sender is not None:
                    self._pending_signal = why.number
                    raise CallError(f"{who} received {_signal(why)}")
                case _:
                    pass
        raise CallError(f"{who} received {_what(reasons)}")


def _message(panicked: Panicked) -> str:
    text = panicked.message if panicked.message is not None else "its message cannot be read"
    if panicked.path is None or not panicked.line:
        return text
    return f"{text} ({panicked.path.rpartition('/')[2]}:{panicked.line})"


def _ending(exited: Exited) -> str:
    return f"code {exited.code}" if exited.code is not None else exited.signal_name or "killed"


def _signal(signal: SignalReceived) -> str:
    where = f" at {signal.address:#x}" if signal.address is not None else ""
    overflow = ": its stack is used up" if signal.stack_overflow else ""
    return f"{signal.name}{where}{overflow}"


def _what(reasons: Sequence[StopReason]) -> str:
    signals = [_signal(why) for why in reasons if isinstance(why, SignalReceived)]
    return ", ".join(signals or [type(why).__name__ for why in reasons])
