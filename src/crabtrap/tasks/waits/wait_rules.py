"""Rules about waiting, as data: what a future waits for, and which values hold what.

They stand in the same files as the rules for how values are shown, as ``[[wait]]``,
``[[hold]]`` and ``[[block]]``, and name types, functions and fields alone: no offset, no version.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from crabtrap.present import RuleFile
from crabtrap.present.field_paths import LayoutError, Path
from crabtrap.present.rules.formula import Formula, FormulaError, evaluate, parse_formula
from crabtrap.present.rules.rule import PatternText
from crabtrap.records import dataclass
from crabtrap.symbols.brackets import angle_groups
from crabtrap.symbols.type_names import parse_type_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap.present.rules.rule_table import RuleTable
    from crabtrap.symbols.types import Type
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
    """

    pattern: str
    kind: str
    what: str
    when: tuple[Formula, ...] = ()
    within: str = ""
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


def parse_wait_rules(file: RuleFile) -> WaitRules:
    """Read what a rule file says about waiting.

    Raises:
        RuleFileError: It is not valid.
    """
    waits = tuple(_wait(table) for table in file.tables("wait", "type"))
    holds = tuple(_hold(table) for table in file.tables("hold", "type"))
    blocks = tuple(_block(table) for table in file.tables("block", "function"))
    return WaitRules(waits, holds, blocks)


@cache
def shipped_wait_rules() -> WaitRules:
    """Read the rules that come with the debugger."""
    directory = os.path.join(os.path.dirname(__file__), "library")
    found: list[WaitRules] = []
    for name in sorted(os.listdir(directory)):
        if name.endswith(".toml"):
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                found.append(parse_wait_rules(RuleFile.parse(file.read(), name)))
    return _joined(found)


def _joined(rules: Iterable[WaitRules]) -> WaitRules:
    every = tuple(rules)
    return WaitRules(
        tuple(rule for each in every for rule in each.waits),
        tuple(rule for each in every for rule in each.holds),
        tuple(rule for each in every for rule in each.blocks),
    )


class WaitBook:
    """The rules in use; remembers which of them fit a type."""

    def __init__(self) -> None:
        """Use the shipped rules."""
        self._rules = shipped_wait_rules()
        self._waits: dict[Type, tuple[WaitRule, ...]] = {}
        self._holds: dict[Type, tuple[HoldRule, ...]] = {}

    def prefer(self, rules: Iterable[WaitRules]) -> None:
        """Try these before the shipped ones; they replace those preferred so far."""
        self._rules = _joined((*rules, shipped_wait_rules()))
        self._waits.clear()
        self._holds.clear()

    def waits(self, shape: Type) -> tuple[WaitRule, ...]:
        """The rules for futures of a type, best first."""
        found = self._waits.get(shape)
        if found is None:
            found = tuple(rule for rule in self._rules.waits if fits(rule.pattern, shape))
            self._waits[shape] = found
        return found

    def holds(self, shape: Type) -> tuple[HoldRule, ...]:
        """The rules for what values of a type hold, best first."""
        found = self._holds.get(shape)
        if found is None:
            found = tuple(rule for rule in self._rules.holds if fits(rule.pattern, shape))
            self._holds[shape] = found
        return found

    def blocks(self, functions: Sequence[str]) -> Iterator[tuple[BlockRule, int]]:
        """Yield the rules for a thread by the functions that it is in, innermost first.

        Each comes with the index of the function that it fits, best first.
        """
        plain = [plain_function(name) for name in functions]
        for rule in self._rules.blocks:
            head = PatternText.parse(rule.pattern).head
            for index, name in enumerate(plain):
                if head.fullmatch(name):
                    yield rule, index
                    break


