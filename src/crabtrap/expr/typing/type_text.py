"""Types written as text, to terms: turbofish, casts, ``let x: T``, and signatures."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.expr.syntax.grammar import TokenParser
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.terms import UNKNOWN, Term
from crabtrap.symbols.types import PRIMITIVES

STD_TYPES: dict[str, int] = {
    **dict.fromkeys(("Vec", "VecDeque", "LinkedList", "BinaryHeap", "HashSet", "BTreeSet"), 1),
    **dict.fromkeys(("Option", "Box", "Rc", "Arc", "Weak", "Cell", "RefCell", "Cow"), 1),
    **dict.fromkeys(
        ("Mutex", "RwLock", "OnceCell", "OnceLock", "Wrapping", "NonZero", "Atomic"), 1
    ),
    "Discriminant": 1,
    **dict.fromkeys(("Saturating", "Reverse", "ManuallyDrop", "Pin", "Ref", "RefMut"), 1),
    **dict.fromkeys(("MutexGuard", "RwLockReadGuard", "RwLockWriteGuard", "PhantomData"), 1),
    **dict.fromkeys(("Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive"), 1),
    **dict.fromkeys(("Result", "HashMap", "BTreeMap", "ControlFlow"), 2),
    "Entry": 3,  # the key, the value, and the map
    **dict.fromkeys(("String", "RangeFull", "Ordering", "Duration", "Instant", "PathBuf"), 0),
    **dict.fromkeys(
        ("Path", "OsString", "OsStr", "CString", "CStr", "TypeId", "MemoryOrdering"), 0
    ),
    **dict.fromkeys(("ParseIntError", "ParseFloatError", "ParseBoolError", "ParseCharError"), 0),
    **dict.fromkeys(("CharTryFromError", "TryFromIntError", "Utf8Error", "FromUtf8Error"), 0),
    **dict.fromkeys(("FromUtf16Error", "FpCategory"), 0),
}
"""Types of std that terms know, with the number of their arguments that count."""

Lookup = Callable[[str, tuple[Term, ...]], Term | None]
"""Gives the term of a path with its generic arguments, ``None`` where it names no type."""


def primitive_or_std(path: str, args: tuple[Term, ...]) -> Term | None:
    """The term of a primitive or of a type of std, by the last part of its path."""
    name = path.rpartition("::")[2]
    if path in PRIMITIVES or path == "str":
        return Term(path)
    alias = wrapped_primitive(name)
    if alias is not None:
        return alias
    count = STD_TYPES.get(name)
    if count is None:
        return None
    missing = count - len(args)
    return Term(name, (*args, *(Term("_"),) * missing)[:count])


def wrapped_primitive(name: str) -> Term | None:
    """The term of ``NonZeroU32``, ``AtomicBool`` and the like, types of their own or aliases."""
    for generic in ("NonZero", "Atomic"):
        primitive = name.removeprefix(generic).lower()
        if name.startswith(generic) and primitive in PRIMITIVES:
            return Term(generic, (Term(primitive),))
    return None


class TermParser(TokenParser):
    """Parses a type to a term; ``_`` is the term ``_``, for the caller to replace."""

    def __init__(self, text: str, lookup: Lookup) -> None:
        super().__init__(text)
        self._lookup = lookup

    def term(self) -> Term:
        """Parse a type."""
        if self.at("&", "&&"):
            twice = self.advance().text == "&&"
            found = self._reference()
            return terms.reference(found) if twice else found
        if self.accept("*"):
            mutability = self.advance().text
            return Term(f"*{mutability}", (self.term(),))
        if self.accept("("):
            return self._tuple()
        if self.accept("["):
            item = self.term()
            length = self.length(self.advance().text) if self.accept(";") else None
            self.expect("]")
            return terms.slice_of(item) if length is None else Term("array", (item, length))
        if self.accept("!"):
            return terms.NEVER
        return self._named()

    def length(self, text: str) -> Term:
        """The length of an array as a term; one that is no number is not known."""
        return Term(text) if text.isdecimal() else UNKNOWN

    def _reference(self) -> Term:
        mutable = self.at_name("mut")
        if mutable:
            self.advance()
        return terms.reference(self.term(), mutable)

    def _tuple(self) -> Term:
        items: list[Term] = []
        comma = True
        while not self.at(")"):
            items.append(self.term())
            comma = self.accept(",")
            if not comma:
                break
        self.expect(")")
        return items[0] if len(items) == 1 and not comma else terms.tuple_of(*items)

    def _named(self) -> Term:
        if self.at_name("dyn"):
            self.advance()
            return Term("dyn", (Term(self._path_text()),))
        if self.at_name("impl"):
            self.advance()
            return self._bound()
        if self.at_name("fn"):
            return self._bound()
        name = self._path_name()
        args = self.arguments()
        if name == "_":
            return Term("_")
        return self._lookup(name, args) or UNKNOWN

    def _path_text(self) -> str:
        text = self._path_name()
        args = self.arguments()
        return f"{text}<{', '.join(map(str, args))}>" if args else text

    def _path_name(self) -> str:
        name = self._word()
        while self.at("::") and self.peek(1).text != "<":
            self.advance()
            name += f"::{self._word()}"
        self.accept("::")
        return name

    def _word(self) -> str:
        token = self.peek()
        if token.kind not in ("name", "integer"):
            raise self.error("a type belongs here")
        self.advance()
        return token.text.removeprefix("r#")

    def arguments(self) -> tuple[Term, ...]:
        """Parse ``<A, B>``, or nothing."""
        found: list[Term] = []
        if not self.accept("<"):
            return ()
        while not self.at(">", ">>", ">=", ">>="):
            if self.peek().kind == "integer":
                found.append(Term(self.advance().text))
            else:
                found.append(self.term())
            if not self.accept(","):
                break
        self.expect(">")
        return tuple(found)

    def _bound(self) -> Term:
        """Parse what follows ``impl``: a function's type, or a trait with its item."""
        trait = self._word()
        if trait in ("fn", "Fn", "FnMut", "FnOnce"):
            self.expect("(")
            parameters: list[Term] = []
            while not self.at(")"):
                parameters.append(self.term())
                if not self.accept(","):
                    break
            self.expect(")")
            result = self.term() if self.accept("->") else terms.UNIT
            return terms.function(tuple(parameters), result)
        return Term(f"impl {trait}", self.trait_arguments())

    def trait_arguments(self) -> tuple[Term, ...]:
        """Parse ``<A, Item = B>`` of a trait, or nothing; names of items are dropped."""
        found: list[Term] = []
        if not self.accept("<"):
            return ()
        while not self.at(">"):
            if self.peek(1).text == "=":
                self.advance()
                self.advance()
            found.append(self.term())
            if not self.accept(","):
                break
        self.expect(">")
        return tuple(found)


def parse_term(text: str, lookup: Lookup) -> Term:
    """Parse a whole text as a type.

    Raises:
        ParseError: It is none.
    """
    parser = TermParser(text, lookup)
    found = parser.term()
    parser.expect_end()
    return found
