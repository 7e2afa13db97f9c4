"""Rules about waiting: read, refused, and as the page about them has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crabtrap.present import RuleFile
from crabtrap.present.rules.rule_table import RuleFileError
from crabtrap.tasks.waits import wait_rule_files
from crabtrap.tasks.waits.wait_rule_files import parse_wait_rules, shipped_wait_rules
from crabtrap.tasks.waits.wait_rules import WaitRules

PAGE = Path(__file__).parents[3] / "docs" / "async.md"
WAIT = '[[wait]]\ntype = "app::Ticket"\nkind = "ticket"\nwhat = "Desk"\n'
HOLD = '[[hold]]\ntype = "app::Clerk"\nrole = "clerk"\non = "desk"\n'


def parse(text: str) -> WaitRules:
    return parse_wait_rules(RuleFile.parse(text, "mine.toml"))


def test_shipped_rules_are_readable():
    rules = shipped_wait_rules()
    roles = {hold.role for hold in rules.holds} | {"task"}
    assert {role for wait in rules.waits for role in (*wait.by, *wait.also_by)} <= roles
    assert {role for block in rules.blocks for role in block.by} <= roles | {"thread"}


def test_one_file_may_have_rules_of_all_kinds():
    rules = parse(WAIT + HOLD + '[[rule]]\ntype = "m::A"\nwrapper = { inner = "a" }\n')
    assert [wait.pattern for wait in rules.waits] == ["app::Ticket"]
    assert [hold.pattern for hold in rules.holds] == ["app::Clerk"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WAIT + "until = 3", "mine.toml:1: wait for app::Ticket: it has no 'until'"),
        (WAIT + "detail = 3", "'detail' must be a text"),
        (WAIT + 'detail = "{1 +}"', "'detail': '1 +' ends too early"),
        (WAIT + "queue = { first = 'a', next = 'b' }", "'node' must be a field path"),
        ('[[wait]]\nkind = "a"\nwhat = "b"', "wait 1: 'type' must be a text"),
        (HOLD + "by = 'clerk'", "hold for app::Clerk: it has no 'by'"),
        ("[[waits]]\ntype = 'a'", "unknown table 'waits'"),
    ],
)
def test_what_is_not_valid_is_refused(text: str, message: str):
    with pytest.raises(RuleFileError, match=re.escape(message)):
        parse(text)


def test_the_page_shows_valid_rules_and_every_key():
    page = PAGE.read_text()
    for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL):
        assert parse(block).all
    told = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r"^(\w+) =", page, re.MULTILINE))
    names = ("WAIT", "HOLD", "BLOCK", "QUEUE", "LIST", "DESCRIPTOR", "PLACE")
    keys = frozenset[str]().union(*(getattr(wait_rule_files, f"{name}_KEYS") for name in names))
    assert keys <= told
