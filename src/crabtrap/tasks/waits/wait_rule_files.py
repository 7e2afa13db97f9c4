"""Reads rules about waiting from rule files: the user's, and those that come with the debugger."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from crabtrap.present import RuleFile
from crabtrap.present.rules.formula import FormulaError
from crabtrap.tasks.waits.wait_rules import (
    BlockRule,
    DescriptorRule,
    HoldRule,
    ListRule,
    PlaceRule,
    QueueRule,
    Template,
    WaitRule,
    WaitRules,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.present.rules.rule_table import RuleTable

WAIT_KEYS = frozenset(
    """type kind what when within under on detail by also_by total needs_all never deadline period
    queue tasks each descriptor once turn listed""".split()  # noqa: SIM905 - a list of as many lines
)
HOLD_KEYS = frozenset(("type", "role", "on", "when", "unpolled", "blocks"))
LIST_KEYS = frozenset(("first", "next"))
DESCRIPTOR_KEYS = frozenset(("fd", "holder", "same"))
PLACE_KEYS = frozenset(("static", "items", "same", "from_one", "signals"))
BLOCK_KEYS = frozenset(("function", "kind", "what", "on", "by", "total", "needs_all", "joins"))
QUEUE_KEYS = frozenset(("first", "next", "node"))


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
    return joined_rules(found)


def joined_rules(rules: Iterable[WaitRules]) -> WaitRules:
    """Put the rules of several files together, in order."""
    every = tuple(rules)
    return WaitRules(
        tuple(rule for each in every for rule in each.waits),
        tuple(rule for each in every for rule in each.holds),
        tuple(rule for each in every for rule in each.blocks),
    )


def _wait(table: RuleTable) -> WaitRule:
    table.refuse_others(WAIT_KEYS)
    return WaitRule(
        table.text("type"),
        table.text("kind"),
        table.text("what"),
        table.formulas("when"),
        table.text("within", ""),
        table.text("under", ""),
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
        table.flag("once"),
        table.optional_formula("turn"),
        tuple(map(_place, table.inners("listed"))),
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


def _place(table: RuleTable) -> PlaceRule:
    table.refuse_others(PLACE_KEYS)
    return PlaceRule(
        table.text("static"),
        table.path("items"),
        table.path("same"),
        table.flag("from_one"),
        table.flag("signals"),
    )


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
