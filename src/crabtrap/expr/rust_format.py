"""``format!``: values as Rust's ``Display`` and derived ``Debug`` write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap import _core
from crabtrap.expr.indirection import cow_content, look_through
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import FormatSpec
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.std.misc import format_duration
from crabtrap.present.view import (
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.records import dataclass
from crabtrap.values import Char, UnavailableError, Value
from crabtrap.values.decode import enumerator_name

_MAX_ITEMS = 1 << 16
_MAX_WIDTH = 1 << 12
_PLAIN = FormatSpec()
_NEWTYPES = frozenset(("Wrapping", "Saturating"))
"""Tuple structs of std whose ``Debug`` is that of their content."""
_SEEN_THROUGH = frozenset(("Box", "Rc", "Arc", "Pin", "Cow", "Borrowed", "Owned", "", "Ref"))


_ERRORS: dict[str, dict[str, str]] = {
    "ParseIntError": {
        "Empty": "cannot parse integer from empty string",
        "InvalidDigit": "invalid digit found in string",
        "PosOverflow": "number too large to fit in target type",
        "NegOverflow": "number too small to fit in target type",
        "Zero": "number would be zero for non-zero type",
    },
    "ParseFloatError": {
        "Empty": "cannot parse float from empty string",
        "Invalid": "invalid float literal",
    },
    "ParseBoolError": {"": "provided string was not `true` or `false`"},
    "ParseCharError": {
        "EmptyString": "cannot parse char from empty string",
        "TooManyChars": "too many characters in string",
    },
    "TryFromIntError": {"": "out of range integral type conversion attempted"},
    "CharTryFromError": {"": "converted integer out of range for `char`"},
}
"""What std's errors say of themselves, by their kinds."""


def _kind(fields: tuple[tuple[str, Value], ...], presenter: Presenter) -> str:
    """The name of the variant that an error has as its kind."""
    kind = dict(fields).get("kind")
    if kind is None:
        return ""
    found, view = look_through(kind, presenter)
    return view.name if isinstance(view, RecordView) else scalar_text(found, _PLAIN)


def displayed(value: Value, presenter: Presenter) -> str:
    """Write a value as ``{}`` does."""
    return formatted(value, _PLAIN, presenter)


def formatted(value: Value, spec: FormatSpec, presenter: Presenter) -> str:
    """Write a value in a style, with a width and a fill.

    The width and the precision of the style are numbers.

    Raises:
        EvaluationError: The value has no such style.
    """
    for count in (spec.width, spec.precision):
        if isinstance(count, int) and count > _MAX_WIDTH:
            raise EvaluationError(f"{count} is too wide for a debugger")
    if spec.style == "?":
        return _Debug(spec, presenter).write(value)
    value, view = look_through(value, presenter)
    if isinstance(view, WrapperView) and isinstance(view.inner, Value):
        return formatted(view.inner, spec, presenter)
    match view:
        case TextView():
            text = view.all_bytes().decode("utf-8", "replace")
            if isinstance(spec.precision, int):
                text = text[: spec.precision]
            return _padded(text, spec, "<")
        case ScalarView(scalar):
            return scalar_text(scalar, spec)
        case LiteralView(text):
            return text
        case RecordView() if (content := cow_content(value, view)) is not None:
            return formatted(content, spec, presenter)
        case RecordView(name, fields) if name in _ERRORS:
            return _padded(_ERRORS[name][_kind(fields, presenter)], spec, "<")
        case _:
            raise EvaluationError(f"{value.type.name} has no Display that is known here")


def scalar_text(value: Value, spec: FormatSpec) -> str:
    """Write a number, ``bool`` or ``char`` in a style.

    Raises:
        UnavailableError: Its bytes are not valid.
    """
    found = value.valid()
    match found:
        case bool():
            return _padded(str(found).lower(), spec, "<")
        case Char(text):
            return _padded(text, spec, "<")
        case int():
            if value.shape.kind == "enum":
                return enumerator_name(value.shape, value.read_bytes()) or str(found)
            return _integer(found, 8 * (value.shape.size or 0), spec)
        case float():
            return _float(found, value.shape.size == 4, spec)
        case str():
            return _padded(found, spec, "<")


def _integer(number: int, bits: int, spec: FormatSpec) -> str:
    if spec.style in ("e", "E"):
        return _signed(_core.format_float(float(number), False, spec.style, _places(spec)), spec)
    pattern = number & ((1 << bits) - 1)
    match spec.style:
        case "x":
            body, prefix = f"{pattern:x}", "0x"
        case "X":
            body, prefix = f"{pattern:X}", "0x"
        case "o":
            body, prefix = f"{pattern:o}", "0o"
        case "b":
            body, prefix = f"{pattern:b}", "0b"
        case _:
            return _signed(str(number), spec)
    return _signed(body, spec, prefix if spec.alternate else "")


def _places(spec: FormatSpec) -> int | None:
    return spec.precision if isinstance(spec.precision, int) else None


def _float(number: float, single: bool, spec: FormatSpec) -> str:
    text = _core.format_float(number, single, spec.style, _places(spec))
    finite = text.lstrip("-")[:1].isdigit()
    return _signed(text, spec, zero=finite)


def _signed(text: str, spec: FormatSpec, prefix: str = "", *, zero: bool = True) -> str:
    """A number with its sign, its prefix and zeros up to the width."""
    sign = "-" if text.startswith("-") else "+" if spec.sign and text != "NaN" else ""
    body = text.removeprefix("-")
    if spec.zero and zero and isinstance(spec.width, int):
        body = body.rjust(spec.width - len(sign) - len(prefix), "0")
        return sign + prefix + body
    return _padded(sign + prefix + body, spec, ">")


