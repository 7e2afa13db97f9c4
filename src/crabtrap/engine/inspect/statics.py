"""Statics and thread-locals, found by any trailing part of their path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.user_code import crate_of, is_system_library
from crabtrap.errors import NotFoundError
from crabtrap.records import dataclass
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.types import synthetic_type
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import Absent, Bytes, location_from_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crabtrap import _core
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.values.value_location import ValueLocation

FoundStatic = tuple["Module", "_core.Variable"]

_NO_REGISTERS: tuple[None, ...] = (None,) * 17


_STORAGE = ("__RUST_STD_INTERNAL_VAL", "VAL", "__KEY")
"""Names that versions of std's ``thread_local!`` give to the generated variable."""


def find_statics(modules: ModuleTable, query: str) -> tuple[FoundStatic, ...]:
    """Find every static and thread-local whose path ends with ``query``, in module order.

    A name declared by ``thread_local!`` means the variable that the macro generates in it.
    """
    path = query.removeprefix("crate::")
    found = tuple((m, v) for m in modules for v in m.image.find_statics(path))
    if found:
        return found
    return tuple((m, v) for m in modules for v in _find_thread_locals(m, path_segments(path)))


def known_thread_locals(module: Module, path: str) -> tuple[_core.Variable, ...]:
    """Find a thread-local by its whole path, as in the source; one of a module is kept.

    Symbols tell whether there is one, before the module's other names need be known.
    """
    if path not in module.known_locals:
        is_there = bool(module.image.symbols_matching(f"^{re.escape(path)}(::|$)", 1))
        found = _find_thread_locals(module, path_segments(path)) if is_there else ()
        module.known_locals[path] = tuple(found)
    return module.known_locals[path]


def _find_thread_locals(module: Module, query: tuple[str, ...]) -> Iterator[_core.Variable]:
    declared: dict[tuple[str, ...], list[_core.Variable]] = {}
    for name in _STORAGE:
        for variable in module.image.find_statics(name):
            segments = _declared_segments(variable.path)
            if segments[-len(query) :] == query:
                declared.setdefault(segments, []).append(variable)
    for variables in declared.values():
        yield from _linked(module, variables)


def _declared_segments(path: str) -> tuple[str, ...]:
    """Return the path declared by ``thread_local!`` for a generated variable; else ``()``."""
    segments = path_segments(path)[:-1]
    declared = segments
    while declared and (declared[-1].startswith("{") or declared[-1] == "__getit"):
        declared = declared[:-1]
    return declared if declared != segments else ()


def _linked(module: Module, variables: list[_core.Variable]) -> list[_core.Variable]:
    """Return the variables the linker kept: the macro generates two, of which it keeps one.

    Where the optimiser left none, either of them has that as the reason.
    """
    linked = [v for v in variables if v.linkage_name and module.symbols_named(v.linkage_name)]
    return linked or variables[:1]


def choose_static(found: tuple[FoundStatic, ...], query: str, near: str) -> FoundStatic | None:
    """Choose the static that ``query`` means in the function with path ``near``.

    An exact path wins; else the path that shares the most leading segments with ``near``,
    like scoping in the source.

    Raises:
        NotFoundError: Several are equally near; the hint lists their paths.
    """
    if len(found) <= 1:
        return found[0] if found else None
    exact = [entry for entry in found if entry[1].path == query]
    candidates = exact or list(found)
    here = path_segments(near)
    scores = [_shared(path_segments(variable.path), here) for _, variable in candidates]
    best = max(scores)
    nearest = [c for c, score in zip(candidates, scores, strict=True) if score == best]
    if len({variable.path for _, variable in nearest}) > 1:
        paths = tuple(sorted({variable.path for _, variable in nearest}))
        raise NotFoundError(
            "single static", query, paths, hint=f"several are called that: {', '.join(paths)}"
        )
    return nearest[0]


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where in the program a name is looked up from.

    Attributes:
        function: Path of the function, ``""`` where there is none.
        module: The module of its code.
        is_users: Whether a file name, as the debug information has it, is the user's.
    """

    function: str
    module: Module | None
    is_users: Callable[[str | None], bool]


def viewpoint(process: Process, frame: StackFrame | None = None) -> Viewpoint:
    """Make the viewpoint of a frame, or of the program as a whole."""
    code = frame.code if frame is not None else None
    return Viewpoint(
        code.name if code is not None else "",
        frame.loaded_module if frame is not None else None,
        process.settings.user_code.is_user_path,
    )


def resolve_static(modules: ModuleTable, query: str, view: Viewpoint) -> FoundStatic | None:
    """Find the static that ``query`` means, as scoping in the source has it.

    A path means any static whose path ends so.  A bare name means one of the functions and
    modules around, innermost first, else the only one of that name in the user's own code:
    libraries are full of names.

    Raises:
        NotFoundError: It could be one of several.
    """
    found = find_statics(modules, query)
    if len(path_segments(query)) == 1:
        found = _in_scope(found, view) or tuple(each for each in found if _is_users(each, view))
    own = tuple(entry for entry in found if entry[0] is view.module)
    return choose_static(own or found, query, view.function)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where the source declares a static or thread-local.

    Attributes:
        name: Its path.
        path: Source file as the debug information names it, ``None`` where that has none.
        line: 1-based, 0 where unknown.
    """

    name: str
    path: str | None
    line: int


