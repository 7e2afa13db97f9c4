"""Scopes of expressions: a frame's variables, statics, registers and the value history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.process import Process
from crabtrap.engine.inspect.stack_frame import StackFrame
from crabtrap.engine.inspect.statics import (
    Viewpoint,
    find_statics,
    is_c_path,
    resolve_static,
    value_of_static,
    viewpoint,
)
from crabtrap.engine.machine import Stopped, require
from crabtrap.errors import NotFoundError, StateError
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.types import PRIMITIVES, pointer_type, synthetic_type
from crabtrap.values import NOWHERE, Absent, Bytes, NoProgramInfo, Value, ValueContext

if TYPE_CHECKING:
    from crabtrap.engine.machine import State
    from crabtrap.session.history import ValueHistory
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.types import Type

_ANSWER = ("", "_")
"""``$`` and ``$_``: the newest value of the history."""

_WORD = 8
_INTEGERS = {8: "u64", 4: "u32", 2: "u16", 1: "u8", 16: "u128"}


class ProgramScope:
    """The scope without a frame: statics, functions, types, history."""

    def __init__(self, process: Process, history: ValueHistory) -> None:
        self._process = process
        self._history = history

    @property
    def context(self) -> ValueContext:
        """The context of values without a frame."""
        return ValueContext(self._process.memory, self._process)

    def lookup(self, name: str) -> Value | None:
        """Find no local: there is no frame."""
        return None

    def lookup_path(self, path: str) -> Value | None:
        """Find a static or a function: by any trailing path, or a bare name of the user's."""
        view = viewpoint(self._process)
        found = resolve_static(self._process.modules, path, view)
        if found is not None:
            return value_of_static(self._process, None, *found)
        return self._function(path, view)

    def _function(self, path: str, view: Viewpoint) -> Value | None:
        """Find a function: the nearest by its path, and of a bare name one around or a user's.

        Raises:
            NotFoundError: A library has something of that bare name, and no one else.
        """
        is_bare = len(path_segments(path)) == 1
        for module in self._process.modules:
            found = module.find_functions(path)
            if is_bare:
                found = tuple(one for one in found if self._may_be_meant(one, view))
            if found:
                address = found[0].entry.to_bytes(_WORD, "little")
                code = synthetic_type("function", found[0].path)
                return Value(pointer_type(code, "*const "), Bytes(address), self.context)
        if is_bare:
            self._refuse_far(path)
        return None

    def _may_be_meant(self, function: Function, view: Viewpoint) -> bool:
        scope = path_segments(function.name)[:-1]
        is_around = scope == path_segments(view.function)[: len(scope)]
        is_own = function.module is view.module and (bool(scope) or is_c_path(view.function))
        return (is_own and is_around) or self._process.settings.user_code.is_user_function(function)

    def _refuse_far(self, name: str) -> None:
        statics = find_statics(self._process.modules, name)
        far = tuple(
            dict.fromkeys(variable.path for _, variable in statics if variable.path != name)
        )
        if far and self.find_type(name) is None:
            raise NotFoundError("variable", name, far[:3], message=f"no variable {name} here")

    def find_type(self, text: str) -> Type | None:
        """Find a type by any trailing path."""
        return self._process.find_type(text)

    def register(self, name: str) -> Value | None:
        """Find no register: there is no frame."""
        return None

    def variable(self, name: str) -> Value | None:
        """Return the convenience variable ``$name``, or the newest value for ``$`` and ``$_``."""
        if name in _ANSWER:
            return self.history(0, from_end=True)
        return self._kept(self._history.variables.get(name))

    def history(self, number: int, from_end: bool) -> Value | None:
        """Return value ``$number``, or counted back from the newest, which is 0."""
        values = self._history.values
        index = len(values) - 1 - number if from_end else number - 1
        return self._kept(values[index]) if 0 <= index < len(values) else None

    def _kept(self, value: Value | None) -> Value | None:
        """A value that was kept, which may be one of an earlier stop."""
        if value is None or value.context.program is self._process:
            return value
        is_computed = isinstance(value.context.program, NoProgramInfo)
        return value if is_computed else value.kept(self.context)

    def names(self) -> tuple[str, ...]:
        """Return no names: there are no locals."""
        return ()

    @property
    def missing_hint(self) -> str:
        """Hint for a name that was not found: most names are locals, which need a frame."""
        return "variables are there once the program runs: run"


