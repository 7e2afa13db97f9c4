"""Rules for the texts of alloc, core and std."""

from __future__ import annotations

from crabtrap.present.field_paths import LayoutError, each_layer, newtype_content, part
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, Text, Wrapper, text_at
from crabtrap.present.view import TextKind, TextView, View
from crabtrap.values import Value

_OWNED = Text("inner.len", "inner.buf.ptr", "os", capacity="inner.buf.cap")


def _innermost(value: Value) -> Value:
    """The bytes of an unsized text such as ``Path``, as an array with its length."""
    for layer in each_layer(value, newtype_content):
        if layer.shape.kind == "array":
            return layer
    raise LayoutError(f"{value.type.name} holds no bytes")


def _unsized(kind: TextKind, value: Value) -> TextView:
    array = _innermost(value)
    length = array.shape.row.count or 0
    if kind == "c" and length:
        length -= 1
    return text_at(value, kind, array.address or 0, length)


def _os_text(_match: Match, value: Value) -> View:
    return _unsized("os", value)


def _c_text(_match: Match, value: Value) -> View:
    return _unsized("c", value)


def _c_string(_match: Match, value: Value) -> View:
    return _unsized("c", part(value, "inner").deref())


RULES = (
    Rule(
        "alloc::string::String",
        Text("vec.len", "vec.buf.ptr", "str", capacity="vec.buf.cap"),
    ),
    Rule("std::ffi::os_str::OsString", _OWNED),
    Rule("std::path::PathBuf", _OWNED),
    Rule("std::ffi::os_str::OsStr", Custom(_os_text)),
    Rule("std::path::Path", Custom(_os_text)),
    Rule("alloc::boxed::**::StringError", Wrapper("0")),
    Rule("**::CStr", Custom(_c_text)),
    Rule("**::CString", Custom(_c_string)),
)
