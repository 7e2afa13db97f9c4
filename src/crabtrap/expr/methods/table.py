"""The one table of built-in methods: signatures as Rust writes them, and what they compute.

The check of types, the evaluation, completion, "did you mean" and the page
``docs/expressions.md`` all read it.  A signature is parsed when its method is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from crabtrap.expr.methods.invocation import Method
from crabtrap.expr.typing.signature import Signature, parse_signature
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, SIGNED, UNSIGNED, Term
from crabtrap.records import dataclass

_LENGTH = re.compile(r"; \w+\]$")
_NAME = re.compile(r"fn (\w+)")

FAMILIES: dict[str, frozenset[str]] = {
    "{integer}": INTEGERS,
    "{signed}": SIGNED | {"${integer}"},
    "{unsigned}": UNSIGNED | {"${integer}"},
    "{float}": FLOATS,
}
"""Headers that stand for several types at once."""


class Entry:
    """One method.

    Attributes:
        header: Whose method it is: ``impl<T> [T]``.
        text: Its signature.
        method: Computes it.
        extension: It is the debugger's own: Rust has no such method.
        changes: It changes its receiver, which has to be a variable of the expression.
    """

    __slots__ = (
        "_signature",
        "changes",
        "extension",
        "header",
        "method",
        "name",
        "owner_name",
        "text",
    )

    def __init__(self, section: Section, text: str, method: Method) -> None:
        header = section.header
        self.header = header
        self.text = text
        self.method = method
        self.extension = section.extension
        self.changes = section.changes
        self.name = method_name(text)
        self.owner_name = _owner_name(header)
        self._signature: Signature | None = None

    @property
    def signature(self) -> Signature:
        """The parsed signature."""
        if self._signature is None:
            self._signature = parse_signature(self.header, self.text)
        return self._signature


@dataclass(frozen=True, slots=True)
class Section:
    """Methods below one header.

    Attributes:
        header: ``impl<T> Vec<T>``, one of ``FAMILIES``, ``impl Self`` for every type, or
            ``mod iter`` for functions of a module.
        methods: What computes each signature.
        extension: They are the debugger's own.
        changes: They change their receiver.
    """

    header: str
    methods: Mapping[str, Method]
    extension: bool = False
    changes: bool = False


class MethodTable:
    """All sections, found by the outer constructor of a type and by name."""

    def __init__(self, sections: tuple[Section, ...]) -> None:
        self.sections = sections
        self._by_name: dict[str, list[Entry]] = {}
        self._by_owner: dict[tuple[str, str], tuple[Entry, ...]] = {}
        for section in sections:
            for text, method in section.methods.items():
                entry = Entry(section, text, method)
                self._by_name.setdefault(entry.name, []).append(entry)

    def named(self, name: str) -> tuple[Entry, ...]:
        """All methods of a name."""
        return tuple(self._by_name.get(name, ()))

    def find(self, owner: Term, name: str) -> tuple[Entry, ...]:
        """Methods of a name whose owner has this outer constructor; not those of every type."""
        key = (owner.name, name)
        found = self._by_owner.get(key)
        if found is None:
            entries = self._by_name.get(name, ())
            found = tuple(each for each in entries if _owns(each, owner.name))
            self._by_owner[key] = found
        return found

    def of_module(self, module: str, name: str) -> Entry | None:
        """The function of a module of std."""
        entries = self._by_name.get(name, ())
        return next((each for each in entries if each.header == f"mod {module}"), None)

    def of_every_type(self, name: str) -> tuple[Entry, ...]:
        """Methods of traits that many types have."""
        entries = self._by_name.get(name, ())
        return tuple(each for each in entries if each.header == "impl Self")

    def names_of(self, owner: Term) -> Iterator[str]:
        """The names of the methods of a type; not those of every type."""
        for name, entries in self._by_name.items():
            if any(_owns(each, owner.name) for each in entries):
                yield name

    def names_of_every_type(self) -> Iterator[str]:
        """The names of the methods of traits that many types have."""
        for name, entries in self._by_name.items():
            if any(each.header == "impl Self" and not each.extension for each in entries):
                yield name


def method_name(signature: str) -> str:
    """The name in the text of a signature.

    Example:
        >>> method_name("fn len(&self) -> usize")
        'len'
    """
    return _NAME.search(signature).group(1)  # type: ignore[union-attr]  # checked by a test


def owner_text(header: str) -> str:
    """The type that a header names, as it is written there.

    Example:
        >>> owner_text("impl<T: IntoIterator<B>, B> Iter<T>")
        'Iter<T>'
    """
    owner = header.removeprefix("impl").lstrip()
    if owner.startswith("<"):
        depth = 0
        for at, char in enumerate(owner):
            depth += {"<": 1, ">": -1}.get(char, 0)
            if not depth:
                return owner[at + 1 :].lstrip()
    return owner


def _owner_name(header: str) -> str:
    """The outer constructor that a header names; ``""`` where the header must be parsed."""
    owner = owner_text(header)
    if owner.startswith("["):
        return "array" if _LENGTH.search(owner) else "slice"
    if owner.startswith("*"):
        return owner.partition(" ")[0]
    name = owner.partition("<")[0]
    return "Iter" if name in ("Ends", "Length", "Peekable", "Exact", "Shown") else name


def _owns(entry: Entry, name: str) -> bool:
    family = FAMILIES.get(entry.header)
    if family is not None:
        return name in family
    if entry.header == "impl Self":
        return False
    return (entry.owner_name or entry.signature.owner.name) == name
