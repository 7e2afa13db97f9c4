"""Methods of ``str``, and through it of ``String``, ``OsStr``, ``Path`` and ``CStr``.

What depends on characters is Rust's own: its tables of Unicode, its lines and spaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap import _core
from crabtrap.errors import RangeError
from crabtrap.expr import computed, parts
from crabtrap.expr.methods.decoding import from_utf8, from_utf8_lossy, from_utf16
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.parsing import parse
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import (
    LazyItems,
    ListedItems,
    RangeView,
    SequenceView,
    TextView,
)
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Char, Value

_MAX_LENGTH = 1 << 20
Span = tuple[int, int]


def _view(call: Invocation) -> TextView:
    return call.view_as(TextView, "a text")


def text_of(call: Invocation) -> str:
    """Return the receiver's characters.

    Raises:
        EvaluationError: Its bytes are not UTF-8.
    """
    try:
        return _view(call).all_bytes().decode()
    except UnicodeDecodeError as error:
        raise EvaluationError("its bytes are not valid UTF-8", call.tree.span) from error


def _len(call: Invocation) -> Value:
    return computed.usize(_view(call).length)


def _is_empty(call: Invocation) -> Value:
    return computed.boolean(_view(call).length == 0)


def _texts(texts: tuple[str, ...] | list[str], name: str) -> Value:
    return computed.sequence(ListedItems(tuple(map(computed.text, texts))), name)


# -- characters and bytes ----------------------------------------------------------------------
def _chars(call: Invocation) -> Value:
    items = LazyItems(lambda: map(computed.char, text_of(call)), None, _number_of_chars(call))
    return computed.sequence(items, "Chars")


def _number_of_chars(call: Invocation) -> tuple[int, int]:
    """How many characters there are at least and at most, by the number of bytes."""
    length = _view(call).length
    return (length + 3) // 4, length


def _count(call: Invocation) -> Value:
    """``count()`` of a ``Chars``, which is shown as the text that it has left."""
    return computed.usize(len(text_of(call)))


def _char_indices(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        at = 0
        for char in text_of(call):
            yield computed.tuple_of((computed.usize(at), computed.char(char)))
            at += len(char.encode())

    return computed.sequence(LazyItems(begin, None, _number_of_chars(call)), "CharIndices")


def _bytes(call: Invocation) -> Value:
    view = _view(call)

    def begin() -> Iterator[Value]:
        return (computed.integer(byte, PRIMITIVES["u8"]) for byte in view.all_bytes())

    return computed.sequence(LazyItems(begin, view.length), "Bytes")


def _as_bytes(call: Invocation) -> Value:
    return computed.byte_string(_view(call).all_bytes())


# -- patterns ----------------------------------------------------------------------------------
def _matches(call: Invocation, index: int = 0) -> Callable[[str], Iterator[Span]]:
    """A search for a pattern: yields where it matches, from left to right.

    Positions are those of characters.
    """
    if call.is_function(index):
        test = call.test(index)
        return lambda text: _chars_that(text, lambda char: test(computed.char(char)))
    found, view = call.comparer.look_through(call.argument(index))
    if isinstance(view, SequenceView) and view.length is not None:
        items = [item.valid() for item in view.items.walk(0, view.length)]
        wanted = {item.text for item in items if isinstance(item, Char)}
        return lambda text: _chars_that(text, wanted.__contains__)
    needle = call.text_of(found).decode("utf-8", "replace")
    return lambda text: _occurrences(text, needle)


def _chars_that(text: str, test: Callable[[str], bool]) -> Iterator[Span]:
    return ((at, at + 1) for at, char in enumerate(text) if test(char))


def _occurrences(text: str, needle: str) -> Iterator[Span]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        after = at + max(len(needle), 1)
        if after > len(text):
            return
        at = text.find(needle, after)


def _reverse_matches(call: Invocation, index: int = 0) -> Callable[[str], Iterator[Span]]:
    """A search from right to left, which may find other places: ``aaa`` for ``aa``."""
    forward = _matches(call, index)
    if call.is_function(index):
        return lambda text: reversed(list(forward(text)))
    found, view = call.comparer.look_through(call.argument(index))
    if isinstance(view, SequenceView):
        return lambda text: reversed(list(forward(text)))
    needle = call.text_of(found).decode("utf-8", "replace")
    return lambda text: _last_occurrences(text, needle)


def _last_occurrences(text: str, needle: str) -> Iterator[Span]:
    end = len(text)
    while end >= 0:
        at = text.rfind(needle, 0, end)
        if at < 0:
            return
        yield at, at + len(needle)
        end = at if needle else at - 1


def _contains(call: Invocation) -> Value:
    found = next(_matches(call)(text_of(call)), None)
    return computed.boolean(found is not None)


def _bytes_before(text: str, at: int) -> Value:
    return computed.usize(len(text[:at].encode()))


def _find(call: Invocation) -> Value:
    text = text_of(call)
    backwards = call.tree.name == "rfind"
    found = next((_reverse_matches if backwards else _matches)(call)(text), None)
    return computed.option(None if found is None else _bytes_before(text, found[0]))


def _prefix(call: Invocation, text: str) -> int | None:
    """Length of a match at the very beginning."""
    found = next((span for span in _matches(call)(text) if span[0] == 0), None)
    return None if found is None else found[1]


def _suffix(call: Invocation, text: str) -> int | None:
    """Where a match at the very end begins."""
    found = next(_reverse_matches(call)(text), None)
    return found[0] if found is not None and found[1] == len(text) else None


def _starts_with(call: Invocation) -> Value:
    return computed.boolean(_prefix(call, text_of(call)) is not None)


def _ends_with(call: Invocation) -> Value:
    return computed.boolean(_suffix(call, text_of(call)) is not None)


def _strip_prefix(call: Invocation) -> Value:
    text = text_of(call)
    end = _prefix(call, text)
    return computed.option(None if end is None else computed.text(text[end:]))


def _strip_suffix(call: Invocation) -> Value:
    text = text_of(call)
    start = _suffix(call, text)
    return computed.option(None if start is None else computed.text(text[:start]))


def _trim_matches(call: Invocation) -> Value:
    text, name = text_of(call), call.tree.name
    if name in ("trim_matches", "trim_start_matches"):
        while (end := _prefix(call, text)) is not None and end:
            text = text[end:]
    if name in ("trim_matches", "trim_end_matches"):
        while (start := _suffix(call, text)) is not None and start < len(text):
            text = text[:start]
    return computed.text(text)


def _match_texts(call: Invocation) -> Value:
    text = text_of(call)
    search = _reverse_matches if call.tree.name == "rmatches" else _matches
    return _texts([text[a:b] for a, b in search(call)(text)], "Matches")


def _match_indices(call: Invocation) -> Value:
    text = text_of(call)
    search = _reverse_matches if call.tree.name == "rmatch_indices" else _matches
    found = [
        computed.tuple_of((_bytes_before(text, a), computed.text(text[a:b])))
        for a, b in search(call)(text)
    ]
    return computed.sequence(ListedItems(tuple(found)), "MatchIndices")


# -- splitting ---------------------------------------------------------------------------------
def _pieces(text: str, spans: list[Span]) -> list[str]:
    """The parts between matches, from left to right."""
    found: list[str] = []
    start = 0
    for at, end in spans:
        found.append(text[start:at])
        start = end
    return [*found, text[start:]]


def _split(call: Invocation) -> Value:
    text, name = text_of(call), call.tree.name
    if name == "rsplit":
        return _texts(_pieces(text, sorted(_reverse_matches(call)(text)))[::-1], "RSplit")
    if name == "rsplit_terminator":
        parts_ = _pieces(text, sorted(_reverse_matches(call)(text)))
        return _texts((parts_[:-1] if not parts_[-1] else parts_)[::-1], "RSplitTerminator")
    spans = list(_matches(call)(text))
    if name == "split_inclusive":
        found = [text[a:b] for a, b in _inclusive(text, spans)]
        return _texts(found, "SplitInclusive")
    found = _pieces(text, spans)
    if name == "split_terminator" and not found[-1]:
        found.pop()
    return _texts(found, "Split")


def _inclusive(text: str, spans: list[Span]) -> Iterator[Span]:
    start = 0
    for _, end in spans:
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _splitn(call: Invocation) -> Value:
    text, count = text_of(call), call.size()
    if count == 0:
        return _texts((), "SplitN")
    backwards = call.tree.name == "rsplitn"
    spans: list[Span] = []
    for span in (_reverse_matches if backwards else _matches)(call, 1)(text):
        if len(spans) == count - 1:
            break
        spans.append(span)
    found = _pieces(text, sorted(spans))
    return _texts(found[::-1] if backwards else found, "SplitN")


def _split_once(call: Invocation) -> Value:
    text = text_of(call)
    backwards = call.tree.name == "rsplit_once"
    found = next((_reverse_matches if backwards else _matches)(call)(text), None)
    if found is None:
        return computed.option(None)
    halves = computed.text(text[: found[0]]), computed.text(text[found[1] :])
    return computed.option(computed.tuple_of(halves))


def _trimmed(call: Invocation) -> Value:
    data, blank = _view(call).all_bytes(), b" \t\n\r\x0c"
    match call.tree.name:
        case "trim_ascii_start":
            return computed.text(data.lstrip(blank))
        case "trim_ascii_end":
            return computed.text(data.rstrip(blank))
        case _:
            return computed.text(data.strip(blank))


def _encode_utf16(call: Invocation) -> Value:
    data = text_of(call).encode("utf-16-le")
    units = (data[at] | data[at + 1] << 8 for at in range(0, len(data), 2))
    return computed.listed(
        [computed.integer(unit, PRIMITIVES["u16"]) for unit in units], name="impl Iterator"
    )


def _split_at(call: Invocation) -> Value:
    view, at = _view(call), call.size()
    whole = RangeView(None, computed.usize(at)), RangeView(computed.usize(at), None)
    try:
        halves = tuple(parts.slice_of(view, bounds, call.value) for bounds in whole)
    except RangeError as error:
        if call.tree.name == "split_at_checked":
            return computed.option(None)
        raise EvaluationError("failed to slice string", call.tree.span) from error
    pair = computed.tuple_of(halves)
    return computed.option(pair) if call.tree.name == "split_at_checked" else pair


def _parts(call: Invocation) -> Value:
    """``lines`` and ``split_whitespace``."""
    return _texts(_core.text_parts(call.tree.name, text_of(call)), "Split")


# -- other texts -------------------------------------------------------------------------------
def _changed(call: Invocation) -> Value:
    return computed.text(_core.text_map(call.tree.name, text_of(call)))


def _escaped(call: Invocation) -> Value:
    text = _core.text_map(call.tree.name, text_of(call))
    return computed.lazily(lambda: map(computed.char, text), "Escape")


def _get(call: Invocation) -> Value:
    _, bounds = call.comparer.look_through(call.argument())
    if not isinstance(bounds, RangeView):
        raise EvaluationError("get takes a range", call.tree.span)
    try:
        return computed.option(parts.slice_of(_view(call), bounds, call.value))
    except RangeError:
        return computed.option(None)


def _is_char_boundary(call: Invocation) -> Value:
    view, at = _view(call), call.size()
    if at >= view.length:
        return computed.boolean(at == view.length)
    return computed.boolean(view.read(at, at + 1)[0] & 0xC0 != 0x80)


def _replace(call: Invocation) -> Value:
    text, replacement = text_of(call), call.text(1).decode("utf-8", "replace")
    spans = list(_matches(call)(text))
    if call.tree.name == "replacen":
        spans = spans[: call.size(2)]
    return computed.text(replacement.join(_pieces(text, spans)))


def _repeat(call: Invocation) -> Value:
    count = call.size()
    if _view(call).length * count > _MAX_LENGTH:
        raise EvaluationError("the text would be too long", call.tree.span)
    data = _view(call).all_bytes()
    return computed.text(data * count if data else data)


def _ignore_case(call: Invocation) -> Value:
    return computed.boolean(_view(call).all_bytes().lower() == call.text().lower())


def _is_ascii(call: Invocation) -> Value:
    return computed.boolean(_view(call).all_bytes().isascii())


_PATTERN = "p: impl Pattern"

TEXT: dict[str, Method] = {
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn chars(&self) -> Ends<char>": _chars,
    "fn char_indices(&self) -> Ends<(usize, char)>": _char_indices,
    "fn bytes(&self) -> Exact<u8>": _bytes,
    "fn as_bytes(&self) -> &[u8]": _as_bytes,
    f"fn starts_with(&self, {_PATTERN}) -> bool": _starts_with,
    f"fn ends_with(&self, {_PATTERN}) -> bool": _ends_with,
    f"fn contains(&self, {_PATTERN}) -> bool": _contains,
    f"fn find(&self, {_PATTERN}) -> Option<usize>": _find,
    f"fn rfind(&self, {_PATTERN}) -> Option<usize>": _find,
    "fn trim(&self) -> &str": _changed,
    "fn trim_start(&self) -> &str": _changed,
    "fn trim_end(&self) -> &str": _changed,
    "fn trim_matches(&self, p: impl CharPattern) -> &str": _trim_matches,
    f"fn trim_start_matches(&self, {_PATTERN}) -> &str": _trim_matches,
    f"fn trim_end_matches(&self, {_PATTERN}) -> &str": _trim_matches,
    f"fn strip_prefix(&self, {_PATTERN}) -> Option<&str>": _strip_prefix,
    f"fn strip_suffix(&self, {_PATTERN}) -> Option<&str>": _strip_suffix,
    "fn to_uppercase(&self) -> String": _changed,
    "fn to_lowercase(&self) -> String": _changed,
    "fn to_ascii_uppercase(&self) -> String": _changed,
    "fn to_ascii_lowercase(&self) -> String": _changed,
    "fn escape_debug(&self) -> Escaped<char>": _escaped,
    "fn escape_default(&self) -> Escaped<char>": _escaped,
    "fn escape_unicode(&self) -> Escaped<char>": _escaped,
    f"fn split(&self, {_PATTERN}) -> Searched<&str>": _split,
    f"fn rsplit(&self, {_PATTERN}) -> Searched<&str>": _split,
    f"fn split_terminator(&self, {_PATTERN}) -> Searched<&str>": _split,
    f"fn rsplit_terminator(&self, {_PATTERN}) -> Searched<&str>": _split,
    f"fn split_inclusive(&self, {_PATTERN}) -> Searched<&str>": _split,
    f"fn splitn(&self, n: usize, {_PATTERN}) -> Iter<&str>": _splitn,
    f"fn rsplitn(&self, n: usize, {_PATTERN}) -> Iter<&str>": _splitn,
    f"fn split_once(&self, {_PATTERN}) -> Option<(&str, &str)>": _split_once,
    f"fn rsplit_once(&self, {_PATTERN}) -> Option<(&str, &str)>": _split_once,
    "fn split_at(&self, mid: usize) -> (&str, &str)": _split_at,
    "fn split_at_checked(&self, mid: usize) -> Option<(&str, &str)>": _split_at,
    "fn split_whitespace(&self) -> Ends<&str>": _parts,
    "fn split_ascii_whitespace(&self) -> Ends<&str>": _parts,
    "fn lines(&self) -> Ends<&str>": _parts,
    f"fn matches(&self, {_PATTERN}) -> Searched<&str>": _match_texts,
    f"fn rmatches(&self, {_PATTERN}) -> Searched<&str>": _match_texts,
    f"fn rmatch_indices(&self, {_PATTERN}) -> Searched<(usize, &str)>": _match_indices,
    **{
        f"fn {name}(&self) -> &str": _trimmed
        for name in ("trim_ascii", "trim_ascii_start", "trim_ascii_end")
    },
    "fn encode_utf16(&self) -> Iter<u16>": _encode_utf16,
    "fn from_utf8(v: &[u8]) -> Result<&str, Utf8Error>": from_utf8,
    f"fn match_indices(&self, {_PATTERN}) -> Searched<(usize, &str)>": _match_indices,
    "fn get(&self, i: impl TextRange) -> Option<&str>": _get,
    "fn is_char_boundary(&self, index: usize) -> bool": _is_char_boundary,
    f"fn replace(&self, {_PATTERN}, to: &str) -> String": _replace,
    f"fn replacen(&self, {_PATTERN}, to: &str, count: usize) -> String": _replace,
    "fn repeat(&self, n: usize) -> String": _repeat,
    "fn eq_ignore_ascii_case(&self, other: &str) -> bool": _ignore_case,
    "fn parse<F: FromStr<E>>(&self) -> Result<F, E>": parse,
    "fn is_ascii(&self) -> bool": _is_ascii,
    "fn to_owned(&self) -> String": receiver,
}
"""Of ``str``."""

STRING: dict[str, Method] = {
    "fn as_str(&self) -> &str": receiver,
    "fn into_bytes(self) -> Vec<u8>": _as_bytes,
    "fn into_boxed_str(self) -> Box<str>": receiver,
    "fn new() -> String": lambda call: computed.text(""),
    "fn with_capacity(capacity: usize) -> String": lambda call: computed.text(""),
    "fn from_utf8(vec: Vec<u8>) -> Result<String, FromUtf8Error>": from_utf8,
    "fn from_utf8_lossy(v: &[u8]) -> Cow<str>": from_utf8_lossy,
    "fn from_utf16(v: &[u16]) -> Result<String, FromUtf16Error>": from_utf16,
    "fn from_utf16_lossy(v: &[u16]) -> String": from_utf16,
}
"""Of ``String`` itself."""

_LOSSY: dict[str, Method] = {"fn to_string_lossy(&self) -> Cow<str>": receiver}
_SHOWN: dict[str, Method] = {
    **_LOSSY,
    "fn display(&self) -> &str": receiver,
    "fn to_str(&self) -> Option<&str>": lambda call: computed.option(call.value),
}

PATH: dict[str, Method] = {**_SHOWN, "fn as_os_str(&self) -> &OsStr": receiver}
"""Of ``Path`` and ``PathBuf``."""

PATH_BUF: dict[str, Method] = {"fn as_path(&self) -> &Path": receiver}
"""Of ``PathBuf`` itself."""

SYSTEM_TEXT: dict[str, Method] = {
    **_SHOWN,
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn as_bytes(&self) -> &[u8]": _as_bytes,
}
"""Of ``OsStr`` and ``OsString``."""

OS_STRING: dict[str, Method] = {"fn as_os_str(&self) -> &OsStr": receiver}
"""Of ``OsString`` itself."""

C_TEXT: dict[str, Method] = {
    **_LOSSY,
    "fn to_str(&self) -> Result<&str, Utf8Error>": lambda call: computed.ok(call.value),
    "fn count_bytes(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn to_bytes(&self) -> &[u8]": _as_bytes,
}
"""Of ``CStr`` and ``CString``."""

C_STRING: dict[str, Method] = {
    "fn as_c_str(&self) -> &CStr": receiver,
    "fn as_bytes(&self) -> &[u8]": _as_bytes,
}
"""Of ``CString`` itself."""

OF_CHARS_VIEW: dict[str, Method] = {"fn count(self) -> usize": _count}
"""Of a ``Chars`` of the program, which is shown as the text that it has left."""
