"""Formatting a value by the program's own ``impl Debug``.

The implementation is passed a formatter whose ``dyn Write`` is the debugger: its vtable is
in scratch memory, and its functions are addresses that are trapped and never executed.  So
nothing is allocated in the program, and an endless text is truncated as it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CallError
from crabtrap.expr import EvaluationError, Evaluator, parse
from crabtrap.expr.indirection import layers
from crabtrap.records import dataclass, field
from crabtrap.session.calls.callee import find_debug_impls
from crabtrap.session.calls.caller import ProgramCaller
from crabtrap.session.calls.convention import Argument
from crabtrap.session.calls.execution import CallRequest
from crabtrap.session.calls.formatter import make_formatter
from crabtrap.symbols.abi import WORD

if TYPE_CHECKING:
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.program import Program
    from crabtrap.expr import Scope
    from crabtrap.session.calls.callee import Callee
    from crabtrap.values import Value

_RDX, _RSI = 1, 4  # by DWARF number
_LARGEST_PART = 1 << 20
_SLOTS = 3
"""Methods of ``core::fmt::Write`` in its vtable: write_str, write_char, write_fmt."""


@dataclass(slots=True)
class _Writer:
    """The debugger as a ``core::fmt::Write``.

    Attributes:
        limit: Maximum bytes; after that, writing fails.
        text: What was written so far.
        is_cut: More than ``limit`` bytes were written.
    """

    limit: int
    text: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def write_str(self, thread: Thread) -> int:
        """Append a ``&str``, whose address is in rsi and whose length is in rdx."""
        address, size = thread.registers[_RSI] or 0, thread.registers[_RDX] or 0
        if size > _LARGEST_PART:
            raise CallError(f"a text of {size} bytes was written, which cannot be right")
        return self._add(thread.process.read_memory(Address(address), size))

    def write_char(self, thread: Thread) -> int:
        """Append the ``char`` in rsi."""
        number = (thread.registers[_RSI] or 0) & 0xFFFF_FFFF
        return self._add(chr(number).encode("utf-8", "replace") if number <= 0x10FFFF else b"?")

    def write_fmt(self, thread: Thread) -> int:
        """Refuse ``Arguments``, which only the program can format."""
        raise CallError("its impl Debug writes to the formatter's own target, which is not there")

    def _add(self, data: bytes) -> int:
        self.text += data
        self.is_cut = len(self.text) > self.limit
        return int(self.is_cut)

    def result(self) -> str:
        """Return what was written, up to the limit."""
        text = bytes(self.text[: self.limit]).decode("utf-8", "replace")
        return f"{text}…" if self.is_cut else text


def format_debug(
    program: Program, text: str, scope: Scope, caller: ProgramCaller, *, pretty: bool, limit: int
) -> str:
    """Format a value as ``format!("{:?}", value)`` in the program would.

    Args:
        program: The program, which is stopped.
        text: An expression; its calls run, too.
        scope: The scope of its names.
        caller: Runs the functions.
        pretty: As for ``{:#?}``.
        limit: Maximum bytes of text; ``…`` stands for the rest.

    Raises:
        CallError: The implementation panicked, received a signal or did not return in time.
        EvaluationError: There is no value, or no implementation for it in the program.
    """
    evaluator = Evaluator(scope, caller.presenter, caller)
    try:
        value = evaluator.value(parse(text))
        return _format(program, value, caller, pretty=pretty, limit=limit)
    except EvaluationError as error:
        error.text = text
        raise


def _format(
    program: Program, value: Value, caller: ProgramCaller, *, pretty: bool, limit: int
) -> str:
    found, callee = _find_impl(program, value, caller)
    scratch = caller.fork_scratch()
    first, second = callee.parameters
    writer = _Writer(limit)
    entry = caller.executor.return_address
    slots = caller.executor.spare_instructions(_SLOTS)
    methods = (writer.write_str, writer.write_char, writer.write_fmt)
    header = (0, 0, 1)  # nothing to drop, no size, alignment 1
    vtable = scratch.put(b"".join(int(w).to_bytes(WORD, "little") for w in (*header, *slots)))
    target = second.type.strip().target
    if target is None:
        raise EvaluationError("the program does not describe core::fmt::Formatter")
    formatter = make_formatter(target, entry, vtable, caller.presenter, pretty=pretty)
    arguments = (
        Argument(first.name, first.type, caller.converter(scratch).borrow(first.type, found)),
        Argument(second.name, second.type, scratch.put(formatter).to_bytes(WORD, "little")),
    )
    services = dict(zip(slots, methods, strict=True))
    failed = caller.executor.call(CallRequest(callee, arguments, scratch, services))
    if any(failed) and not writer.is_cut:
        raise CallError(f"{callee.name} returned an error, after {writer.result()!r}")
    return writer.result()


def _find_impl(program: Program, value: Value, caller: ProgramCaller) -> tuple[Value, Callee]:
    """Find the implementation for the value or for what it dereferences to, and that value."""
    modules = program.debuggee.modules
    for layer in layers(value, caller.presenter):
        if layer.type.table is None or layer.absent is not None:
            continue
        callees = find_debug_impls(modules, layer.type)
        if callees:
            return layer, callees[0]
    raise EvaluationError(
        f"the program has no impl Debug for {value.type.name} that could be called",
        hint="it is there once the program uses it, {:?} or dbg!, and it is not inlined; print "
        "needs none",
    )
