"""Types with their whole paths, as ``std::any::type_name`` writes them."""

from __future__ import annotations

from crabtrap.expr.typing.terms import Term, is_variable
from crabtrap.symbols.types import PRIMITIVES

_MODULES = {
    "alloc::vec": ("Vec",),
    "alloc::string": ("String",),
    "alloc::boxed": ("Box",),
    "alloc::borrow": ("Cow",),
    "alloc::collections::vec_deque": ("VecDeque",),
    "alloc::collections::linked_list": ("LinkedList",),
    "alloc::collections::binary_heap": ("BinaryHeap",),
    "alloc::collections::btree::map": ("BTreeMap",),
    "alloc::collections::btree::set": ("BTreeSet",),
    "alloc::rc": ("Rc",),
    "alloc::sync": ("Arc",),
    "std::path": ("Path", "PathBuf"),
    "std::time": ("Instant",),
    "core::option": ("Option",),
    "core::result": ("Result",),
    "core::cell": ("Cell", "RefCell", "Ref", "RefMut"),
    "core::cmp": ("Ordering", "Reverse"),
    "core::num::wrapping": ("Wrapping",),
    "core::num::saturating": ("Saturating",),
    "core::ops::range": (
        *("Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive", "RangeFull"),
    ),
    "core::time": ("Duration",),
    "core::mem::manually_drop": ("ManuallyDrop",),
    "core::pin": ("Pin",),
}
_PATHS = {name: f"{module}::{name}" for module, names in _MODULES.items() for name in names}


def rust_path(term: Term) -> str | None:
    """Write a type with its whole path; ``None`` where not all of it is known.

    Example:
        >>> rust_path(Term("Option", (Term("&", (Term("str"),)),)))
        'core::option::Option<&str>'
    """
    if is_variable(term):
        return None
    args = [rust_path(each) for each in term.args] if term.name != "array" else []
    if None in args:
        return None
    inner = ", ".join(each for each in args if each is not None)
    match term.name:
        case "&" | "&mut":
            return f"{term.name}{' ' * (term.name != '&')}{inner}"
        case "*const" | "*mut":
            return f"{term.name} {inner}"
        case "tuple":
            return f"({inner},)" if len(args) == 1 else f"({inner})"
        case "slice":
            return f"[{inner}]"
        case "array":
            item, length = rust_path(term.args[0]), term.args[1].name
            return f"[{item}; {length}]" if item is not None and length.isdecimal() else None
        case "str":
            return "str"
        case name if name in PRIMITIVES:
            return name
        case _:
            return _path_of_adt(term, inner)


def _path_of_adt(term: Term, inner: str) -> str | None:
    if term.source is not None:
        return f"{term.name}<{inner}>" if inner else term.name
    path = _PATHS.get(term.name)
    if path is None:
        return None
    return f"{path}<{inner}>" if inner else path
