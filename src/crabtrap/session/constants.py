"""Values of constants: const generics by a function's name, others as the source has them."""

from __future__ import annotations

import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.captures import generic_arguments
from crabtrap.errors import CrabtrapError
from crabtrap.expr import computed
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.scope import EmptyScope, EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.present import Presenter, std_presenter
from crabtrap.records import dataclass, replace
from crabtrap.symbols.brackets import split_outside_brackets
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.source_constants import SourceConstant, SourceConstants
from crabtrap.symbols.source_evidence import SourceEvidence, source_evidence
from crabtrap.symbols.source_files import SourceFinder
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Bytes, Synthetic, Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.symbols.types import Type

_TEXTS = ("&str", "&'static str")
_ROOTS = ("main.rs", "lib.rs")
_DEEPEST = 16
"""Constants that one is computed from, one from the other."""


def find_constant(frame: StackFrame, path: str) -> Value | None:
    """Find a constant by the source of a frame's function, as far as it can be relied on.

    Args:
        frame: Whose function and file are looked at; a file that is not what was compiled
            tells nothing.
        path: ``LIMIT``, ``Self::LIMIT``, ``Type::LIMIT``, ``module::LIMIT`` or the name of a
            const generic.

    Returns:
        The value, whose location tells that it is from the source; ``None`` where the source
        is not at hand, or has no such constant.

    Raises:
        EvaluationError: The source has it, and what it is set to has no value here.
    """
    is_constant = path.rpartition("::")[2].isupper()  # as rustc warns where it is not
    if not is_constant or frame.path is None or frame.language != "rust":
        return None
    return _Place(frame, frame.path, frame.line, _self_type(frame)).find(path)


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a file, where the names of constants have a meaning.

    Attributes:
        self_type: What ``Self`` is in a trait.
        depth: How many constants have led here.
    """

    frame: StackFrame
    path: str
    line: int
    self_type: str
    depth: int = 0

    def find(self, path: str) -> Value | None:
        constants = _constants(self.frame, self.path)
        if constants is None:
            return None
        is_elsewhere = path.startswith("crate::") and os.path.basename(self.path) not in _ROOTS
        declared = None if is_elsewhere else constants.find(path, self.line, self.self_type)
        if declared is not None:
            return self._value(path, declared)
        found = self._elsewhere(constants, path)
        return found or _generic(self.frame, constants, path)

    def _elsewhere(self, constants: SourceConstants, path: str) -> Value | None:
        """Find a constant in the file of a module, named by the path or by an import."""
        owner, _, name = path.rpartition("::")
        owner = owner or constants.import_of(name)
        module = owner.rpartition("::")[2]
        if not module or module == "Self":
            return None
        files = [file for file in _module_files(self.path, module) if os.path.isfile(file)]
        if len(files) != 1:
            return None
        place = replace(self, path=files[0], line=0)
        others = _constants(self.frame, files[0])
        declared = others.find(name, 0) if others is not None else None
        return place._value(path, declared) if declared is not None else None

    def _value(self, path: str, declared: SourceConstant) -> Value:
        where = f"from the source, {os.path.basename(self.path)}:{declared.line}"
        value = literal_value(declared.text, declared.type)
        if value is None:
            owner = path.rpartition("::")[0].rpartition("::")[2]
            self_type = self.self_type if owner in ("", "Self") else owner
            inner = replace(self, line=declared.line, self_type=self_type, depth=self.depth + 1)
            value = _computed(path, declared, inner)
        return _found(value, where)


class _ConstantScope(EmptyScope):
    """The names in what a constant is set to: other constants, and types."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def lookup_path(self, path: str) -> Value | None:
        """Find another constant."""
        return self._place.find(path) if self._place.depth < _DEEPEST else None

    def find_type(self, text: str) -> Type | None:
        """Find a type of the program."""
        return self._place.frame.process.find_type(text)


def _computed(path: str, declared: SourceConstant, place: _Place) -> Value:
    """The value of an expression that a constant is set to, as one of its type.

    Raises:
        EvaluationError: It has none; the text says where it stands and why.
    """
    text = f"{{ let _constant: {declared.type} = {declared.text}; _constant }}"
    try:
        return evaluate(text, _ConstantScope(place), _presenter())
    except CrabtrapError as error:
        why = why_unreadable(error)
        where = f"{os.path.basename(place.path)}:{declared.line}"
        shown = " ".join(declared.text.split())
        raise EvaluationError(
            f"{path} is `{shown}` in the source ({where}), which has no value here: {why}"
        ) from error


