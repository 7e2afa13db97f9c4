"""What has to hold of types that are not known yet when it is asked.

Each solver returns whether it is settled; one that is not is asked again when more is known.
"""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref, item_of
from crabtrap.expr.typing.inference import Inference
from crabtrap.expr.typing.terms import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    REFERENCES,
    STRING,
    UNKNOWN,
    Term,
    is_variable,
    strip_references,
)
from crabtrap.expr.typing.traits import implements
from crabtrap.records import dataclass

_LISTS = frozenset(("Vec", "VecDeque", "LinkedList", "BinaryHeap", "HashSet", "BTreeSet"))
_KEYED = {
    "HashMap": "Hash",
    "HashSet": "Hash",
    "BTreeMap": "Ord",
    "BTreeSet": "Ord",
    "BinaryHeap": "Ord",
}
_PARSED = {
    **dict.fromkeys(INTEGERS, "ParseIntError"),
    **dict.fromkeys(FLOATS, "ParseFloatError"),
    "bool": "ParseBoolError",
    "char": "ParseCharError",
}
_RANGES = frozenset(("Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive"))
_OPEN = EvaluationError("type annotations needed")


@dataclass(frozen=True, slots=True)
class Obligation:
    """``subject: trait<args>``, asked for at ``span``."""

    subject: Term
    trait: str
    args: tuple[Term, ...]
    span: Span


