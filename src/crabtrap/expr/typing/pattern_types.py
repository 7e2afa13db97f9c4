"""The types of patterns, and the names that they bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Pattern, Span
from crabtrap.expr.typing import places, terms
from crabtrap.expr.typing.terms import BOOL, REFERENCES, UNKNOWN, Term

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker

Names = dict[str, Term]
ByReference = Literal["", "&", "&mut"]
"""What names are bound by: ``&`` or ``&mut`` behind a reference."""
_WRAPPERS = {"Some": ("Option", 0), "Ok": ("Result", 0), "Err": ("Result", 1)}


def check(checker: Checker, pattern: Pattern, term: Term, span: Span) -> Names:
    """Type a pattern against what it is matched with; return the names it binds.

    Raises:
        EvaluationError: It can never match such a value.
    """
    return _Patterns(checker, span).check(pattern, term, by_reference="")


class _Patterns:
    """The patterns of one match; default binding modes are followed."""

    def __init__(self, checker: Checker, span: Span) -> None:
        self._checker = checker
        self._inference = checker.inference
        self._span = span

    def check(  # noqa: C901, PLR0912 - one case per class
        self, pattern: Pattern, term: Term, *, by_reference: ByReference
    ) -> Names:
        term = self._inference.shallow(term)
        if isinstance(pattern, nodes.Bind) and not self._is_variant(pattern, term):
            return self._bind(pattern, term, by_reference)
        if isinstance(pattern, nodes.Wildcard | nodes.Rest):
            return {}
        if isinstance(pattern, nodes.Reference):
            return self._reference(pattern, term, by_reference)
        if not isinstance(pattern, nodes.Equals | nodes.Between | nodes.Either):
            while term.name in REFERENCES:
                by_reference = "&" if "&" in (by_reference, term.name) else "&mut"
                term = self._inference.shallow(term.args[0])
        match pattern:
            case nodes.Bind(name):
                self._variant(term, name)
                return {}
            case nodes.Equals(value):
                self._literal(value, term)
                return {}
            case nodes.Between(start, end):
                for bound in (start, end):
                    if bound is not None:
                        self._literal(bound, term)
                return {}
            case nodes.Constructor():
                return self._constructor(pattern, term, by_reference)
            case nodes.Fields():
                return self._fields(pattern, term, by_reference)
            case nodes.SliceOf(items):
                return self._slice(items, term, by_reference)
            case nodes.Either(options):
                return self._either(options, term, by_reference)
            case unknown:
                assert_never(unknown)

    def _either(self, options: tuple[Pattern, ...], term: Term, by_reference: ByReference) -> Names:
        """Type alternatives, each of which binds the same names to the same types."""
        found = self.check(options[0], term, by_reference=by_reference)
        for option in options[1:]:
            names = self.check(option, term, by_reference=by_reference)
            for name in sorted(found.keys() ^ names.keys()):
                raise EvaluationError(f"variable `{name}` is not bound in all patterns", self._span)
            for name, bound in names.items():
                if not self._inference.unifies(found[name], bound):
                    raise self._mismatch(found[name], bound)
        return found

    def _add(self, found: Names, names: Names) -> None:
        """Add what another part of the pattern binds."""
        for name in sorted(found.keys() & names.keys()):
            raise EvaluationError(
                f"identifier `{name}` is bound more than once in the same pattern", self._span
            )
        found |= names

    def _is_variant(self, pattern: nodes.Bind, term: Term) -> bool:
        """Whether a lone name is a variant or constant, as its capital says."""
        return pattern.inner is None and pattern.name[:1].isupper()

    def _bind(self, pattern: nodes.Bind, term: Term, by_reference: ByReference) -> Names:
        if pattern.mode:
            by_reference = "&mut" if pattern.mode == "ref mut" else "&"
        bound = terms.reference(term, by_reference == "&mut") if by_reference else term
        found: Names = {pattern.name: bound}
        if isinstance(pattern.inner, nodes.Rest):
            return found
        if pattern.inner is not None:
            self._add(found, self.check(pattern.inner, term, by_reference=by_reference))
        return found

    def _reference(self, pattern: nodes.Reference, term: Term, by_reference: ByReference) -> Names:
        if by_reference and term.name not in REFERENCES:
            return self.check(pattern.inner, term, by_reference="")
        if term == UNKNOWN:
            return self.check(pattern.inner, UNKNOWN, by_reference="")
        if term.name == "$":
            inner = self._inference.fresh()
            self._inference.unifies(term, terms.reference(inner))
            return self.check(pattern.inner, inner, by_reference="")
        if term.name not in REFERENCES:
            raise self._mismatch(terms.reference(Term("_")), term)
        return self.check(pattern.inner, term.args[0], by_reference="")

    def _literal(self, value: nodes.Expression, term: Term) -> None:
        while term.name in REFERENCES and term.args[0] != terms.STR:
            inner = self._inference.shallow(term.args[0])
            if inner.name in ("slice", "array"):
                break
            term = inner
        found = self._checker.infer(value, term)
        if not self._checker.coerces(found, term):
            raise self._mismatch(term, found)

    def _mismatch(self, expected: Term, found: Term) -> EvaluationError:
        return self._checker.mismatch(expected, found, self._span)

    def _variant(self, term: Term, name: str) -> None:
        """Check a lone capitalised name."""
        if term == UNKNOWN:
            return
        if name == "None" and term.name in ("Option", "$"):
            self._inference.unifies(term, terms.option(self._inference.fresh()))
            return
        if term == terms.ORDERING and name in ("Less", "Equal", "Greater"):
            return
        if term.source is not None:
            self._payload(term, name)
        elif term.name in ("Option", "Result"):
            raise EvaluationError(f"`{term}` has no variant {name}", self._span)

    def _payload(self, term: Term, name: str) -> tuple[Term, ...]:
        """The types of a variant's or struct's fields.

        Raises:
            EvaluationError: The type has no such variant.
        """
        assert term.source is not None  # so says the caller
        shape = term.source.strip()
        payload = places.variant(shape, name)
        if payload is None:
            if shape.cases is None and shape.kind == "struct":
                payload = shape
            else:
                known = [each.name for each in shape.cases.cases] if shape.cases else []
                known += [each for each, _ in shape.row.enumerators]
                raise EvaluationError(
                    f"`{term}` has no variant {name}; it has {', '.join(known)}", self._span
                )
        return tuple(self._checker.term_of(each.type) for each in payload.strip().fields)

    def _constructor(
        self, pattern: nodes.Constructor, term: Term, by_reference: ByReference
    ) -> Names:
        path, items = pattern.path, pattern.items
        if path is not None and items is None:
            self._variant(term, path.segments[-1].name)
            return {}
        assert items is not None  # the parser gives a path or items
        if path is None:
            return self._tuple(items, term, by_reference)
        name = path.segments[-1].name
        if term == UNKNOWN:
            return self._all(items, (UNKNOWN,) * len(items), by_reference)
        if name in _WRAPPERS and term.source is None:
            return self._all(items, (self._wrapped(name, term),), by_reference)
        if term.source is None:
            if term.name in ("Cow", "Wrapping", "Reverse", "ControlFlow"):
                return self._all(items, (UNKNOWN,) * len(items), by_reference)
            raise EvaluationError(f"`{term}` has no parts to match with {name}(..)", self._span)
        return self._all(items, self._payload(term, name), by_reference)

    def _wrapped(self, name: str, term: Term) -> Term:
        owner, index = _WRAPPERS[name]
        fresh = self._inference.fresh
        wanted = Term(owner, (fresh(),) if owner == "Option" else (fresh(), fresh()))
        if not self._inference.unifies(wanted, term):
            raise self._mismatch(term, wanted)
        return wanted.args[index]

    def _tuple(self, items: tuple[Pattern, ...], term: Term, by_reference: ByReference) -> Names:
        rest = sum(isinstance(each, nodes.Rest) for each in items)
        if term.name == "$":
            wanted = terms.tuple_of(*(self._inference.fresh() for _ in items))
            self._inference.unifies(term, wanted)
            term = wanted
        if term == UNKNOWN:
            return self._all(items, (UNKNOWN,) * len(items), by_reference)
        if term.name != "tuple" or (not rest and len(term.args) != len(items)):
            wanted = terms.tuple_of(*(Term("_") for _ in items))
            raise self._mismatch(term, wanted)
        return self._all(items, term.args, by_reference)

    def _all(
        self, items: tuple[Pattern, ...], types: tuple[Term, ...], by_reference: ByReference
    ) -> Names:
        rests = [i for i, each in enumerate(items) if isinstance(each, nodes.Rest)]
        if rests:
            after = len(items) - rests[0] - 1
            if len(types) < len(items) - 1:
                raise EvaluationError(
                    f"this pattern has {len(items) - 1} fields, the value has {len(types)}",
                    self._span,
                )
            types = (*types[: rests[0]], UNKNOWN, *types[len(types) - after :])
        if len(types) != len(items):
            raise EvaluationError(
                f"the pattern has {len(items)} parts, the value has {len(types)}", self._span
            )
        found: Names = {}
        for item, type_ in zip(items, types, strict=True):
            self._add(found, self.check(item, type_, by_reference=by_reference))
        return found

    def _fields(self, pattern: nodes.Fields, term: Term, by_reference: ByReference) -> Names:
        found: Names = {}
        if term.source is None:
            if term != UNKNOWN:
                raise EvaluationError(f"`{term}` has no fields to match", self._span)
            for _, inner in pattern.fields:
                self._add(found, self.check(inner, UNKNOWN, by_reference=by_reference))
            return found
        name = pattern.path.segments[-1].name
        self._payload(term, name)
        shape = (places.variant(term.source, name) or term.source).strip()
        known = {each.name: self._checker.term_of(each.type) for each in shape.fields}
        for field, inner in pattern.fields:
            if field not in known:
                raise EvaluationError(f"{name} has no field {field}", self._span)
            self._add(found, self.check(inner, known[field], by_reference=by_reference))
        missing = known.keys() - {field for field, _ in pattern.fields}
        if missing and not pattern.rest:
            raise EvaluationError(
                f"the pattern leaves out {', '.join(sorted(missing))}",
                self._span,
                hint="end it with ..",
            )
        return found

    def _slice(self, items: tuple[Pattern, ...], term: Term, by_reference: ByReference) -> Names:
        if term.name == "Vec":  # an extension: `v is [1, .., 3]`
            term = terms.slice_of(term.args[0])
        if term != UNKNOWN and term.name not in ("slice", "array"):
            raise EvaluationError(f"expected an array or slice, found `{term}`", self._span)
        item = UNKNOWN if term == UNKNOWN else term.args[0]
        found: Names = {}
        for each in items:
            if isinstance(each, nodes.Bind) and isinstance(each.inner, nodes.Rest):
                found[each.name] = terms.reference(terms.slice_of(item))
            elif not isinstance(each, nodes.Rest):
                self._add(found, self.check(each, item, by_reference=by_reference))
        return found


def exhaustive(checker: Checker, term: Term, arms: tuple[nodes.Arm, ...]) -> bool:
    """Whether the arms cover a value: told for enums by their variants, else assumed."""
    patterns = [arm.pattern for arm in arms if not arm.guards]
    if any(map(_is_open, patterns)):
        return True
    term = terms.strip_references(checker.inference.resolve(term))
    names = _variants(term)
    if names is None:
        return term.name in ("tuple", "slice", "array", "?") or term.source is not None
    covered = {name for pattern in patterns for name in _covered(pattern)}
    return names <= covered


def _variants(term: Term) -> set[str] | None:
    if term == BOOL:
        return {"true", "false"}
    if term.name == "Option":
        return {"Some", "None"}
    if term.name == "Result":
        return {"Ok", "Err"}
    if term.name == "Cow":
        return {"Borrowed", "Owned"}
    if term == terms.ORDERING:
        return {"Less", "Equal", "Greater"}
    if term.name in terms.SCALARS or term.name in ("str", "String"):
        return {""}
    if term.source is None:
        return None
    shape = term.source.strip()
    if shape.cases is not None:
        return {case.name for case in shape.cases.cases}
    return {name for name, _ in shape.row.enumerators} or None


def _is_open(pattern: Pattern) -> bool:
    match pattern:
        case nodes.Wildcard():
            return True
        case nodes.Bind(name, inner):
            return not name[:1].isupper() and (inner is None or _is_open(inner))
        case nodes.Either(options):
            return any(map(_is_open, options))
        case nodes.Reference(inner):
            return _is_open(inner)
        case _:
            return False


def _covered(pattern: Pattern) -> set[str]:
    """The variants that a pattern covers whole."""
    match pattern:
        case nodes.Bind(name, inner):
            return {name} if inner is None else _covered(inner)
        case nodes.Equals(nodes.Literal("bool", value)):
            return {"true" if value else "false"}
        case nodes.Constructor(path, items) if path is not None:
            whole = all(_is_open(each) or isinstance(each, nodes.Rest) for each in items or ())
            return {path.segments[-1].name} if whole else set()
        case nodes.Fields(path):
            return {path.segments[-1].name}
        case nodes.Either(options):
            return {name for option in options for name in _covered(option)}
        case nodes.Reference(inner):
            return _covered(inner)
        case _:
            return set()
