"""Rules about waiting, as data: what a future waits for, and which values hold what.

They stand in the same files as the rules for how values are shown, as ``[[wait]]``,
``[[hold]]`` and ``[[block]]``, and name types, functions and fields alone: no offset, no version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.present.field_paths import Path
from crabtrap.present.rules.formula import Formula, evaluate, parse_formula
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.values import Value

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with formulas in braces: ``needs {num_permits}``."""

    texts: tuple[str, ...]
    formulas: tuple[Formula, ...]

    @staticmethod
    def parse(text: str) -> Template:
        """Parse a template.

        Raises:
            FormulaError: What stands in braces is no formula.

        Example:
            >>> Template.parse("of {len}").formulas
            ('len',)
        """
        parts = _BRACES.split(text)
        return Template(tuple(parts[::2]), tuple(map(parse_formula, parts[1::2])))

    def fill(self, value: Value) -> str:
        """Write the text with the fields of a value.

        Raises:
            LayoutError: A field it names is not in this type.
            UnavailableError: A field cannot be read.
        """
        first, *others = self.texts
        numbers = (str(evaluate(formula, value)) for formula in self.formulas)
        return first + "".join(f"{a}{b}" for a, b in zip(numbers, others, strict=True))


@dataclass(frozen=True, slots=True)
class QueueRule:
    """Where those who wait for the same thing stand in line: a list of nodes linked by pointers.

    Attributes:
        first: Pointer to the node that is served first.
        next: In a node, the pointer to the one behind it.
        node: The future's own node.
    """

    first: Path
    next: Path
    node: Path


@dataclass(frozen=True, slots=True)
class DescriptorRule:
    """Where the file descriptor is that is waited for.

    Attributes:
        fd: Path to its number, from the future itself or from ``holder``.
        holder: The type of a value that has it, which the variables of the functions around
            lead to; ``""`` for the future.
        same: Path from there to what is waited for, by which it is known to be the right one.
    """

    fd: Path
    holder: str = ""
    same: Path = ""


@dataclass(frozen=True, slots=True)
class PlaceRule:
    """A list in a static, in which the place of what is waited for tells what that is.

    Attributes:
        static: The static's path.
        items: Path from there to the list: a ``Vec``, a boxed slice.
        same: Path in an item to what is waited for.
        from_one: The first item is number 1, not 0.
        signals: The numbers are those of signals.
    """

    static: str
    items: Path
    same: Path
    from_one: bool = False
    signals: bool = False


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list of nodes that are linked by pointers.

    Attributes:
        first: Pointer to the first node.
        next: In a node, the pointer to the one behind it.
    """

    first: Path
    next: Path


@dataclass(frozen=True, slots=True)
class WaitRule:
    """What a future of some type waits for.

    All paths and formulas are the future's.

    Attributes:
        pattern: The future's type, as in a ``Rule``.
        kind: A word for programs: ``lock``.
        what: What is waited for, in words: ``Mutex``.
        when: Formulas that must not be zero; else the next rule is tried.
        within: A type: what is waited for is part of such a value, as a semaphore of a mutex is.
        under: A type: one of the futures that await it is such.
        on: What is waited for: a value, or what a pointer points to.
        detail: More about it; the first is taken whose fields exist.
        by: The roles of those who end the wait, as in ``HoldRule``; without any, it ends by
            itself or from outside of the program.
        also_by: The roles of those who can end it, too, but have not to.
        total: How many there are of those who end it: a formula of what is waited for.
        needs_all: All of them must let go, not just one.
        never: Nobody ends it.
        deadline: The instant at which it ends by itself.
        period: The duration that ends at the deadline, where that is known.
        queue: Where it stands in line.
        tasks: A pointer to a task whose end ends the wait.
        each: Of several such tasks, the list: ``tasks`` is a path in its nodes.
        descriptor: Where the file descriptor is.
        once: Nobody waits for the same twice, as for the end of a task.
        turn: A formula that is another whenever such a wait begins anew.
        listed: Where what is waited for is listed, the layouts one by one.
    """

    pattern: str
    kind: str
    what: str
    when: tuple[Formula, ...] = ()
    within: str = ""
    under: str = ""
    on: Path | None = None
    detail: tuple[Template, ...] = ()
    by: tuple[str, ...] = ()
    also_by: tuple[str, ...] = ()
    total: Formula | None = None
    needs_all: bool = False
    never: bool = False
    deadline: Path | None = None
    period: Path | None = None
    queue: QueueRule | None = None
    tasks: Path | None = None
    each: ListRule | None = None
    descriptor: DescriptorRule | None = None
    once: bool = False
    turn: Formula | None = None
    listed: tuple[PlaceRule, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldRule:
    """What the owner of a value of some type holds.

    Attributes:
        pattern: The value's type, as in a ``Rule``.
        role: What the owner is to those who wait for it: ``guard``, ``sender``.
        on: What it holds: a value, or what a pointer points to.
        when: Formulas that must not be zero for it to hold anything.
        unpolled: It is a future that has got what it waited for and has not been polled since.
        blocks: Whoever wants it blocks a thread meanwhile, as with a lock of std.
    """

    pattern: str
    role: str
    on: Path
    when: tuple[Formula, ...] = ()
    unpolled: bool = False
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class BlockRule:
    """What a thread waits for that is at a futex, see ``futex(2)``, within some function.

    Attributes:
        pattern: The function's path without generic arguments, as a type's in a ``Rule``.
        kind: As in ``WaitRule``, and so are ``what``, ``by``, ``total`` and ``needs_all``.
        on: What is waited for: a path from the function's ``self``; without any, it is at the
            futex.
        joins: It waits for the end of the thread whose number is at the futex.
    """

    pattern: str
    kind: str
    what: str
    on: Path | None = None
    by: tuple[str, ...] = ()
    total: Formula | None = None
    needs_all: bool = False
    joins: bool = False


@dataclass(frozen=True, slots=True)
class WaitRules:
    """The rules of one file."""

    waits: tuple[WaitRule, ...] = ()
    holds: tuple[HoldRule, ...] = ()
    blocks: tuple[BlockRule, ...] = ()

    @property
    def all(self) -> tuple[WaitRule | HoldRule | BlockRule, ...]:
        """All of them, by kind."""
        return (*self.waits, *self.holds, *self.blocks)
