"""One frame as people see it: a concrete function or an inlined copy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.inspect.statics import find_static, static_value
from crabtrap.engine.inspect.variables import (
    ScopedVariable,
    explain_missing,
    find_binding,
    scope_variables,
)
from crabtrap.errors import NotFoundError
from crabtrap.records import dataclass
from crabtrap.symbols.breakpoint_locations import after_prologue
from crabtrap.symbols.names import full_function_name, function_name, path_segments
from crabtrap.symbols.types import synthetic_type
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import Absent, Bytes, location_from_pieces

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.address import Address
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.inspect.unwinding import LogicalFrame, PhysicalFrame
    from crabtrap.engine.inspect.user_code import Origin
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.values.value_location import ValueLocation

_NUMBERED = ("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
REGISTER_NAMES = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *_NUMBERED, "rip")
"""By DWARF number (System V ABI AMD64, figure 3.36)."""

_SHOWN_ORDER = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *_NUMBERED, "rip")
_FIRST_XMM = 17
_LAST_XMM = 32

UNKNOWN_TYPE = synthetic_type("opaque", "<unknown type>")


def register_name(number: int) -> str:
    """The name of a register by its DWARF number: 0-16, or 17 on for ``xmm0`` on."""
    if number < len(REGISTER_NAMES):
        return REGISTER_NAMES[number]
    return f"xmm{number - len(REGISTER_NAMES)}"


@dataclass(frozen=True, slots=True)
class Binding:
    """A name and what it stands for in a frame.

    Attributes:
        kind: "capture" is a variable a closure or coroutine took from outside.
        shadowed: A later or deeper binding of the same name hides it.
        line: 1-based line of its declaration, 0 where unknown.
    """

    name: str
    value: Value
    kind: Literal["argument", "local", "capture", "static"]
    shadowed: bool = False
    line: int = 0


class Frame:
    """One frame of a stopped thread.

    Attributes:
        thread: Whose frame it is.
        logical: What the unwinder found: physical frame, function, row.
    """

    def __init__(self, thread: Thread, logical: LogicalFrame) -> None:
        self.thread = thread
        self.logical = logical

    def __repr__(self) -> str:
        return f"<Frame {self.index} {self.function or hex(self.pc)}>"

    def check(self) -> None:
        """Refuse use after the program has run on.

        Raises:
            StaleError: It has.
        """
        process = self.thread.process
        process.clock.check(process.epoch, "frame")

    # -- where ---------------------------------------------------------------------
    @property
    def index(self) -> int:
        """0 is the innermost."""
        return self.logical.index

    @property
    def pc(self) -> Address:
        """The next instruction to run in it; a return address for callers."""
        return self.logical.physical.pc

    @property
    def lookup_pc(self) -> Address:
        """The address lines and scopes were looked up for: inside the call, for callers."""
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
        """The function or inlined copy as the debug information describes it."""
        return self.logical.function

    @cached_property
    def function(self) -> str | None:
        """Short display path: hashes left out, generics shortened.

        A bare symbol's name where there is no debug information; ``None`` where nothing
        is known.
        """
        if self.code is not None:
            return function_name(self.code)
        return self._symbol_name

    @property
    def full_function(self) -> str | None:
        """Display path with all generics spelled out."""
        return full_function_name(self.code) if self.code is not None else self._symbol_name

    @cached_property
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
    def module(self) -> str | None:
        """File name of the module its code is in."""
        return self.logical.module.name if self.logical.module is not None else None

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
        """It is an inlined copy, sharing the activation of a frame further out."""
        return self.code is not None and self.code.inlined

    @property
    def is_signal_frame(self) -> bool:
        """The kernel's trampoline between a signal handler and what it interrupted."""
        return self.logical.physical.is_signal

    @property
    def language(self) -> Literal["rust", "c", "other"]:
        """By the source file's name."""
        path = self.path or ""
        if path.endswith(".rs"):
            return "rust"
        return "c" if path.endswith((".c", ".h", ".S")) else "other"

    # -- whose -----------------------------------------------------------------------
    @cached_property
    def origin(self) -> Origin:
        """Whose code it is, by the session's policy."""
        return self.thread.process.origin_of(self.code, self.path)

    @property
    def is_std(self) -> bool:
        """It is the standard library's code."""
        return self.origin == "std"

    @cached_property
    def is_user(self) -> bool:
        """It is the user's own code; frames without debug information are not."""
        dependencies = self.thread.process.settings.user_code.dependencies_are_user
        return self.origin == "user" or (dependencies and self.origin == "dependency")

    @property
    def folded_reason(self) -> str:
        """Why a backtrace may leave it out, ``""`` for the user's own frames."""
        if self.is_user:
            return ""
        if self.is_signal_frame:
            return ""
        match self.origin:
            case "std":
                return "standard library"
            case "dependency":
                return "dependency"
            case _:
                return "no debug information"

    # -- registers ---------------------------------------------------------------------
    def registers(self) -> dict[str, int | None]:
        """General registers as this frame sees them; ``None`` for those that are lost."""
        values = dict(zip(REGISTER_NAMES, self.logical.physical.registers, strict=True))
        return {name: values[name] for name in _SHOWN_ORDER}

    def register_bytes(self, number: int) -> bytes | None:
        """A DWARF register, little-endian; ``None`` where its value is lost.

        Vector registers belong to no frame but the innermost: every call may change them.
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
    @cached_property
    def context(self) -> ValueContext:
        """What values found in this frame need to know."""
        process = self.thread.process
        return ValueContext(process.memory, process, self)

    @cached_property
    def scoped_variables(self) -> tuple[ScopedVariable, ...]:
        """Every variable of the function, in scope or not."""
        self.check()
        code, module = self.code, self.loaded_module
        if code is None or module is None:
            return ()
        found = module.image.variables(code.die)
        return scope_variables(found, module.file_address(self.lookup_pc))

    def arguments(self) -> tuple[Binding, ...]:
        """The function's parameters, in order."""
        return tuple(
            self._binding(entry, "argument")
            for entry in self.scoped_variables
            if entry.kind == "parameter" and entry.name
        )

    def locals(self) -> tuple[Binding, ...]:
        """Variables in scope, in order of declaration; shadowed ones are marked.

        In a closure or coroutine that includes what it captured. What the compiler made
        of an async function is left out; ``lookup`` knows it.
        """
        found = [
            entry
            for entry in self.scoped_variables
            if entry.kind == "local" and entry.in_scope and entry.name
        ]
        return tuple(
            self._binding(entry, "capture" if self._is_capture(entry) else "local")
            for entry in found
            if not entry.is_compiler_generated
            and not (self._is_capture(entry) and any(map(entry.is_same_again, found)))
        )

    def _is_capture(self, entry: ScopedVariable) -> bool:
        """Whether a closure has the variable from outside.

        Its own variables are in the blocks their ``let`` opens; captured ones are
        described as variables of the function itself.
        """
        return self._has_captures and entry.variable.depth == 0

    @cached_property
    def _has_captures(self) -> bool:
        return self.code is not None and path_segments(self.code.name)[-1].startswith("{")

    def lookup(self, name: str) -> Value:
        """What ``name`` means here: a local, an argument, else a static by trailing path.

        Raises:
            NotFoundError: Nothing is called that; the hint says when it is declared but
                not in scope yet.
        """
        entry = find_binding(self.scoped_variables, name)
        if entry is not None:
            return self.value_of(entry.variable)
        static = find_static(self, name)
        if static is not None and not self._is_namesake(name, static[0]):
            return static_value(self, *static)
        reason, close = explain_missing(self.scoped_variables, name)
        raise NotFoundError("variable", name, close, hint=reason)

    def _is_namesake(self, name: str, module: Module) -> bool:
        """Whether a library's static is called like a variable that is not in scope here."""
        own = any(entry.variable.name == name for entry in self.scoped_variables)
        return own and module is not self.loaded_module

    def evaluate(self, text: str) -> Value:
        """The value of a Rust expression here; the program is neither run nor changed.

        Raises:
            CrabtrapError: It cannot be read or has no value; the text says why.
        """
        self.check()
        return self.thread.process.settings.language.evaluate(text, self)

    def __getitem__(self, name: str) -> Value:
        """The variable called ``name``: as ``lookup``."""
        return self.lookup(name)

    def variable(self, die: int) -> Value | None:
        """The variable of entry ``die`` of this frame's module, if it is one of the function's."""
        for entry in self.scoped_variables:
            if entry.variable.die == die:
                return self.value_of(entry.variable)
        return None

    def value_of(self, variable: _core.Variable) -> Value:
        """A parameter or local of this frame as a value; nothing of it is read yet."""
        return Value(self._type_of(variable), self._location_of(variable), self.context)

    def _type_of(self, variable: _core.Variable) -> Type:
        module = self.loaded_module
        if variable.type is None or module is None:
            return UNKNOWN_TYPE
        return module.types.type(variable.type)

    def _location_of(self, variable: _core.Variable) -> ValueLocation:
        self.check()
        if variable.constant is not None:
            return Bytes(variable.constant)
        module = self.loaded_module
        if module is None or not variable.has_location:
            return Absent("optimised out")
        physical = self.logical.physical
        pieces = module.locate(
            variable.die,
            pc=self.lookup_pc,
            registers=physical.registers,
            cfa=physical.cfa,
            memory=self.thread.process.target.memory,
        )
        if self._in_prologue and any(piece.kind == "memory" for piece in pieces):
            return Absent("the function has not set up its frame yet")
        return location_from_pieces(pieces, self._type_of(variable).strip().size)

    @cached_property
    def _in_prologue(self) -> bool:
        """The innermost frame stands before the end of its function's prologue."""
        code = self.code
        if code is None or code.inlined or self.logical.physical.index != 0:
            return False
        return code.entry <= self.pc < after_prologue(code)

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
