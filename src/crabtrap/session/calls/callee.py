"""Finding the function that a call means, by name, receiver and arguments."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from crabtrap.expr import EvaluationError
from crabtrap.records import dataclass
from crabtrap.symbols.names import function_name, path_segments
from crabtrap.symbols.types import REFERENCES, parse_type_path
from crabtrap.values.unsized import pointee_name, wide_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap import _core
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type

_DEBUG = "core::fmt::Debug"
_FMT_PARAMETERS = 2
_LISTED = 8
_OF_TRAIT = r"<.* as .*>::|<impl .* for .*>::"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter.

    Attributes:
        name: As in the source.
        type: Its type.
        variable: Its DIE, ``None`` where there is none (the captures of a closure).
    """

    name: str
    type: Type
    variable: _core.Variable | None


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that can be called.

    Attributes:
        function: Its code.
        parameters: In the order of the source.
        result: What it returns, ``None`` for ``()``.
    """

    function: Function
    parameters: tuple[Parameter, ...]
    result: Type | None

    @property
    def name(self) -> str:
        """Display path with generics: ``app::Point::norm``."""
        return function_name(self.function)


def describe_callee(function: Function) -> Callee:
    """Return a function with the types of its parameters and result.

    Raises:
        EvaluationError: Debug information does not suffice to call it.
    """
    module, name = function.module, function_name(function)
    image = module.image
    if image.has_changed_signature(function.die):
        raise EvaluationError(
            f"the optimiser has changed what {name} takes or returns, and does not say how"
        )
    if not function.declaration_path:
        raise EvaluationError(f"the parameters of {name} are not described")
    parameters = [v for v in image.variables(function.die) if v.kind == "parameter"]
    if any(variable.type is None for variable in parameters):
        raise EvaluationError(f"the parameters of {name} are not described")
    result = image.return_type(function.die)
    return Callee(
        function,
        tuple(Parameter(v.name, module.types.type(v.type or 0), v) for v in parameters),
        None if result is None else module.types.type(result),
    )


def find_named(modules: ModuleTable, path: str, near: str) -> tuple[Callee, ...]:
    """Find the function that a path means, all its generic instances, or a trait's methods.

    Args:
        modules: The modules to search, the main program first.
        path: An absolute path, or trailing parts of one.
        near: Path of the function it is used in: of several functions, those that share the
            most leading segments with it are meant.

    Raises:
        EvaluationError: There are only functions that cannot be called.
    """
    functions = tuple(_all_named(modules, path))
    scores = [_shared_segments(function.name, near) for function in functions]
    best = max(scores, default=0)
    if not best and _is_inlined_nearer(modules, path, near):
        return ()  # the functions found are others of that name
    nearest = (f for f, score in zip(functions, scores, strict=True) if score == best)
    return _described(nearest)


def _is_inlined_nearer(modules: ModuleTable, path: str, near: str) -> bool:
    instances = (instance for module in modules for instance in module.find_inlined(path))
    return any(_shared_segments(instance.name, near) for instance in instances)


def _shared_segments(path: str, near: str) -> int:
    pairs = zip(path_segments(path), path_segments(near), strict=False)
    return len(tuple(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _all_named(modules: ModuleTable, path: str) -> Iterator[Function]:
    """Yield the functions of the first module that has any, the main program first."""
    main = modules.main
    for module in sorted(modules, key=lambda each: each is not main):
        found = module.find_functions(path)
        if found:
            yield from found
            return


def _described(functions: Iterable[Function]) -> tuple[Callee, ...]:
    found: list[Callee] = []
    failure: EvaluationError | None = None
    for function in functions:
        try:
            found.append(describe_callee(function))
        except EvaluationError as error:
            failure = error
    if failure is not None and not found:
        raise failure
    return tuple(found)


def find_methods(modules: ModuleTable, type_: Type, name: str) -> tuple[Callee, ...]:
    """Find the methods called ``name`` whose receiver is a ``type_``, or a reference to one.

    Inherent methods hide those of traits (Rust reference, "Method-call expressions").

    Raises:
        EvaluationError: There are only methods that cannot be called.
    """
    owner = path_segments(parse_type_path(type_.path).head)[-1]
    functions = [
        *_all_named(modules, f"{owner}::{name}"),
        *(_all_named(modules, name) if not owner.isidentifier() else ()),
    ]
    found = [
        callee
        for callee in _described(functions)
        if callee.parameters and is_receiver(callee.parameters[0].type, type_)
    ]
    inherent = [callee for callee in found if not re.search(_OF_TRAIT, callee.function.path)]
    return tuple(inherent or found) or _default_methods(modules, type_, name)


def _default_methods(modules: ModuleTable, type_: Type, name: str) -> tuple[Callee, ...]:
    """Find methods whose bodies a trait has: each is an instance for its receiver's type."""
    instance = parse_type_path(type_.path).head
    functions = (f for f in _all_named(modules, name) if f"<{instance}" in f.path)
    return tuple(
        callee
        for callee in _callable(functions)
        if callee.parameters
        and callee.parameters[0].name == "self"
        and is_receiver(callee.parameters[0].type, type_)
    )