@cache
def plain_function(path: str) -> str:
    """Leave the generic arguments out of a function's path.

    Example:
        >>> plain_function("std::sync::mpmc::list::Channel<T>::recv<u32>")
        'std::sync::mpmc::list::Channel::recv'
        >>> plain_function("<a::Lock as b::Raw<c::D>>::lock")
        '<a::Lock as b::Raw<c::D>>::lock'
    """
    for start, end in reversed(list(angle_groups(path))):
        if start:
            path = path[:start].removesuffix("::") + path[end:]
    return path


def fits(pattern: str, shape: Type) -> bool:
    """Say whether a pattern fits a stripped type."""
    path = shape.path
    return "::" in path and PatternText.parse(pattern).match(_parsed(path)) is not None


_parsed = cache(parse_type_path)


def holds_true(when: tuple[Formula, ...], value: Value) -> bool:
    """Say whether the formulas of a rule allow it; they do not where a field is missing."""
    try:
        return all(evaluate(formula, value) for formula in when)
    except LayoutError:
        return False


# -- reading ---------------------------------------------------------------------------------
WAIT_KEYS = frozenset(
    """type kind what when within on detail by also_by total needs_all never deadline period queue
    tasks each descriptor""".split()  # noqa: SIM905 - a list of as many lines
)
HOLD_KEYS = frozenset(("type", "role", "on", "when", "unpolled", "blocks"))
LIST_KEYS = frozenset(("first", "next"))
DESCRIPTOR_KEYS = frozenset(("fd", "holder", "same"))
BLOCK_KEYS = frozenset(("function", "kind", "what", "on", "by", "total", "needs_all", "joins"))
QUEUE_KEYS = frozenset(("first", "next", "node"))


def _wait(table: RuleTable) -> WaitRule:
    table.refuse_others(WAIT_KEYS)
    return WaitRule(
        table.text("type"),
        table.text("kind"),
        table.text("what"),
        table.formulas("when"),
        table.text("within", ""),
        table.optional_path("on"),
        _templates(table),
        table.texts("by"),
        table.texts("also_by"),
        table.optional_formula("total"),
        table.flag("needs_all"),
        table.flag("never"),
        table.optional_path("deadline"),
        table.optional_path("period"),
        _queue(table),
        table.optional_path("tasks"),
        _list(table),
        _descriptor(table),
    )


def _templates(table: RuleTable) -> tuple[Template, ...]:
    try:
        return tuple(map(Template.parse, table.texts("detail")))
    except FormulaError as error:
        raise table.error(f"'detail': {error}") from error


def _queue(table: RuleTable) -> QueueRule | None:
    if "queue" not in table:
        return None
    queue = table.inner("queue")
    queue.refuse_others(QUEUE_KEYS)
    return QueueRule(queue.path("first"), queue.path("next"), queue.path("node"))


def _list(table: RuleTable) -> ListRule | None:
    if "each" not in table:
        return None
    inner = table.inner("each")
    inner.refuse_others(LIST_KEYS)
    return ListRule(inner.path("first"), inner.path("next"))


def _descriptor(table: RuleTable) -> DescriptorRule | None:
    if "descriptor" not in table:
        return None
    inner = table.inner("descriptor")
    inner.refuse_others(DESCRIPTOR_KEYS)
    same = inner.path("same") if "holder" in inner else ""
    return DescriptorRule(inner.path("fd"), inner.text("holder", ""), same)


def _block(table: RuleTable) -> BlockRule:
    table.refuse_others(BLOCK_KEYS)
    return BlockRule(
        table.text("function"),
        table.text("kind"),
        table.text("what"),
        table.optional_path("on"),
        table.texts("by"),
        table.optional_formula("total"),
        table.flag("needs_all"),
        table.flag("joins"),
    )


def _hold(table: RuleTable) -> HoldRule:
    table.refuse_others(HOLD_KEYS)
    return HoldRule(
        table.text("type"),
        table.text("role"),
        table.path("on"),
        table.formulas("when"),
        table.flag("unpolled"),
        table.flag("blocks"),
    )