def find_declaration(process: Process, query: str, frame: StackFrame | None) -> Declaration | None:
    """Find where the static that ``query`` means is declared.

    Raises:
        NotFoundError: It could be one of several.
    """
    found = resolve_static(process.modules, query, viewpoint(process, frame))
    if found is None:
        return None
    variable = found[1]
    declared = "::".join(_declared_segments(variable.path))
    path = variable.declaration_path
    if declared and not process.settings.user_code.is_user_path(path):
        return Declaration(declared, None, 0)  # a line of the macro, as old compilers have it
    return Declaration(declared or variable.path, path, variable.declaration_line)


def is_in_scope(modules: ModuleTable, name: str, view: Viewpoint) -> bool:
    """Whether a bare name means a static of the functions and modules around."""
    return bool(_in_scope(find_statics(modules, name), view))


def _in_scope(found: tuple[FoundStatic, ...], view: Viewpoint) -> tuple[FoundStatic, ...]:
    around = tuple(_without_generics(segment) for segment in path_segments(view.function))
    depths: dict[int, list[FoundStatic]] = {}
    for module, variable in found:
        scope = _scope_of(variable)
        is_named = scope or is_c_path(view.function)
        if module is view.module and is_named and around[: len(scope)] == scope:
            depths.setdefault(len(scope), []).append((module, variable))
    return tuple(depths[max(depths)]) if depths else ()


def _scope_of(variable: _core.Variable) -> tuple[str, ...]:
    """The module or function that declares a static."""
    declared = _declared_segments(variable.path) or path_segments(variable.path)
    return tuple(_without_generics(segment) for segment in declared[:-1])


def _without_generics(segment: str) -> str:
    return segment if segment.startswith("<") else segment.partition("<")[0]


def is_c_path(function: str) -> bool:
    """Whether a function is in no module, as in C, so that statics in none are around it."""
    return "::" not in function


def _is_users(found: FoundStatic, view: Viewpoint) -> bool:
    module, variable = found
    if is_system_library(module.path):
        return False
    return view.is_users(variable.declaration_path) or (
        bool(_declared_segments(variable.path)) and _is_users_crate(variable.path, module, view)
    )


def _is_users_crate(path: str, module: Module, view: Viewpoint) -> bool:
    """Whether a crate's functions are the user's: macros of std leave the place of their own."""
    functions = module.find_code_matching(f"^{re.escape(crate_of(path))}::", 1)
    return any(view.is_users(function.declaration_path) for function in functions)


def find_static(frame: StackFrame, query: str) -> FoundStatic | None:
    """Find the static that ``query`` means in a frame.

    Raises:
        NotFoundError: It could be one of several.
    """
    process = frame.process
    return resolve_static(process.modules, query, viewpoint(process, frame))


def static_value(frame: StackFrame, module: Module, variable: _core.Variable) -> Value:
    """Return a static, or the thread-local of the frame's thread, as a value."""
    return value_of_static(frame.process, frame.thread, module, variable)


def value_of_static(
    process: Process, thread: Thread | None, module: Module, variable: _core.Variable
) -> Value:
    """Return a static as a value; ``thread`` is needed for thread-locals only."""
    type_ = (
        module.types.variable_type(variable.type, variable.alignment)
        if variable.type is not None
        else synthetic_type("opaque", "<unknown type>")
    )
    location = _location(process, thread, module, variable, type_.strip().size)
    return Value(type_, location, ValueContext(process.memory, process))


def _location(
    process: Process,
    thread: Thread | None,
    module: Module,
    variable: _core.Variable,
    size: int | None,
) -> ValueLocation:
    if variable.constant is not None:
        return Bytes(variable.constant)
    if not variable.has_location:
        return Absent("optimised out")
    has_tls = any(segment.kind == "tls" for segment in module.image.segments)
    block = thread.tls_block(module) if thread is not None and has_tls else None
    pieces = module.locate(
        variable.die,
        pc=module.address(0),
        registers=_NO_REGISTERS,
        cfa=None,
        memory=process.target.memory,
        tls=block.address if block is not None else None,
    )
    if block is not None and block.address is None and pieces[0].kind == "absent":
        return Absent(block.reason)
    return location_from_pieces(pieces, size)


def _shared(path: tuple[str, ...], here: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(path, here, strict=False):
        if a != b:
            break
        count += 1
    return count
