"""What the checker found: the type of each node, and what each call means."""

from __future__ import annotations

from crabtrap.expr.methods.table import Entry
from crabtrap.expr.typing.terms import UNKNOWN, Term
from crabtrap.records import dataclass, field


@dataclass(frozen=True, slots=True)
class CallTyping:
    """A call of a built-in method.

    Attributes:
        owner: The type it is a method of.
        generics: What the generic parameters of the signature stand for.
        parameters: The types of the arguments, the receiver's not among them.
    """

    entry: Entry
    owner: Term
    generics: dict[str, Term]
    parameters: tuple[Term, ...]
    result: Term


@dataclass(frozen=True, slots=True)
class Typing:
    """The types of a tree's nodes, by ``id``; the tree is kept by its owner.

    Attributes:
        changed_by: Of each closure the variables around it that it changes.
        changes: The expression changes variables of its own.
    """

    nodes: dict[int, Term]
    calls: dict[int, CallTyping] = field(default_factory=dict[int, CallTyping])
    changed_by: dict[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])
    changes: bool = False

    def of(self, tree: object) -> Term:
        """The type of a node; ``UNKNOWN`` of one that was not typed."""
        return self.nodes.get(id(tree), UNKNOWN)
