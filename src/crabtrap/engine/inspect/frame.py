"""One frame as users see it: a concrete function or an inline instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.engine.inspect.captures import Capture, find_captures
from crabtrap.engine.inspect.environments import captured_fields, is_closure_name
from crabtrap.engine.inspect.hygiene import variables_at
from crabtrap.engine.inspect.locating import VariableLocator
from crabtrap.engine.inspect.stack_frame import Binding, StackFrame
from crabtrap.engine.inspect.variables import (
    ScopedVariable,
    explain_missing,
    find_binding,
    without_awaits,
)
from crabtrap.lazy import lazy
from crabtrap.symbols.lacking import what_lacks
from crabtrap.symbols.names import body_name, full_function_name, function_name
from crabtrap.symbols.types import synthetic_type
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.inspect.unwinding import LogicalFrame, PhysicalFrame
    from crabtrap.engine.inspect.user_code import Origin
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Field, Type
    from crabtrap.values.value_location import ValueLocation

_NUMBERED = ("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
REGISTER_NAMES = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *_NUMBERED, "rip")
"""By DWARF number (System V ABI AMD64, figure 3.36)."""

_SHOWN_ORDER = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *_NUMBERED, "rip")
_FIRST_XMM = 17
_LAST_XMM = 32

UNKNOWN_TYPE = synthetic_type("opaque", "<unknown type>")


def register_name(number: int) -> str:
    """Return the name of a register by its DWARF number: 0 to 16, or from 17 for ``xmm0`` on."""
    if number < len(REGISTER_NAMES):
        return REGISTER_NAMES[number]
    return f"xmm{number - len(REGISTER_NAMES)}"


class Frame(StackFrame):
    """One frame of a stopped thread.

    Attributes:
        thread: The thread it is a frame of.
        logical: Physical frame, function and line-table row, as the unwinder found them.
    """

    def __init__(self, thread: Thread, logical: LogicalFrame) -> None:
        self._thread = thread
        self.logical = logical

    def __repr__(self) -> str:
        return f"<Frame {self.index} {self.function or hex(self.pc)}>"

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        process = self.process
        process.clock.check(process.epoch, "frame")

    # -- where ---------------------------------------------------------------------
    @property
    def process(self) -> Process:
        """The program at the stop it is of."""
        return self._thread.process

    @property
    def thread(self) -> Thread:
        """The thread it is a frame of."""
        return self._thread

    @property
    def stack(self) -> Thread:
        """The thread it is a frame of."""
        return self._thread

    @property
    def caller(self) -> int | None:
        """Number of the frame that has called it, ``None`` for the outermost."""
        following = self.logical.index + 1
        return following if self._thread.frames(following, 1) else None

    @property
    def is_innermost(self) -> bool:
        """Whether it has called nothing."""
        return self.logical.index == 0

    @property
    def branch(self) -> str:
        """A function is called alone: ``""``."""
        return ""

    @property
    def index(self) -> int:
        """Number of the frame; 0 is the innermost."""
        return self.logical.index

    @property
    def pc(self) -> Address:
        """The next instruction to run in it; a return address for callers."""
        return self.logical.physical.pc

    @property
    def lookup_pc(self) -> Address:
        """Address that lines and scopes are looked up for: inside the call, for callers."""
        return self.logical.physical.lookup_pc

    @property
    def cfa(self) -> int | None:
        """Canonical frame address: the stack pointer before the call, ``None`` if unknown."""
        return self.logical.physical.cfa

    @property
    def physical(self) -> PhysicalFrame:
        """The activation it is part of."""
        return self.logical.physical

    @property
    def code(self) -> Function | None:
        """The function or inline instance as the debug information describes it."""
        return self.logical.function

    @lazy
    def function(self) -> str | None:
        """Short display path: hashes left out, generics shortened.

        The symbol's name where there is no debug information; ``None`` without a symbol.
        """
        if self.code is not None:
            return body_name(function_name(self.code))
        return self._symbol_name

    @property
    def full_function(self) -> str | None:
        """Display path with all generics spelled out."""
        if self.code is None:
            return self._symbol_name
        return body_name(full_function_name(self.code))

    @lazy
    def _symbol_name(self) -> str | None:
        module = self.loaded_module
        if self.logical.physical.is_signal:
            return "<signal handler called>"
        symbol = module.symbol_at(self.lookup_pc) if module is not None else None
        return None if symbol is None else symbol.name

    @property
    def loaded_module(self) -> Module | None:
        """The module its code is in."""
        return self.logical.module

    @property
    def path(self) -> str | None:
        """Source file as the debug information names it."""
        return self.logical.position[0]

    @property
    def line(self) -> int:
        """1-based line, 0 where unknown."""
        return self.logical.position[1]

    @property
    def column(self) -> int:
        """1-based column, 0 where unknown."""
        return self.logical.position[2]

    @property
    def inlined(self) -> bool:
        """Whether it is an inline instance, part of the activation of an outer frame."""
        return self.code is not None and self.code.inlined

    @property
    def is_signal_frame(self) -> bool:
        """Whether it is the signal trampoline, see ``sigreturn(2)``."""
        return self.logical.physical.is_signal

    @lazy
    def origin(self) -> Origin:
        """Origin of its code, by the session's policy."""
        return self.process.origin_of(self.code, self.path)

    # -- registers ---------------------------------------------------------------------
    def registers(self) -> dict[str, int | None]:
        """Return the general registers as this frame sees them; ``None`` where one is lost."""
        values = dict(zip(REGISTER_NAMES, self.logical.physical.registers, strict=True))
        return {name: values[name] for name in _SHOWN_ORDER}

    def register_bytes(self, number: int) -> bytes | None:
        """Read a register by DWARF number, little-endian; ``None`` where its value is lost.

        Vector registers are known in the innermost frame only: every call may change them
        (System V ABI AMD64, figure 3.4).
        """
        self.check()
        registers = self.logical.physical.registers
        if 0 <= number < len(registers):
            value = registers[number]
            return None if value is None else value.to_bytes(8, "little")
        if _FIRST_XMM <= number <= _LAST_XMM and self.logical.physical.index == 0:
            thread = self.thread
            return thread.process.target.read_register(thread.tid, f"xmm{number - _FIRST_XMM}")
        return None

    # -- variables ---------------------------------------------------------------------
    @property
    def variables_unknown(self) -> str:
        """Why nothing is known of its variables, ``""`` where they are known."""
        module = self.loaded_module
        if module is None:
            return "no module is loaded at its address"
        if module.debug_level == "full" and self.code is not None:
            return ""
        return f"{module.name} {what_lacks(module.image) or 'has no debug information for it'}"

    @lazy
    def context(self) -> ValueContext:
        """The context of values of this frame."""
        process = self.process
        return ValueContext(process.memory, process, self)

    @lazy
    def scoped_variables(self) -> tuple[ScopedVariable, ...]:
        """All variables of the function, in scope or not."""
        self.check()
        if self.code is None:
            return ()
        substitutes = self.process.settings.substitutes
        position = (self.path, self.line)
        return variables_at(self.code, self.lookup_pc, substitutes, position)

    def arguments(self) -> tuple[Binding, ...]:
        """Return the function's parameters, in order."""
        return tuple(
            self._binding(entry, "argument")
            for entry in self.scoped_variables
            if entry.kind == "parameter" and entry.name
        )

    def locals(self) -> tuple[Binding, ...]:
        """Return the variables in scope, in order of declaration; shadowed ones are marked.

        In a closure or coroutine that includes its captures.  Variables that the compiler
        generated for an async function are omitted; ``lookup`` finds them.
        """
        captures = tuple(
            Binding(
                one.name,
                one.value,
                "capture" if one.in_environment else "local",
                self._is_shadowed(one.name),
                one.line,
            )
            for one in self.captures
        )
        return captures + tuple(
            self._binding(entry, "local")
            for entry in self._visible_locals
            if not self.is_capture(entry)
        )

    @lazy
    def captures(self) -> tuple[Capture, ...]:
        """What a closure or coroutine has captured of the variables around it, each once."""
        if not self.has_captures:
            return ()
        visible = self._visible_locals
        return find_captures(
            self,
            tuple(
                entry
                for entry in visible
                if self.is_capture(entry) and not any(map(entry.is_argument_of, visible))
            ),
        )

    @lazy
    def _visible_locals(self) -> tuple[ScopedVariable, ...]:
        return tuple(
            entry
            for entry in without_awaits(self.scoped_variables)
            if entry.kind == "local" and entry.in_scope and entry.name
        )

    def _is_shadowed(self, capture: str) -> bool:
        binding = find_binding(self.scoped_variables, capture)
        return binding is not None and not self.is_capture(binding)

    def is_capture(self, entry: ScopedVariable) -> bool:
        """Whether a closure has captured the variable.

        DWARF describes a closure's own variables in the blocks that ``let`` opens, captured
        ones as variables of the function itself.
        """
        return self.has_captures and entry.kind == "local" and entry.variable.depth == 0

    @lazy
    def captured_fields(self) -> dict[str, Field]:
        """The places that a closure has captured, by the names of its environment's fields."""
        return captured_fields(self.code, self.loaded_module)

    @lazy
    def has_captures(self) -> bool:
        """Whether it is a frame of a closure or coroutine."""
        return self.code is not None and is_closure_name(self.code.name)

    def explain_missing(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Explain why ``name`` is not visible: a sentence or ``""``, and similar visible names."""
        others = [entry for entry in self.scoped_variables if not self.is_capture(entry)]
        return explain_missing(others, name, (one.name for one in self.captures))

    def variable_named(self, name: str) -> Value | None:
        """Find the local, argument or captured variable that ``name`` means here."""
        entry = find_binding(self.scoped_variables, name)
        if entry is not None and not self.is_capture(entry):
            return self.value_of(entry.variable)
        captured = next((one for one in self.captures if one.name == name), None)
        return None if captured is None else captured.value

    def variable(self, die: int) -> Value | None:
        """Return the variable described by ``die``, ``None`` if it is not the function's."""
        for entry in self.scoped_variables:
            if entry.variable.die == die:
                return self.value_of(entry.variable)
        return None

    def value_of(self, variable: _core.Variable) -> Value:
        """Return a parameter or local as a value; nothing of it is read yet."""
        return Value(self.type_of(variable), self._locator.locate(variable), self.context)

    def type_of(self, variable: _core.Variable) -> Type:
        """Return the type of a parameter or local."""
        module = self.loaded_module
        if variable.type is None or module is None:
            return UNKNOWN_TYPE
        return module.types.variable_type(variable.type, variable.alignment)

    def size_of(self, variable: _core.Variable) -> int | None:
        """Size of a variable's type in bytes, ``None`` where unknown."""
        return self.type_of(variable).strip().size

    def location_and_pointer(self, variable: _core.Variable) -> tuple[ValueLocation, int | None]:
        """Find where a variable is, and the address of the pointer that led there, if one did."""
        self.check()
        return self._locator.locate_with_pointer(variable)

    @lazy
    def _locator(self) -> VariableLocator:
        return VariableLocator(self)

    def _binding(
        self, entry: ScopedVariable, kind: Literal["argument", "local", "capture"]
    ) -> Binding:
        variable = entry.variable
        return Binding(
            variable.name,
            self.value_of(variable),
            kind,
            entry.shadowed,
            variable.declaration_line,
        )