@cache
def _presenter() -> Presenter:
    return std_presenter()


def _self_type(frame: StackFrame) -> str:
    """What ``Self`` is in a trait's own method: the last part of its path, ``""`` elsewhere."""
    arguments = generic_arguments(frame.code.name)[1:-1] if frame.code is not None else ""
    first = split_outside_brackets(arguments, ",")[0].strip() if arguments else ""
    return path_segments(first)[-1] if first else ""


def _module_files(path: str, module: str) -> list[str]:
    """Where the file of a module may be, seen from a file of the same crate."""
    folders = [os.path.dirname(path)]
    while folders[-1] not in ("", "/") and os.path.basename(folders[-1]) != "src":
        folders.append(os.path.dirname(folders[-1]))
    if os.path.basename(folders[-1]) != "src":
        folders = folders[:1]
    names = _ROOTS if module == "crate" else (f"{module}.rs", f"{module}/mod.rs")
    return [os.path.join(folder, name) for folder in folders for name in names]


def _constants(frame: StackFrame, path: str) -> SourceConstants | None:
    module = frame.loaded_module
    if module is None:
        return None
    substitutes = tuple(frame.process.settings.substitutes)
    identity = SourceFinder(substitutes).identity(path)
    if identity is None:
        return None
    return _parsed(substitutes, path, source_evidence(module, path), identity)


@lru_cache(maxsize=16)
def _parsed(
    substitutes: tuple[tuple[str, str], ...],
    path: str,
    evidence: SourceEvidence,
    identity: object,
) -> SourceConstants | None:
    """The constants of a file, ``None`` where it tells nothing; read anew when it has changed."""
    del identity
    file = SourceFinder(substitutes).find(path, evidence=evidence)
    return SourceConstants(file.lines) if file.lines and not file.stale else None


def _generic(frame: StackFrame, constants: SourceConstants, name: str) -> Value | None:
    """The value of a const generic: the name of the instance has it, the source its position."""
    code = frame.code
    parameters = constants.generic_parameters(frame.line) if code is not None else None
    if code is None or parameters is None:
        return None
    group = generic_arguments(code.name)
    arguments = [each.strip() for each in split_outside_brackets(group[1:-1], ",")]
    if len(arguments) != len(parameters):
        return None
    for (parameter, type_name), argument in zip(parameters, arguments, strict=True):
        if parameter == name and type_name:
            value = literal_value(argument, type_name)
            return None if value is None else _found(value, "const generic")
    return None


def literal_value(text: str, type_name: str) -> Value | None:
    """Return the value of a literal as one of a type, ``None`` where it is none."""
    try:
        tree = parse(text)
    except CrabtrapError:
        return None
    sign = 1
    if isinstance(tree, nodes.Unary) and tree.operator == "-":
        sign, tree = -1, tree.operand
    if not isinstance(tree, nodes.Literal) or tree.suffix not in ("", type_name):
        return None
    return _as_type(tree.value, sign, type_name)


def _as_type(literal: object, sign: int, type_name: str) -> Value | None:
    type_ = PRIMITIVES.get(type_name)
    encoding = type_.row.encoding if type_ is not None else ""
    match literal, encoding:
        case bool(), "bool":
            return computed.boolean(literal)
        case int(), "signed" | "unsigned" if type_ is not None and not isinstance(literal, bool):
            fits = computed.fits(sign * literal, type_)
            return computed.integer(sign * literal, type_) if fits else None
        case float(), "float" if type_ is not None:
            return computed.real(sign * literal, type_)
        case str(), "char" if len(literal) == 1:
            return computed.char(literal)
        case str(), _ if type_name in _TEXTS:
            return computed.text(literal)
        case _:
            return None


def _found(value: Value, origin: str) -> Value:
    location = value.location
    if not isinstance(location, Bytes | Synthetic):
        return value  # it is in the program
    return Value(value.type, replace(location, origin=origin), value.context, value.metadata)