class EndedScope(ProgramScope):
    """The scope of a program that has ended: functions, types and the history."""

    def __init__(self, process: Process, history: ValueHistory, state: State) -> None:
        super().__init__(process, history)
        self._state = state

    @property
    def context(self) -> ValueContext:
        """The context of values: no memory can be read."""
        return NOWHERE

    def lookup_path(self, path: str) -> Value | None:
        """Find a function by any trailing path; statics have no value any more.

        Raises:
            StateError: There is a static of that name.
        """
        if find_statics(self._process.modules, path):
            require(self._state, Stopped, to=f"read {path}")
        return self._function(path, viewpoint(self._process))


class FrameScope(ProgramScope):
    """The scope of one frame."""

    def __init__(self, frame: StackFrame, history: ValueHistory) -> None:
        super().__init__(frame.process, history)
        self._frame = frame

    @property
    def context(self) -> ValueContext:
        """The context of values of the frame."""
        return self._frame.context

    def lookup(self, name: str) -> Value | None:
        """Find the innermost local, argument or captured variable at the frame's pc.

        A variable that is not in scope yet is found as an absent value, so that it is not
        mistaken for a static of the same name.
        """
        found = self._frame.variable_named(name)
        if found is not None:
            return found
        reason, _ = self._frame.explain_missing(name)
        if not reason or self._frame.sees_static(name):
            return None
        return Value(synthetic_type("opaque", "_"), Absent(reason), self.context)

    def lookup_path(self, path: str) -> Value | None:
        """Find a static, a thread-local of this thread, a constant or a function by its path."""
        code = self._frame.code
        near = code.name if code is not None else ""
        absolute = absolute_path(path, near)
        view = viewpoint(self._process, self._frame)
        chosen = resolve_static(self._process.modules, absolute, view)
        if chosen is not None:
            return value_of_static(self._process, self._frame.thread, *chosen)
        from crabtrap.session.constants import find_constant  # noqa: PLC0415 - slow to import

        return find_constant(self._frame, path) or self._function(absolute, view)

    def register(self, name: str) -> Value | None:
        """Read a register as this frame sees it; special ones in the innermost frame only."""
        thread = self._frame.thread
        if thread is None:
            raise StateError("a task that waits has no registers", hint="thread NUMBER")
        general = self._frame.registers()
        wanted = {"pc": "rip", "sp": "rsp", "fp": "rbp"}.get(name, name)
        if wanted in general:
            value = general[wanted]
            if value is None:
                return Value(PRIMITIVES["u64"], Absent("lost in the call"), self.context)
            return Value(PRIMITIVES["u64"], Bytes(value.to_bytes(_WORD, "little")), self.context)
        if not self._frame.is_innermost:
            return None
        try:
            data = thread.process.target.read_register(thread.tid, wanted)
        except NotFoundError:
            return None
        type_name = _INTEGERS.get(len(data))
        return Value(PRIMITIVES[type_name], Bytes(data), self.context) if type_name else None

    def names(self) -> tuple[str, ...]:
        """Return the names of the variables in scope."""
        bindings = (*self._frame.arguments(), *self._frame.locals())
        return tuple(dict.fromkeys(binding.name for binding in bindings))

    @property
    def missing_hint(self) -> str:
        """Hint for a name that was not found: why no name is known, if so."""
        return self._frame.variables_unknown


def absolute_path(path: str, near: str) -> str:
    """Resolve a leading ``crate``, ``self`` or ``super`` against the function ``near``.

    Example:
        >>> absolute_path("super::LIMIT", "demo::parse::line")
        'demo::LIMIT'
        >>> absolute_path("crate::LIMIT", "demo::parse::line")
        'demo::LIMIT'
    """
    module = near.split("::")[:-1]
    first, _, rest = path.partition("::")
    if not rest:
        return path
    if first == "crate":
        return "::".join([*module[:1], rest])
    if first == "self":
        return "::".join([*module, rest])
    if first == "super":
        return _absolute_super(module, rest)
    return path


def _absolute_super(module: list[str], rest: str) -> str:
    while True:
        module = module[:-1]
        first, _, tail = rest.partition("::")
        if first != "super" or not tail:
            return "::".join([*module, rest])
        rest = tail