class Obligations:
    """The obligations of one expression."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._pending: list[Obligation] = []

    def add(self, obligation: Obligation) -> None:
        """Ask for a trait; it is settled at once where that is possible.

        Raises:
            EvaluationError: The type does not have it.
        """
        if not self._settle(obligation):
            self._pending.append(obligation)

    def settle(self) -> None:
        """Settle what can be settled now."""
        while True:
            pending, self._pending = self._pending, []
            left = [each for each in pending if not self._settle(each)]
            self._pending = left + self._pending
            if len(self._pending) >= len(pending):
                return

    def finish(self) -> None:
        """Settle all; what Rust needs an annotation for gets the nearest type.

        ``sum`` and ``product`` become the type of the items, ``collect`` a ``Vec``.
        """
        self.settle()
        for obligation in tuple(self._pending):
            self._default(obligation)
            self.settle()

    def _default(self, each: Obligation) -> None:
        subject = self._inference.shallow(each.subject)
        if each.trait == "From":
            self._inference.unifies(subject, each.args[0])
        if not is_variable(subject):
            return
        if each.trait in ("Sum", "Product"):
            item = strip_references(self._inference.resolve(each.args[0]))
            self._inference.unifies(subject, item)
        elif each.trait == "FromIterator":
            self._inference.unifies(subject, Term("Vec", (each.args[0],)))
        elif each.trait == "FromStr":
            raise EvaluationError(
                "type annotations needed", each.span, hint="say what to parse: parse::<i32>()"
            )

    def _settle(self, each: Obligation) -> bool:
        subject = self._inference.resolve(each.subject)
        if subject == UNKNOWN:
            for arg in each.args:
                self._inference.unifies(arg, UNKNOWN)
            return True
        solver = _SOLVERS.get(each.trait)
        if solver is not None:
            return solver(self, subject, each)
        if is_variable(subject) and subject.name == "$":
            return False
        if not implements(subject, each.trait):
            raise _missing(subject, each.trait, each.span)
        return not (is_variable(subject) and each.trait in ("Ord", "Eq", "Hash"))

    # -- iteration -------------------------------------------------------------------------------
    def _into_iterator(self, subject: Term, each: Obligation) -> bool:
        if is_variable(subject):
            return False
        found = item_of(subject)
        if found is None:
            raise EvaluationError(f"`{subject}` is not an iterator", each.span)
        self._same(each.args[0], found[0], each.span)
        return True

    def _from_iterator(  # noqa: C901 - one case per collection
        self, subject: Term, each: Obligation
    ) -> bool:
        item = self._inference.resolve(each.args[0])
        if is_variable(subject):
            return False
        name = subject.name
        if name == "Cow":
            subject = Term("String")
            name = "String"
        if name in _LISTS:
            self._built(subject.args[0], item, subject, each)
            self._bounds_of_keys(subject, each)
        elif name in ("HashMap", "BTreeMap"):
            self._built(terms.tuple_of(*subject.args), item, subject, each)
            self._bounds_of_keys(subject, each)
        elif name == "String":
            if is_variable(item):
                return False
            if strip_references(item).name not in ("char", "str", "String", "Box", "Cow"):
                raise _not_built(subject, item, each.span)
        elif name in ("Option", "Result"):
            return self._collected_inside(subject, item, each)
        elif name in ("Box", "Rc", "Arc") and subject.args[0].name in ("slice", "str"):
            if subject.args[0].name == "slice":
                self._built(subject.args[0].args[0], item, subject, each)
        elif subject == terms.UNIT:
            self._built(terms.UNIT, item, subject, each)
        elif subject.source is None:
            raise _not_built(subject, item, each.span)
        return True

    def _bounds_of_keys(self, subject: Term, each: Obligation) -> None:
        trait = _KEYED.get(subject.name)
        if trait is not None:
            self.add(Obligation(subject.args[0], trait, (), each.span))

    def _collected_inside(self, subject: Term, item: Term, each: Obligation) -> bool:
        if is_variable(item):
            return False
        if item.name != subject.name:
            raise _not_built(subject, item, each.span)
        if subject.name == "Result":
            self._same(subject.args[1], item.args[1], each.span)
        self.add(Obligation(subject.args[0], each.trait, (item.args[0],), each.span))
        return True

    def _built(self, wanted: Term, item: Term, subject: Term, each: Obligation) -> None:
        if not self._inference.unifies(wanted, item):
            raise _not_built(subject, item, each.span)

    def _sum(self, subject: Term, each: Obligation) -> bool:
        item = self._inference.resolve(each.args[0])
        if is_variable(subject) and subject.name == "$":
            return False
        if subject.name in ("Option", "Result"):
            return self._collected_inside(subject, item, each)
        inner = item.args[0] if item.name in REFERENCES else item
        summed = subject.name in NUMBERS or subject.name in ("Duration", "Wrapping")
        if not summed or not self._inference.unifies(subject, inner):
            verb = "sum" if each.trait == "Sum" else "multiply"
            raise EvaluationError(
                f"cannot make a value of type `{subject}` by {verb[:3]}ming an iterator over "
                f"elements of type `{item}`"
                if verb == "sum"
                else f"cannot make a value of type `{subject}` by multiplying all elements of "
                f"type `{item}` from an iterator",
                each.span,
            )
        return True

    # -- conversions -----------------------------------------------------------------------------
    def _from_str(self, subject: Term, each: Obligation) -> bool:
        if is_variable(subject) and subject.name == "$":
            return False
        error = "Infallible" if subject == STRING else _PARSED.get(subject.name)
        if subject.name == "NonZero":
            error = "ParseIntError"
        if error is None:
            if subject.source is not None:
                raise EvaluationError(
                    f"parsing a {subject} would run the program", each.span, hint="call runs it"
                )
            raise _missing(subject, "FromStr", each.span)
        self._same(each.args[0], Term(error), each.span)
        return True

    def _from(self, subject: Term, each: Obligation) -> bool:
        source = self._inference.resolve(each.args[0])
        if is_variable(subject) or is_variable(source):
            return False
        if subject == source or converts(source, subject):
            return True
        if subject.name == "Option" and self._inference.unifies(subject.args[0], source):
            return True
        if subject.name in ("Box", "Rc", "Arc", "Cell", "RefCell", "Mutex"):
            return self._inference.unifies(subject.args[0], source) or subject.name == "Box"
        if subject.name == "Vec" and source.name in ("array", "&", "VecDeque", "BinaryHeap"):
            inner = source.args[0] if source.name == "&" else source
            if inner.name != "str" and inner.args:
                return self._inference.unifies(subject.args[0], inner.args[0])
            return self._inference.unifies(subject.args[0], terms.U8)
        raise EvaluationError(
            f"the trait bound `{subject}: From<{source}>` is not satisfied", each.span
        )

    def _try_from(self, subject: Term, each: Obligation) -> bool:
        source = self._inference.resolve(each.args[0])
        if "$" in (subject.name[:1], source.name[:1]) and (
            is_variable(subject) or source.name == "$"
        ):
            return False
        if is_variable(source):
            self._inference.unifies(source, self._inference.default(source))
            source = self._inference.resolve(source)
        if subject == source or converts(source, subject):
            error = "Infallible"
            if source.name in INTEGERS and subject.name in INTEGERS and subject != source:
                error = "Infallible"
        elif source.name in INTEGERS and subject.name in INTEGERS:
            error = "TryFromIntError"
        elif source == terms.U32 and subject == terms.CHAR:
            error = "CharTryFromError"
        elif source == terms.CHAR and subject.name in ("u8", "u16"):
            error = "TryFromCharError"
        else:
            raise _missing(subject, f"TryFrom<{source}>", each.span)
        self._same(each.args[1], Term(error), each.span)
        return True

    def _deref(self, subject: Term, each: Obligation) -> bool:
        if is_variable(subject):
            return False
        found = deref(subject)
        if found is None or (subject.name == "&" and each.trait == "AsRefTo"):
            found = strip_references(subject) if each.trait == "AsRefTo" else found
        if found is None:
            raise _missing(subject, "Deref", each.span)
        self._same(each.args[0], found, each.span)
        return True

    def _try(self, subject: Term, each: Obligation) -> bool:
        if is_variable(subject):
            return False
        if subject.name not in ("Option", "Result"):
            raise _missing(subject, "Try", each.span)
        self._same(subject.args[0], each.args[0], each.span)
        return True

    # -- arguments -------------------------------------------------------------------------------
    def _pattern(self, subject: Term, each: Obligation) -> bool:
        """What ``str`` searches for: a char, a text, chars in an array, or a test."""
        if is_variable(subject):
            return False
        inner = strip_references(subject)
        borrowed = subject.name == "&"
        if subject.name in ("char", "fn") or (borrowed and inner.name in ("str", "String")):
            return True
        if subject.name == "array" or (borrowed and inner.name in ("slice", "array")):
            self._same(inner.args[0], terms.CHAR, each.span)
            return True
        raise _missing(subject, "Pattern", each.span)

    def _char_pattern(self, subject: Term, each: Obligation) -> bool:
        """What is searched for from both ends at once: no text."""
        if strip_references(subject).name in ("str", "String"):
            raise _missing(subject, "DoubleEndedSearcher", each.span)
        return self._pattern(subject, each)

    def _slice_pattern(self, subject: Term, each: Obligation) -> bool:
        """What ``strip_prefix`` of a slice takes: a reference to an array or slice."""
        if is_variable(subject):
            return False
        inner = subject.args[0] if subject.name == "&" else subject
        if subject.name != "&" or inner.name not in ("slice", "array"):
            raise EvaluationError(
                f"the trait bound `{inner}: SlicePattern` is not satisfied", each.span
            )
        self._same(inner.args[0], each.args[0], each.span)
        return True

    def _borrowed_as(self, subject: Term, each: Obligation) -> bool:
        """The key of a look-up: ``&Q`` where ``K: Borrow<Q>``."""
        if is_variable(subject):
            return False
        key = self._inference.resolve(each.args[0])
        if subject.name != "&":
            raise EvaluationError(f"mismatched types: expected `&_`, found `{subject}`", each.span)
        inner = subject.args[0]
        if self._inference.unifies(inner, key):
            return True
        content = deref(key)
        if content is not None and key.name != "&" and self._inference.unifies(inner, content):
            return True
        if key.name == "&" and self._inference.unifies(inner, key.args[0]):
            return True
        raise EvaluationError(f"mismatched types: expected `&{key}`, found `{subject}`", each.span)

    def _slice_index(self, subject: Term, each: Obligation) -> bool:
        item, result = each.args
        if is_variable(subject):
            if subject.name == "$":
                return False
            self._inference.unifies(subject, terms.USIZE)
            subject = terms.USIZE
        if subject == terms.USIZE:
            self._same(result, item, each.span)
            return True
        if subject.name == "RangeFull" or (subject.name in _RANGES):
            for arg in subject.args:
                self._same(arg, terms.USIZE, each.span)
            self._same(result, terms.slice_of(item), each.span)
            return True
        raise EvaluationError(
            f"the type `[{self._inference.resolve(item)}]` cannot be indexed by `{subject}`",
            each.span,
        )

    def _text_range(self, subject: Term, each: Obligation) -> bool:
        if is_variable(subject):
            return False
        if subject.name not in _RANGES and subject.name != "RangeFull":
            raise EvaluationError(f"the type `str` cannot be indexed by `{subject}`", each.span)
        for arg in subject.args:
            self._same(arg, terms.USIZE, each.span)
        return True

    def _ranges_over(self, subject: Term, each: Obligation) -> bool:
        """``RangeBounds<T>``."""
        if is_variable(subject):
            return False
        if subject.name not in _RANGES and subject.name != "RangeFull":
            raise _missing(subject, "RangeBounds", each.span)
        for arg in subject.args:
            key = self._inference.resolve(each.args[0])
            content = deref(key)
            if not self._inference.unifies(arg, key) and not (
                content is not None and self._inference.unifies(arg, content)
            ):
                raise EvaluationError(
                    f"mismatched types: expected `{key}`, found `{self._inference.resolve(arg)}`",
                    each.span,
                )
        return True

    def _equals(self, subject: Term, each: Obligation) -> bool:
        other = self._inference.resolve(each.args[0])
        if is_variable(subject) and subject.name == "$":
            return False
        if not self.comparable(subject, other):
            raise EvaluationError(f"can't compare `{subject}` with `{other}`", each.span)
        return True

    def _integer(self, subject: Term, each: Obligation) -> bool:
        if subject.name == "$":
            return False
        if subject.name not in INTEGERS:
            raise EvaluationError(
                f"mismatched types: expected an integer, found `{subject}`", each.span
            )
        return True

    def _joined(self, subject: Term, each: Obligation) -> bool:
        """``[S]::join`` and ``concat``: texts become a ``String``, lists a ``Vec``."""
        if is_variable(subject):
            return False
        inner = strip_references(subject)
        if inner.name in ("str", "String"):
            self._same(each.args[0], STRING, each.span)
        elif inner.name in ("Vec", "slice", "array"):
            self._same(each.args[0], Term("Vec", (inner.args[0],)), each.span)
        else:
            raise EvaluationError(
                f"the method `join` exists for slice `[{subject}]`, but its trait bounds "
                "were not satisfied",
                each.span,
            )
        return True

    # -- common ----------------------------------------------------------------------------------
    def comparable(self, left: Term, right: Term) -> bool:
        """Whether ``left: PartialEq<right>``, with variables bound that this decides."""
        left, right = self._inference.resolve(left), self._inference.resolve(right)
        if UNKNOWN in (left, right) or _is_object(left) or _is_object(right):
            self._inference.unifies(left, UNKNOWN)
            self._inference.unifies(right, UNKNOWN)
            return True
        if is_variable(left) or is_variable(right):
            return self._inference.unifies(left, right) and implements(
                self._inference.resolve(left), "PartialEq"
            )
        if left.name in REFERENCES and right.name in REFERENCES:
            return self.comparable(left.args[0], right.args[0])
        if _text_like(left) and _text_like(right):
            return True
        if left.name in _SEQUENCE_LIKE and right.name in (*_SEQUENCE_LIKE, "&", "&mut"):
            other = right.args[0] if right.name in REFERENCES else right
            if other.name in ("slice", "array", "Vec") and (
                left.name != "VecDeque" or right.name != "slice"
            ):
                if left.name == "array" and other.name == "array" and left.args[1] != other.args[1]:
                    return False
                if right.name in REFERENCES and left.name in ("array", "slice"):
                    return False
                return self.comparable(left.args[0], other.args[0])
        if left.name in REFERENCES and right.name == "Vec":
            inner = left.args[0]
            return inner.name == "slice" and self.comparable(inner.args[0], right.args[0])
        if left.name == right.name == "tuple" and len(left.args) == len(right.args):
            return all(map(self.comparable, left.args, right.args))
        return self._inference.unifies(left, right) and implements(
            self._inference.resolve(left), "PartialEq"
        )

    def _same(self, left: Term, right: Term, span: Span) -> None:
        if not self._inference.unifies(left, right):
            left, right = self._inference.resolve(left), self._inference.resolve(right)
            raise EvaluationError(f"mismatched types: expected `{left}`, found `{right}`", span)


def _is_object(term: Term) -> bool:
    """Whether a type is a trait object, whose value has a type that only the program knows."""
    layer: Term | None = term
    while layer is not None:
        if layer.name == "dyn":
            return True
        layer = deref(layer)
    return False


_SEQUENCE_LIKE = frozenset(("Vec", "slice", "array", "VecDeque"))
_WIDTHS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 16}


def _text_like(term: Term) -> bool:
    """``String``, ``str`` and one reference to ``str``, which compare with each other."""
    if term.name in ("String", "str"):
        return True
    return term.name in ("&", "Cow") and term.args[0] == terms.STR


def converts(source: Term, target: Term) -> bool:
    """Whether ``target: From<source>`` for types other than containers."""
    if source.name in INTEGERS and target.name in INTEGERS:
        return _widens(source.name, target.name)
    if target.name in FLOATS and source.name in NUMBERS:
        exact = {"f32": 16, "f64": 32}.get(target.name, 0)
        return source.name == "f32" or _WIDTHS.get(source.name[1:], 0) <= exact
    if target.name in INTEGERS:
        return source.name == "bool" or (
            source.name == "char" and target.name in ("u32", "u64", "u128")
        )
    if target == terms.CHAR:
        return source == terms.U8
    if target == STRING:
        inner = strip_references(source)
        return inner.name in ("str", "char", "String") or source.name in ("Box", "Cow")
    if target.name in ("PathBuf", "OsString"):
        return strip_references(source).name in ("str", "String", "Path", "OsStr", "PathBuf")
    return False


def _widens(source: str, target: str) -> bool:
    have, want = _WIDTHS.get(source[1:], 0), _WIDTHS.get(target[1:], 0)
    if source == target:
        return True
    if "size" in source or ("size" in target and source not in ("u8", "u16", "i16", "i8")):
        return False
    if source[0] == target[0]:
        return have < want or ("size" in target and have <= want)
    return source[0] == "u" and have < want


def _missing(subject: Term, trait: str, span: Span) -> EvaluationError:
    return EvaluationError(f"the trait bound `{subject}: {trait}` is not satisfied", span)


def _not_built(subject: Term, item: Term, span: Span) -> EvaluationError:
    return EvaluationError(
        f"a value of type `{subject}` cannot be built from an iterator over elements of type "
        f"`{item}`",
        span,
    )


Solver = Callable[[Obligations, Term, Obligation], bool]
_SOLVERS: dict[str, Solver] = {
    "IntoIterator": Obligations._into_iterator,  # pyright: ignore[reportPrivateUsage]
    "FromIterator": Obligations._from_iterator,  # pyright: ignore[reportPrivateUsage]
    "Sum": Obligations._sum,  # pyright: ignore[reportPrivateUsage]
    "Product": Obligations._sum,  # pyright: ignore[reportPrivateUsage]
    "FromStr": Obligations._from_str,  # pyright: ignore[reportPrivateUsage]
    "From": Obligations._from,  # pyright: ignore[reportPrivateUsage]
    "TryFrom": Obligations._try_from,  # pyright: ignore[reportPrivateUsage]
    "Deref": Obligations._deref,  # pyright: ignore[reportPrivateUsage]
    "AsRefTo": Obligations._deref,  # pyright: ignore[reportPrivateUsage]
    "Try": Obligations._try,  # pyright: ignore[reportPrivateUsage]
    "Pattern": Obligations._pattern,  # pyright: ignore[reportPrivateUsage]
    "CharPattern": Obligations._char_pattern,  # pyright: ignore[reportPrivateUsage]
    "SlicePattern": Obligations._slice_pattern,  # pyright: ignore[reportPrivateUsage]
    "BorrowOf": Obligations._borrowed_as,  # pyright: ignore[reportPrivateUsage]
    "SliceIndex": Obligations._slice_index,  # pyright: ignore[reportPrivateUsage]
    "TextRange": Obligations._text_range,  # pyright: ignore[reportPrivateUsage]
    "RangeBounds": Obligations._ranges_over,  # pyright: ignore[reportPrivateUsage]
    "Equals": Obligations._equals,  # pyright: ignore[reportPrivateUsage]
    "Integer": Obligations._integer,  # pyright: ignore[reportPrivateUsage]
    "Join": Obligations._joined,  # pyright: ignore[reportPrivateUsage]
}