def find_debug_impls(modules: ModuleTable, type_: Type) -> tuple[Callee, ...]:
    """Find the ``Debug::fmt`` of a type, where the program has it and describes it."""
    owner = path_segments(parse_type_path(type_.path).head)[-1]
    queries = (f"{owner}::fmt", "Debug::fmt") if owner.isidentifier() else ("Debug::fmt",)
    for query in queries:
        for module in modules:
            found = [f for f in module.find_functions(query) if _DEBUG in f.path]
            callees = _callable(found)
            fitting = [c for c in callees if _formats(c, type_)]
            if fitting:
                return tuple(fitting)
    return ()


def _callable(functions: Iterable[Function]) -> tuple[Callee, ...]:
    try:
        return _described(functions)
    except EvaluationError:
        return ()


def _formats(callee: Callee, type_: Type) -> bool:
    if len(callee.parameters) != _FMT_PARAMETERS:
        return False
    return takes_reference(callee.parameters[0].type, type_)


def is_receiver(parameter: Type, type_: Type) -> bool:
    """Whether a first parameter takes a receiver of a type, by value or by reference."""
    return parameter.same_as(type_) or takes_reference(parameter, type_)


def takes_reference(parameter: Type, type_: Type) -> bool:
    """Whether a parameter is ``&T`` or ``&mut T`` of that type."""
    shape = parameter.strip()
    if not shape.row.name.startswith(REFERENCES):
        return False
    if wide_kind(shape) is not None:
        return pointee_name(shape).replace(" ", "") in (
            type_.path.replace(" ", ""),
            type_.row.name.replace(" ", ""),
        )
    return shape.target is not None and shape.target.same_as(type_)


def find_closure(modules: ModuleTable, type_: Type) -> Callee | None:
    """Find the body of a closure by the type of its captures, ``None`` for other types.

    Raises:
        EvaluationError: The body was inlined everywhere, or is not described.
    """
    path = type_.strip().path
    if "{closure_env#" not in path:
        return None
    name = parse_type_path(path).head.replace("{closure_env#", "{closure#")
    for function in _all_named(modules, "::".join(path_segments(name)[-2:])):
        if function.name.partition("<")[0] == name:
            return describe_callee(function)
    raise EvaluationError("the body of this closure was inlined everywhere, or is not described")


def ambiguous(name: str, callees: Sequence[Callee]) -> EvaluationError:
    """Return the error for a name that means several functions."""
    return EvaluationError(
        f"{name} means several functions: {_listed(callees)}",
        hint="say which by its path, or by generic arguments: max::<i32>(1, 2)",
    )


def none_fits(name: str, callees: Sequence[Callee]) -> EvaluationError:
    """Return the error for arguments that no instance takes."""
    return EvaluationError(
        f"no {name} in the program takes these arguments; there is {_listed(callees)}"
    )


def missing(modules: ModuleTable, name: str) -> EvaluationError:
    """Return the error for a function that the program does not have, or only inlined."""
    if any(module.find_inlined(name) for module in modules):
        return EvaluationError(f"{name} was inlined wherever it is used: there is nothing to call")
    return EvaluationError(
        f"the program has no function {name}",
        hint="what a program does not use is not in it; generic functions are there per type",
    )


def _listed(callees: Sequence[Callee]) -> str:
    shown = sorted({signature(callee) for callee in callees})
    return ", ".join(shown[:_LISTED]) + (", ..." if len(shown) > _LISTED else "")


def signature(callee: Callee) -> str:
    """Return the signature of a function: ``app::max<i32>(i32, i32) -> i32``."""
    parameters = ", ".join(parameter.type.name for parameter in callee.parameters)
    result = "" if callee.result is None else f" -> {callee.result.name}"
    return f"{callee.name}({parameters}){result}"
