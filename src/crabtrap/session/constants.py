"""Values of constants: const generics by a function's name, others as the source has them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.captures import generic_arguments
from crabtrap.errors import CrabtrapError
from crabtrap.expr import computed
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.records import replace
from crabtrap.symbols.brackets import split_outside_brackets
from crabtrap.symbols.source_constants import SourceConstants
from crabtrap.symbols.source_evidence import source_evidence
from crabtrap.symbols.source_files import SourceFinder
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Bytes, Synthetic, Value

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame

_TEXTS = ("&str", "&'static str")


def find_constant(frame: Frame, path: str) -> Value | None:
    """Find a constant by the source of a frame's function, as far as it can be relied on.

    Args:
        frame: Whose function and file are looked at; a file that is newer than the module is
            not the one that was built.
        path: ``LIMIT``, ``Self::LIMIT``, ``Type::LIMIT`` or the name of a const generic.

    Returns:
        The value, whose location tells that it is from the source; ``None`` where the source
        is not at hand, or has no such constant, or one that is not a literal.
    """
    is_constant = path.rpartition("::")[2].isupper()  # as rustc warns where it is not
    constants = _constants(frame) if is_constant else None
    if constants is None:
        return None
    declared = constants.find(path, frame.line)
    if declared is not None:
        value = literal_value(declared.text, declared.type)
        where = f"from the source, {os.path.basename(frame.path or '')}:{declared.line}"
        return None if value is None else _found(value, where)
    return _generic(frame, constants, path)


def _constants(frame: Frame) -> SourceConstants | None:
    module, path = frame.loaded_module, frame.path
    if module is None or path is None or frame.language != "rust":
        return None
    substitutes = frame.thread.process.settings.substitutes
    file = SourceFinder(substitutes).find(path, evidence=source_evidence(module, path))
    return SourceConstants(file.lines) if file.lines and not file.stale else None


def _generic(frame: Frame, constants: SourceConstants, name: str) -> Value | None:
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
    assert isinstance(location, Bytes | Synthetic)  # so are computed values
    return Value(value.type, replace(location, origin=origin), value.context, value.metadata)
