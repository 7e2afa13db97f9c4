"""Frames of a task that waits: what it awaits, as a stack with the innermost future first.

Where a future awaits several at once, each of those is a branch with frames of its own.  All
are numbered in one row, a branch before the future that awaits it, so that the outermost frame
has the highest number in a task as in a thread.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.inspect.coroutine_poll import owns_nothing
from crabtrap.engine.inspect.stack_frame import Binding, StackFrame
from crabtrap.engine.inspect.user_code import crate_of
from crabtrap.lazy import lazy
from crabtrap.symbols.names import body_name, full_function_name, function_name
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.values import Absent, Value, ValueContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import CallStack
    from crabtrap.engine.inspect.user_code import Origin
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.tasks.futures import Await, HeldVariable, State

_STD = ("core", "alloc", "std")
_AMBIGUOUS = "several variables of this name are kept, and which one is in scope is not known"
_MOVED = "moved or dropped before this await"

_FOR_PATTERN = re.compile(r"__arg\d+")
"""What rustc calls an argument that has a pattern in place of a name."""


class TaskFrame(StackFrame):
    """One future that a task awaits: an async function or block at its await, or a leaf.

    A future that is no coroutine has one variable, ``self``.

    Attributes:
        level: The future, decoded.
    """

    def __init__(
        self, stack: CallStack, process: Process, level: Await, place: tuple[int, int | None, str]
    ) -> None:
        """Make a frame; see ``task_frames``.

        Args:
            stack: The task.
            process: The program at this stop.
            level: The future.
            place: Its number, its caller's, and its branch.
        """
        self._stack, self._process, self.level = stack, process, level
        self._index, self._caller, self._branch = place

    def __repr__(self) -> str:
        return f"<TaskFrame {self.index} {self.function}>"

    @property
    def process(self) -> Process:
        """The program at the stop it is of."""
        return self._process

    @property
    def stack(self) -> CallStack:
        """The task."""
        return self._stack

    @property
    def thread(self) -> None:
        """No thread runs it."""
        return

    @property
    def index(self) -> int:
        """Number of the frame; 0 is the innermost of the first branch."""
        return self._index

    @property
    def caller(self) -> int | None:
        """Number of the frame that awaits it."""
        return self._caller

    @property
    def is_innermost(self) -> bool:
        """Whether it awaits no other future."""
        return not self.level.children

    @property
    def branch(self) -> str:
        """Its position among the futures that its caller awaits at once, ``""`` if alone."""
        return self._branch

    @property
    def state(self) -> State:
        """Whether it waits, was not started, or has ended."""
        return self.level.state

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        self._process.clock.check(self._process.epoch, "frame")

    # -- where ---------------------------------------------------------------------
    @property
    def pc(self) -> None:
        """Nothing of it is being run."""
        return

    @property
    def cfa(self) -> None:
        """It is on no stack."""
        return

    @lazy
    def code(self) -> Function | None:
        """The function that polls it, where the debug information has it on its own."""
        module = self.loaded_module
        if module is None or not self.level.is_coroutine:
            return None
        path = self.level.value.shape.path.replace("_env#", "#")
        found = module.find_code(path) or module.find_inlined_code(path)
        return next((each for each in found if each.name == path), None)

    @lazy
    def function(self) -> str | None:
        """Short display path of the async function or block; of other futures the type."""
        return self.level.name if self.code is None else body_name(function_name(self.code))

    @property
    def full_function(self) -> str | None:
        """Display path with all generics spelled out."""
        if self.code is None:
            return self.level.value.shape.path
        return body_name(full_function_name(self.code))

    @lazy
    def loaded_module(self) -> Module | None:
        """The module that has its type."""
        table = self.level.value.shape.table
        return next((each for each in self._process.modules if each.types is table), None)

    @property
    def path(self) -> str | None:
        """Source file of the await, as the debug information names it."""
        return self.level.path

    @property
    def line(self) -> int:
        """1-based line of the await; of the function, if it was not started."""
        return self.level.line

    @property
    def column(self) -> int:
        """Unknown: 0."""
        return 0

    @property
    def inlined(self) -> bool:
        """It is a place in memory, wherever its code is."""
        return False

    @property
    def is_signal_frame(self) -> bool:
        """A signal handler awaits nothing."""
        return False

    @lazy
    def origin(self) -> Origin:
        """Origin of its code, by the session's policy; of a leaf, of its type's crate."""
        if self.code is not None:
            return self._process.origin_of(self.code, self.path)
        if self.path:
            return self._process.settings.user_code.origin_of_path(self.path)
        return self._origin_of_type()

    def _origin_of_type(self) -> Origin:
        crate = crate_of(parse_type_path(self.level.value.shape.path).head)
        if crate in _STD:
            return "std"
        module = self.loaded_module
        found = module.find_code_matching(f"^{crate}::", 1) if module is not None else ()
        return self._process.origin_of(found[0], None) if found else "unknown"

    # -- variables ---------------------------------------------------------------------
    @property
    def context(self) -> ValueContext:
        """The context of values of this frame."""
        return self.level.value.context

    @property
    def variables_unknown(self) -> str:
        """Why nothing is known of its variables, ``""`` where they are known."""
        return self.level.problem

    def registers(self) -> dict[str, int | None]:
        """It has none."""
        return {}

    def arguments(self) -> tuple[Binding, ...]:
        """What an async function was called with, as far as it is kept; else ``self``."""
        if not self.level.is_coroutine:
            return (Binding("self", self.level.value, "argument"),)
        return tuple(one for one in self._bindings if one.kind == "argument")

    def locals(self) -> tuple[Binding, ...]:
        """Variables that are kept over the await; those that the compiler made are left out."""
        return tuple(one for one in self._bindings if one.kind != "argument")

    def variable_named(self, name: str) -> Value | None:
        """Find the variable that ``name`` means here."""
        bindings = (*self.arguments(), *self.locals())
        found = (one.value for one in bindings if one.name == name and not one.shadowed)
        return next(found, None)

    def explain_missing(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Explain why ``name`` is not visible: a sentence or ``""``, and similar visible names."""
        known = [one.name for one in (*self.arguments(), *self.locals())]
        close = tuple(difflib.get_close_matches(name, known, 3))
        return self._explain_lost(name), close

    def _explain_lost(self, name: str) -> str:
        """That the function has the variable, which is not kept here."""
        if self.code is None:
            return ""
        variables = self.code.module.image.variables(self.code.die)
        lines = sorted({one.declaration_line for one in variables if one.name == name})
        if not lines:
            return ""
        return f"{name} is declared at line {lines[0]} and is not kept over this await"

    @lazy
    def _bindings(self) -> tuple[Binding, ...]:
        self.check()
        return tuple(
            Binding(one.name, self._value(one), self._kind(one), one.shadowed)
            for one in self.level.variables
            if one.kind != "temporary" and not self._is_taken_apart(one)
        )

    def _is_taken_apart(self, one: HeldVariable) -> bool:
        """Whether it was passed for a pattern, whose variables have it once the body has begun."""
        return self.level.state != "not started" and _FOR_PATTERN.fullmatch(one.name) is not None

    def _kind(self, one: HeldVariable) -> Literal["argument", "local", "capture"]:
        if one.name not in self._passed:
            return "local"
        return "argument" if self._is_function else "capture"

    def _value(self, one: HeldVariable) -> Value:
        """A variable's value, unless its place is known to hold no more of it.

        An async function moves its arguments into variables when it is first polled.  One that
        is not kept as such was moved on or dropped before this await; the bytes that it was
        passed in are left, which are as good for what owns nothing.
        """
        if one.ambiguous:
            return Value(one.value.type, Absent(_AMBIGUOUS), one.value.context)
        is_left = one.kind == "argument" and self.level.state == "suspended" and self._is_function
        if is_left and not owns_nothing(one.value.shape):
            return Value(one.value.type, Absent(_MOVED), one.value.context)
        return one.value

    @property
    def _is_function(self) -> bool:
        return "::{async_fn_env#" in self.level.value.shape.path

    @lazy
    def _passed(self) -> frozenset[str]:
        """Names of what the coroutine was made with."""
        cases = self.level.value.shape.cases
        first = (
            next((one for one in cases.cases if one.name == "Unresumed"), None) if cases else None
        )
        return frozenset(field.name for field in first.type.fields) if first else frozenset()


def task_frames(stack: CallStack, process: Process, root: Await) -> tuple[TaskFrame, ...]:
    """Make the frames of a task, by number."""
    levels = list(_in_order(root, ""))
    numbers = {id(level): index for index, (level, _, _) in enumerate(levels)}
    return tuple(
        TaskFrame(
            stack, process, level, (index, None if above is None else numbers[id(above)], branch)
        )
        for index, (level, above, branch) in enumerate(levels)
    )


def _in_order(
    level: Await, branch: str, above: Await | None = None
) -> Iterator[tuple[Await, Await | None, str]]:
    """Yield futures before what awaits them, each with that and with its branch."""
    branches = _branches([label for label, _ in level.children])
    for label, (_, child) in zip(branches, level.children, strict=True):
        yield from _in_order(child, label, level)
    yield level, above, branch


def _branches(labels: Sequence[str]) -> list[str]:
    if len(labels) < 2:
        return [""] * len(labels)
    return [label or str(number) for number, label in enumerate(labels)]
