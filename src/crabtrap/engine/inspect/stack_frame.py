"""What every stack has and every frame: those of threads, and those of what waits in memory.

Whoever shows a frame or evaluates in one asks no more than this, and so need not know whether
there is a thread that runs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from crabtrap.engine.inspect.statics import find_static, is_in_scope, static_value, viewpoint
from crabtrap.errors import NotFoundError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.inspect.user_code import Origin
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.values.value import Value
    from crabtrap.values.value_context import ValueContext


@dataclass(frozen=True, slots=True)
class Binding:
    """A variable of a frame.

    Attributes:
        name: As in the source.
        value: Its value; nothing of it is read yet.
        kind: "capture" is a variable that a closure or coroutine has captured.
        shadowed: A later or deeper variable of the same name shadows it.
        line: 1-based line of its declaration, 0 where unknown.
    """

    name: str
    value: Value
    kind: Literal["argument", "local", "capture", "static"]
    shadowed: bool = False
    line: int = 0


class CallStack(Protocol):
    """What has frames: a thread, or a task that waits."""

    @property
    def title(self) -> str:
        """What messages call it: ``thread 3``."""
        ...

    def frame(self, index: int) -> StackFrame:
        """Return frame ``index``, 0 being the innermost.

        Raises:
            RangeError: There is no such frame.
        """
        ...

    def frames(self, start: int = 0, count: int | None = None) -> tuple[StackFrame, ...]:
        """Return frames ``[start, start + count)``, fewer where the stack ends."""
        ...

    @property
    def backtrace_end_reason(self) -> str:
        """Reason why no more frames are known, ``""`` at the outermost."""
        ...


class StackFrame(Protocol):
    """One frame of a stack."""

    @property
    def process(self) -> Process:
        """The program at the stop it is of."""
        ...

    @property
    def stack(self) -> CallStack:
        """What it is a frame of."""
        ...

    @property
    def thread(self) -> Thread | None:
        """The thread that runs it; ``None`` where it waits in memory."""
        ...

    @property
    def index(self) -> int:
        """Number of the frame; 0 is the innermost."""
        ...

    @property
    def caller(self) -> int | None:
        """Number of the frame that has called it or awaits it, ``None`` for the outermost."""
        ...

    @property
    def is_innermost(self) -> bool:
        """Whether it has called nothing and awaits nothing."""
        ...

    @property
    def branch(self) -> str:
        """Which of several futures that its caller awaits at once it is, ``""`` for the only."""
        ...

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        ...

    # -- where ---------------------------------------------------------------------
    @property
    def pc(self) -> Address | None:
        """The next instruction to run in it; ``None`` where none is known."""
        ...

    @property
    def cfa(self) -> int | None:
        """Canonical frame address; ``None`` where it is unknown, or the frame waits."""
        ...

    @property
    def code(self) -> Function | None:
        """The function or inline instance as the debug information describes it."""
        ...

    @property
    def function(self) -> str | None:
        """Short display path."""
        ...

    @property
    def full_function(self) -> str | None:
        """Display path with all generics spelled out."""
        ...

    @property
    def loaded_module(self) -> Module | None:
        """The module its code is in."""
        ...

    @property
    def path(self) -> str | None:
        """Source file as the debug information names it."""
        ...

    @property
    def line(self) -> int:
        """1-based line, 0 where unknown."""
        ...

    @property
    def column(self) -> int:
        """1-based column, 0 where unknown."""
        ...

    @property
    def inlined(self) -> bool:
        """Whether it is an inline instance, part of the activation of an outer frame."""
        ...

    @property
    def is_signal_frame(self) -> bool:
        """Whether it is the signal trampoline, see ``sigreturn(2)``."""
        ...

    @property
    def module(self) -> str | None:
        """File name of the module its code is in."""
        return self.loaded_module.name if self.loaded_module is not None else None

    @property
    def language(self) -> Literal["rust", "c", "other"]:
        """Language, derived from the source file's name."""
        path = self.path or ""
        if path.endswith(".rs"):
            return "rust"
        return "c" if path.endswith((".c", ".h", ".S")) else "other"

    # -- origin ----------------------------------------------------------------------
    @property
    def origin(self) -> Origin:
        """Origin of its code, by the session's policy."""
        ...

    @property
    def is_std(self) -> bool:
        """Whether it is the standard library's code."""
        return self.origin == "std"

    @property
    def is_user(self) -> bool:
        """Whether it is the user's code; without debug information it is not."""
        dependencies = self.process.settings.user_code.dependencies_are_user
        return self.origin == "user" or (dependencies and self.origin == "dependency")

    @property
    def folded_reason(self) -> str:
        """Reason why a backtrace may omit it, ``""`` for the user's frames and signal frames."""
        if self.is_user or self.is_signal_frame:
            return ""
        match self.origin:
            case "std":
                return "standard library"
            case "dependency":
                return "dependency"
            case _:
                return "no debug information"

    # -- variables ---------------------------------------------------------------------
    @property
    def context(self) -> ValueContext:
        """The context of values of this frame."""
        ...

    @property
    def variables_unknown(self) -> str:
        """Why nothing is known of its variables, ``""`` where they are known."""
        ...

    def arguments(self) -> tuple[Binding, ...]:
        """Return the function's parameters, in order."""
        ...

    def locals(self) -> tuple[Binding, ...]:
        """Return the variables in scope, in order of declaration; shadowed ones are marked."""
        ...

    def variable_named(self, name: str) -> Value | None:
        """Find the local, argument or captured variable that ``name`` means here."""
        ...

    def explain_missing(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Explain why ``name`` is not visible: a sentence or ``""``, and similar visible names."""
        ...

    def registers(self) -> dict[str, int | None]:
        """Return the general registers as this frame sees them; none where it waits."""
        ...

    @property
    def variables(self) -> dict[str, Value]:
        """Arguments and variables in scope by name, in order; what is shadowed is left out."""
        bindings = (*self.arguments(), *self.locals())
        return {one.name: one.value for one in bindings if not one.shadowed}

    def lookup(self, name: str) -> Value:
        """Find a variable by name: a local, an argument, else a static by trailing path.

        Raises:
            NotFoundError: There is none; the hint says if it is declared but not in scope.
        """
        found = self.variable_named(name)
        if found is not None:
            return found
        reason, close = self.explain_missing(name)
        static = find_static(self, name) if not reason or self.sees_static(name) else None
        if static is not None:
            return static_value(self, *static)
        raise NotFoundError("variable", name, close, hint=reason)

    def __getitem__(self, name: str) -> Value:
        """Find a variable by name, as ``lookup``."""
        return self.lookup(name)

    def sees_static(self, name: str) -> bool:
        """Whether a name means a static of the functions and modules around."""
        return is_in_scope(self.process.modules, name, viewpoint(self.process, self))

    def evaluate(self, text: str) -> Value:
        """Evaluate a Rust expression here; the program is neither run nor changed.

        Raises:
            CrabtrapError: It cannot be parsed or has no value; the text says why.
        """
        self.check()
        return self.process.settings.language.evaluate(text, self)

    def _repr_html_(self) -> str:
        """Its variables, for notebooks."""
        return self.process.settings.language.frame_html(self)