def _padded(text: str, spec: FormatSpec, align: str) -> str:
    if not isinstance(spec.width, int) or len(text) >= spec.width:
        return text
    missing = spec.width - len(text)
    match spec.align or align:
        case "<":
            return text + spec.fill * missing
        case ">":
            return spec.fill * missing + text
        case _:
            return spec.fill * (missing // 2) + text + spec.fill * (missing - missing // 2)


@dataclass(frozen=True, slots=True)
class _Debug:
    """The derived ``Debug`` of one value, on one line or, with ``#``, on many."""

    spec: FormatSpec
    presenter: Presenter

    def write(self, value: Value) -> str:
        """Write a value."""
        view = self.presenter.view(value)
        while isinstance(view, PointerView) and view.prefix:
            value = view.target()
            view = self.presenter.view(value)
        return self._view(view, value)

    def _view(self, view: View, value: Value) -> str:
        match view:
            case TextView():
                text = view.all_bytes().decode("utf-8", "replace")
                return _padded(_core.text_map("debug", text), self.spec, "<")
            case ScalarView(scalar):
                return self._scalar(scalar)
            case LiteralView():
                return self._literal(view, value)
            case SequenceView():
                items = [self.write(each) for each in view.items.walk(0, _MAX_ITEMS)]
                return self._listed("{}" if view.is_set else "[]", items)
            case MapView():
                entries = view.entries.walk(0, _MAX_ITEMS)
                pairs = [f"{self.write(key)}: {self.write(item)}" for key, item in entries]
                return self._listed("{}", pairs)
            case RecordView():
                return self._record(view, value)
            case WrapperView():
                return self._wrapper(view)
            case RangeView(start, end, inclusive):
                ends = ["" if each is None else self.write(each) for each in (start, end)]
                return ("..=" if inclusive else "..").join(ends)
            case PointerView(address=address):
                return f"{address or 0:#x}"
            case _:
                raise UnavailableError(view.text)

    def _scalar(self, scalar: Value) -> str:
        found = scalar.valid()
        if isinstance(found, Char):
            quoted = _core.char_map("escape_debug", found.text)
            quoted = found.text if found.text == '"' else quoted
            return _padded(f"'{quoted}'", self.spec, "<")
        style = "?" if isinstance(found, float) else ""
        spec = self.spec
        plain = FormatSpec(
            spec.fill, spec.align, spec.sign, False, spec.zero, spec.width, spec.precision, style
        )
        return scalar_text(scalar, plain)

    def _listed(self, brackets: str, items: list[str]) -> str:
        if not self.spec.alternate or not items:
            return f"{brackets[0]}{', '.join(items)}{brackets[1]}"
        body = "".join(f"{_indented(each)},\n" for each in items)
        return f"{brackets[0]}\n{body}{brackets[1]}"

    def _literal(self, view: LiteralView, value: Value) -> str:
        if view.key is None or value.type.name.rpartition("::")[2] != "Duration":
            return view.text
        places = self.spec.precision if isinstance(self.spec.precision, int) else None
        sign = "+" if self.spec.sign else ""
        seconds, nanos = view.key
        return _padded(sign + format_duration(seconds, nanos, places), self.spec, "<")

    def _record(self, view: RecordView, value: Value) -> str:
        content = cow_content(value, view)
        if content is not None:
            return self.write(content)
        if view.name in _NEWTYPES and (value.type.table is None or value.shape.is_std):
            return self.write(view.fields[0][1])
        parts = [(name, self.write(each)) for name, each in view.fields]
        if not parts:
            return view.name or "()"
        if all(name.isdecimal() for name, _ in parts):
            comma = "," if not view.name and len(parts) == 1 and not self.spec.alternate else ""
            return view.name + self._listed("()", [text for _, text in parts])[:-1] + comma + ")"
        named = [f"{name}: {text}" for name, text in parts]
        if self.spec.alternate:
            return f"{view.name} {self._listed('{}', named)}"
        return f"{view.name} {{ {', '.join(named)} }}"

    def _wrapper(self, view: WrapperView) -> str:
        inner = view.inner
        if inner is None:
            return f"{view.name}(<uninit>)" if view.name.startswith("Once") else f"({view.name})"
        text = self.write(inner) if isinstance(inner, Value) else self._inner(inner)
        if view.is_transparent or view.name in _SEEN_THROUGH:
            return text
        if view.name in ("RefCell", "Cell"):
            return f"{view.name} {{ value: {text} }}"
        if view.name in ("Mutex", "RwLock"):
            poisoned = str("poisoned" in view.notes).lower()
            return f"{view.name} {{ data: {text}, poisoned: {poisoned}, .. }}"
        return f"{view.name}({text})"

    def _inner(self, view: View) -> str:
        raise UnavailableError(f"{type(view).__name__} is not written here")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


Pieces = tuple[str | tuple[Value, FormatSpec], ...]


def format_pieces(pieces: Iterator[str | tuple[Value, FormatSpec]], presenter: Presenter) -> str:
    """Write the pieces of a ``format!``, one after the other."""
    write: Callable[[Value, FormatSpec], str] = lambda v, s: formatted(v, s, presenter)  # noqa: E731
    return "".join(each if isinstance(each, str) else write(*each) for each in pieces)
