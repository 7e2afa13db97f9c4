"""Methods that change a text: of variables of the expression's own alone."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import TextView
from crabtrap.values import Value


def _bytes(call: Invocation) -> bytes:
    return call.view_as(TextView, "a text").all_bytes()


def _become(call: Invocation, content: bytes) -> Value:
    call.become(computed.text(content))
    return computed.unit()


def _push(call: Invocation) -> Value:
    return _become(call, _bytes(call) + call.text())


def _extend(call: Invocation) -> Value:
    added = b"".join(map(call.text_of, walk_value(call.argument(), call)))
    return _become(call, _bytes(call) + added)


def _pop(call: Invocation) -> Value:
    text = _bytes(call).decode("utf-8", "replace")
    if not text:
        return computed.option(None)
    _become(call, text[:-1].encode())
    return computed.option(computed.char(text[-1]))


def _clear(call: Invocation) -> Value:
    return _become(call, b"")


def _truncate(call: Invocation) -> Value:
    data, size = _bytes(call), call.size()
    if size < len(data) and not _is_boundary(data, size):
        raise EvaluationError("assertion failed: self.is_char_boundary(new_len)", call.tree.span)
    return _become(call, data[:size])


def _insert(call: Invocation) -> Value:
    data, at = _bytes(call), call.size()
    if not _is_boundary(data, at):
        raise EvaluationError("assertion failed: self.is_char_boundary(idx)", call.tree.span)
    return _become(call, data[:at] + call.text(1) + data[at:])


def _remove(call: Invocation) -> Value:
    data, at = _bytes(call), call.size()
    if at >= len(data) or not _is_boundary(data, at):
        raise EvaluationError("cannot remove a char from the end of a string", call.tree.span)
    char = data[at:].decode("utf-8", "replace")[0]
    _become(call, data[:at] + data[at + len(char.encode()) :])
    return computed.char(char)


def _retain(call: Invocation) -> Value:
    test = call.test()
    kept = [c for c in _bytes(call).decode("utf-8", "replace") if test(computed.char(c))]
    return _become(call, "".join(kept).encode())


def _is_boundary(data: bytes, at: int) -> bool:
    return at == len(data) or (at < len(data) and data[at] & 0xC0 != 0x80)


STRING: dict[str, Method] = {
    "fn push(&mut self, ch: char)": _push,
    "fn push_str(&mut self, string: &str)": _push,
    "fn extend(&mut self, iter: impl ExtendingText)": _extend,
    "fn pop(&mut self) -> Option<char>": _pop,
    "fn clear(&mut self)": _clear,
    "fn truncate(&mut self, new_len: usize)": _truncate,
    "fn insert(&mut self, idx: usize, ch: char)": _insert,
    "fn insert_str(&mut self, idx: usize, string: &str)": _insert,
    "fn remove(&mut self, idx: usize) -> char": _remove,
    "fn retain(&mut self, f: impl FnMut(char) -> bool)": _retain,
}
"""Of ``String``."""
