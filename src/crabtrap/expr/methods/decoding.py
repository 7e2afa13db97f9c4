"""Texts of bytes: ``from_utf8``, ``from_utf8_lossy``, ``from_utf16``, with std's own errors."""

from __future__ import annotations

from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.methods.walking import walk_value
from crabtrap.present.view import TextView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value


def _numbers(call: Invocation) -> list[int]:
    _, view = call.comparer.look_through(call.argument())
    if isinstance(view, TextView):
        return list(view.all_bytes())
    items = call.watched(walk_value(call.argument(), call))
    return [indirection.scalar(item, call.presenter).integer() for item in items]


def from_utf8(call: Invocation) -> Value:
    """``str::from_utf8(bytes)``, and ``String``'s."""
    data = bytes(_numbers(call))
    try:
        return computed.ok(computed.text(data.decode()))
    except UnicodeDecodeError as error:
        return _failure(call, data, error)


def _failure(call: Invocation, data: bytes, error: UnicodeDecodeError) -> Value:
    ended = error.reason == "unexpected end of data"
    length = None if ended else computed.integer(error.end - error.start, PRIMITIVES["u8"])
    fields = [("valid_up_to", computed.usize(error.start)), ("error_len", computed.option(length))]
    cause = computed.record("Utf8Error", fields, type_name="Utf8Error")
    if call.result.args[1].name == "FromUtf8Error":
        whole = [("bytes", computed.byte_string(data)), ("error", cause)]
        cause = computed.record("FromUtf8Error", whole, type_name="FromUtf8Error")
    return computed.err(cause, str(call.result))


def from_utf8_lossy(call: Invocation) -> Value:
    """``String::from_utf8_lossy(bytes)``."""
    return computed.text(bytes(_numbers(call)).decode("utf-8", "replace"))


def from_utf16(call: Invocation) -> Value:
    """``String::from_utf16(units)``, and ``from_utf16_lossy``."""
    data = b"".join(unit.to_bytes(2, "little") for unit in _numbers(call))
    if call.tree.name == "from_utf16_lossy":
        return computed.text(data.decode("utf-16-le", "replace"))
    try:
        return computed.ok(computed.text(data.decode("utf-16-le")))
    except UnicodeDecodeError:
        cause = computed.record("FromUtf16Error", [("0", computed.unit())])
        return computed.err(cause, str(call.result))
