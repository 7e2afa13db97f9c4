"""Methods of ``str``, and through it of ``String``, ``OsStr``, ``Path`` and ``CStr``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap.errors import RangeError
from crabtrap.expr import computed, parts
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import LazyItems, RangeView, TextView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value


def _view(call: Invocation) -> TextView:
    return call.view_as(TextView, "a text")


def text_of(call: Invocation) -> str:
    """Return the receiver's characters; invalid bytes become surrogates."""
    return _view(call).all_bytes().decode("utf-8", "surrogateescape")


def _len(call: Invocation) -> Value:
    call.expect(0)
    return computed.usize(_view(call).length)


def _is_empty(call: Invocation) -> Value:
    call.expect(0)
    return computed.boolean(_view(call).length == 0)


def _chars(call: Invocation) -> Value:
    call.expect(0)
    return computed.lazily(lambda: map(computed.char, text_of(call)), "Chars")


def _count(call: Invocation) -> Value:
    """``count()`` of a ``Chars``, which is shown as the text that it has left."""
    call.expect(0)
    return computed.usize(len(text_of(call)))


def _char_indices(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        at = 0
        for char in text_of(call):
            yield computed.tuple_of((computed.usize(at), computed.char(char)))
            at += len(char.encode("utf-8", "surrogateescape"))

    return computed.lazily(begin, "CharIndices")


def _bytes(call: Invocation) -> Value:
    call.expect(0)
    view = _view(call)

    def begin() -> Iterator[Value]:
        return (computed.integer(byte, PRIMITIVES["u8"]) for byte in view.all_bytes())

    return computed.sequence(LazyItems(begin, view.length), "Bytes")


def _as_bytes(call: Invocation) -> Value:
    call.expect(0)
    return computed.byte_string(_view(call).all_bytes())


def _test(function: Callable[[bytes, bytes], bool]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(1)
        if call.is_closure():
            return _test_chars(call)
        return computed.boolean(function(_view(call).all_bytes(), call.text()))

    return method


def _test_chars(call: Invocation) -> Value:
    test, text = call.test(), text_of(call)
    match call.tree.name:
        case "starts_with":
            text = text[:1]
        case "ends_with":
            text = text[-1:]
        case _:
            pass
    return computed.boolean(any(test(computed.char(char)) for char in text))


def _find(call: Invocation) -> Value:
    at = _view(call).all_bytes().find(call.text())
    return computed.option(None if at < 0 else computed.usize(at))


def _rfind(call: Invocation) -> Value:
    at = _view(call).all_bytes().rfind(call.text())
    return computed.option(None if at < 0 else computed.usize(at))


def _changed(function: Callable[[str], str]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        return computed.text(function(text_of(call)))

    return method


def _split(call: Invocation) -> Value:
    separator = call.text()
    return computed.lazily(
        lambda: map(computed.text, _view(call).all_bytes().split(separator)), "Split"
    )


def _lines(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        lines = text_of(call).split("\n")
        if lines and not lines[-1]:
            lines.pop()
        return (computed.text(line.removesuffix("\r")) for line in lines)

    return computed.lazily(begin, "Lines")


def _words(call: Invocation) -> Value:
    return computed.lazily(lambda: map(computed.text, text_of(call).split()), "SplitWhitespace")


def _get(call: Invocation) -> Value:
    _, bounds = call.comparer.look_through(call.argument())
    if not isinstance(bounds, RangeView):
        raise EvaluationError("get takes a range", call.tree.span)
    try:
        return computed.option(parts.slice_of(_view(call), bounds, call.value))
    except RangeError:
        return computed.option(None)


def _strip(call: Invocation) -> Value:
    text, affix = _view(call).all_bytes(), call.text()
    prefix = call.tree.name == "strip_prefix"
    if not (text.startswith(affix) if prefix else text.endswith(affix)):
        return computed.option(None)
    return computed.option(
        computed.text(text.removeprefix(affix) if prefix else text.removesuffix(affix))
    )


def _replace(call: Invocation) -> Value:
    return computed.text(_view(call).all_bytes().replace(call.text(0), call.text(1)))


def _repeat(call: Invocation) -> Value:
    count = call.integer()
    if _view(call).length * count > 1 << 20:
        raise EvaluationError("the text would be too long", call.tree.span)
    return computed.text(_view(call).all_bytes() * count)


def _ignore_case(call: Invocation) -> Value:
    return computed.boolean(_view(call).all_bytes().lower() == call.text().lower())


def _parse(call: Invocation) -> Value:
    name = call.tree.generics[0] if call.tree.generics else "i32"
    type_ = PRIMITIVES.get(name)
    if type_ is None or type_.row.encoding not in ("signed", "unsigned"):
        raise EvaluationError(f"parse::<{name}> is not known here", call.tree.span)
    text = text_of(call)
    plain = text[1:] if text[:1] in ("+", "-") else text
    if plain.isascii() and plain.isdecimal() and computed.fits(int(text), type_):
        return computed.ok(computed.integer(int(text), type_))
    error = computed.record("ParseIntError", ())
    return computed.record("Err", [("0", error)], type_name=f"Result<{name}, _>", variant=True)


def _is_ascii(call: Invocation) -> Value:
    return computed.boolean(_view(call).all_bytes().isascii())


TEXT_METHODS: dict[str, Method] = {
    "len": _len,
    "is_empty": _is_empty,
    "chars": _chars,
    "char_indices": _char_indices,
    "count": _count,
    "bytes": _bytes,
    "as_bytes": _as_bytes,
    "into_bytes": _as_bytes,
    "starts_with": _test(bytes.startswith),
    "ends_with": _test(bytes.endswith),
    "contains": _test(bytes.__contains__),
    "find": _find,
    "rfind": _rfind,
    "trim": _changed(str.strip),
    "trim_start": _changed(str.lstrip),
    "trim_end": _changed(str.rstrip),
    "to_uppercase": _changed(str.upper),
    "to_lowercase": _changed(str.lower),
    "to_ascii_uppercase": _changed(
        lambda text: "".join(c.upper() if c.isascii() else c for c in text)
    ),
    "to_ascii_lowercase": _changed(
        lambda text: "".join(c.lower() if c.isascii() else c for c in text)
    ),
    "split": _split,
    "split_whitespace": _words,
    "lines": _lines,
    "get": _get,
    "strip_prefix": _strip,
    "strip_suffix": _strip,
    "replace": _replace,
    "repeat": _repeat,
    "eq_ignore_ascii_case": _ignore_case,
    "parse": _parse,
    "is_ascii": _is_ascii,
    **dict.fromkeys(
        (
            "as_str",
            "to_string",
            "to_string_lossy",
            "display",
            "as_os_str",
            "as_path",
            "into_string",
            "into_boxed_str",
            "as_c_str",
        ),
        receiver,
    ),
}
