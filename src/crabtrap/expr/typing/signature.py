"""Signatures of methods, as they are written in Rust.

A section's header says whose methods they are: ``impl<T> Vec<T>``, or ``{integer}`` for all
integers at once.  In results an iterator is named for what it can do:

=============== =======================================================================
``Iter<T>``     neither reversed nor of known length: ``take_while``
``Ends<T>``     reversible: ``Chars``
``Length<T>``   of known length: ``hash_map::Iter``
``Exact<T>``    reversible and of known length: ``slice::Iter``
``Like<T>``     what the receiver can: ``map``
``Thin<T>``     reversible where the receiver is: ``filter``
``Counted<T>``  reversible only where the receiver is that and of known length: ``enumerate``
``Zipped<T>``   what the receiver and the argument both can: ``zip``
``Peekable<T>`` what the receiver can, and ``peek``
``Shown<T>``    reversible, of known length, and a text: ``ToUppercase``
``Escaped<T>``  a text, and no more: ``EscapeDebug``
``Searched<T>`` reversible where the pattern is no text: ``split``
``Walk<T>``     what the receiver's own iterator can: ``into_iter``
``Once<T>``     as ``Iter``, and not ``Clone``, as what is made of it: ``splitn`` of slices
=============== =======================================================================
"""

from __future__ import annotations

from crabtrap.expr.typing.terms import UNIT, Term
from crabtrap.expr.typing.type_text import TermParser, primitive_or_std
from crabtrap.records import dataclass

ITERATORS = frozenset(
    [
        "Iter",
        "Ends",
        "Length",
        "Exact",
        "Like",
        "Thin",
        "Counted",
        "Zipped",
        "Walk",
        "Peekable",
        "Shown",
        "Escaped",
        "Searched",
        "Once",
    ]
)


@dataclass(frozen=True, slots=True)
class Bound:
    """``term: trait<args>``."""

    term: Term
    trait: str
    args: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """A method's signature; its generic parameters are terms ``%T``.

    Attributes:
        owner: The type it is a method of; ``%Self`` for those of every type.
        receiver: ``self``, ``&self``, ``&mut self``, or ``""`` for an associated function.
        generics: Parameters of the method itself, which a turbofish gives.
    """

    name: str
    owner: Term
    receiver: str
    parameters: tuple[Term, ...]
    result: Term
    generics: tuple[str, ...]
    bounds: tuple[Bound, ...]


class SignatureParser(TermParser):
    """Parses headers of sections and signatures."""

    def __init__(self, text: str, owner: Term | None = None) -> None:
        super().__init__(text, self._find)
        self.generics: list[str] = []
        self.bounds: list[Bound] = []
        self.owner = owner
        if owner is not None:
            self._adopt(owner)

    def _adopt(self, owner: Term) -> None:
        if owner.name.startswith("%"):
            self.generics.append(owner.name[1:])
        for arg in owner.args:
            self._adopt(arg)

    def _find(self, path: str, args: tuple[Term, ...]) -> Term | None:
        if path == "Self":
            return self.owner or Term("%Self")
        if path in self.generics:
            return Term(f"%{path}")
        if path in ITERATORS:
            return Term(path, args)
        if len(path) == 1:  # what a bound determines, and no turbofish gives: ``FromStr<E>``
            return Term(f"%{path}")
        return primitive_or_std(path, args)

    def header(self) -> Term:
        """Parse ``impl<T: Bound> Owner``."""
        self.advance()
        self._parameters()
        self.owner = self.term()
        self._where()
        return self.owner

    def signature(self) -> Signature:
        """Parse ``fn name<U>(self, x: U) -> T where U: Bound``."""
        assert self.owner is not None  # methods stand in a section
        self.advance()
        name = self._word()
        own = len(self.generics)
        self._parameters()
        generics = tuple(self.generics[own:])
        self.expect("(")
        receiver = self._receiver()
        parameters: list[Term] = []
        while not self.at(")"):
            self._word()
            self.expect(":")
            parameters.append(self.term())
            if not self.accept(","):
                break
        self.expect(")")
        result = self.term() if self.accept("->") else UNIT
        self._where()
        self.expect_end()
        bounds = tuple(self.bounds)
        return Signature(name, self.owner, receiver, tuple(parameters), result, generics, bounds)

    def length(self, text: str) -> Term:
        """The length of an array: a number, or a const generic."""
        return Term(f"%{text}") if text in self.generics else super().length(text)

    def _receiver(self) -> str:
        start = self.position
        prefix = "&" if self.accept("&") else ""
        if prefix and self.at_name("mut"):
            self.advance()
            prefix = "&mut "
        if not self.at_name("self"):
            self.position = start
            return ""
        self.advance()
        self.accept(",")
        return f"{prefix}self"

    def _parameters(self) -> None:
        if not self.accept("<"):
            return
        while not self.at(">"):
            name = self._word()
            if name == "const":
                name = self._word()
            self.generics.append(name)
            if self.accept(":"):
                self._traits(Term(f"%{name}"))
            if not self.accept(","):
                break
        self.expect(">")

    def _where(self) -> None:
        if not self.at_name("where"):
            return
        self.advance()
        while self.peek().kind != "end":
            bounded = self.term()
            self.expect(":")
            self._traits(bounded)
            if not self.accept(","):
                break

    def _traits(self, bounded: Term) -> None:
        while True:
            trait = self._word()
            self.bounds.append(Bound(bounded, trait, self.trait_arguments()))
            if not self.accept("+"):
                return


def parse_signature(header: str, text: str) -> Signature:
    """Parse a signature below the header of its section.

    Example:
        >>> found = parse_signature("impl<T> Option<T>", "fn zip<U>(self, o: Option<U>) -> U")
        >>> found.receiver, found.generics, str(found.owner)
        ('self', ('U',), 'Option<%T>')
    """
    if header.startswith("mod "):
        return SignatureParser(text, UNIT).signature()
    if header.startswith("{"):
        parser = SignatureParser(text, Term("%Self"))
        return parser.signature()
    head = SignatureParser(header)
    owner = head.header()
    parser = SignatureParser(text, owner)
    parser.bounds = head.bounds
    return parser.signature()
