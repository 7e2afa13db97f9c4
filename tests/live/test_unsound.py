"""Bytes that are no value of their type: said so, and never compared, cast or matched."""

from __future__ import annotations

import pytest

from crabtrap import Session
from crabtrap.errors import CrabtrapError
from crabtrap.events import ConditionFailed
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build, require_profile
from tests.support.sessions import Debug

SOUND = {
    "level": "Low",
    "signed as i64": "-1",
    "level == Level::Low": "true",
    "levels[2] as u8": "7",
    "truth": "true",
    "letter": "'x'",
    "ordering.is_lt()": "true",
    "byte.get()": "1",
    "short.get()": "-2",
    "wide": "5",
    "text": '"text"',
}
SHOWN = {
    "level": "<invalid Level: 9>",
    "signed": "<invalid Signed: 0>",
    "levels": "[<invalid Level: 9>, Middle, High]",
    "within": "Some(<invalid Level: 9>)",
    "truth": "<invalid bool: 2>",
    "maybe": "Some(<invalid bool: 7>)",
    "letter": "<invalid char: 0xd800>",
    "ordering": "<invalid Ordering: 9>",
    "reference": "<null pointer>",
    "text": "<null pointer>",
}
NEVER_ZERO = ("byte", "short", "word", "long", "wide", "size")
REFUSED = {
    "invalid Level": (
        "level == Level::Low",
        "level != Level::Low",
        "level == level",
        "level as u8",
        "level as i32",
        "level as i32 + 1",
        "matches!(level, Level::Low)",
        "matches!(level, Level::Low | Level::Middle | Level::High)",
        "match level { Level::Low => 1, _ => 2 }",
        "if let Level::High = level { 1 } else { 2 }",
        "levels[0] == Level::Middle",
        "levels.contains(&Level::Middle)",
        "levels.iter().position(|one| *one == Level::Middle)",
        "levels == [Level::Low, Level::Middle, Level::High]",
        "(level, 1) == (Level::Low, 1)",
        "within == Some(Level::Middle)",
        "within.unwrap() as u8",
    ),
    "invalid Signed": ("signed as i32", "signed == Signed::Above"),
    "invalid discriminant": ("matches!(tagged, Tagged::Pair(..))", "tagged == tagged"),
    "invalid bool": (
        "!truth",
        "truth && true",
        "truth as u8",
        "truth == true",
        "if truth { 1 } else { 2 }",
        "maybe == Some(true)",
        "maybe.unwrap() | false",
    ),
    "invalid char": ("letter as u32", "letter == 'x'", "letter.is_alphabetic()", "letter < 'y'"),
    "invalid Ordering": ("ordering.is_lt()", "ordering == std::cmp::Ordering::Less"),
    "implausible": (
        *(f"{name}.get()" for name in NEVER_ZERO),
        *(f"{name} == {name}" for name in NEVER_ZERO),
    ),
    "null": ("*reference", "text.len()", 'text == "text"'),
}


@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest"]
)
def test_invalid_values_are_told_and_not_used(profile: str):
    require_profile(profile)
    inferior = build("unsound", profile)
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        for marker in ("sound", "unsound"):
            session.breakpoints.add(f"main.rs:{inferior.marker(marker)}")
        session.continue_()

        def shown(expression: str) -> str:
            return session.values.render(session.evaluate(expression))

        assert {each: shown(each) for each in SOUND} == SOUND
        session.continue_()
        assert {each: shown(each) for each in SHOWN} == SHOWN
        for name in (*NEVER_ZERO, "pointer"):
            assert shown(name).startswith("<NonZero" if name != "pointer" else "<NonNull")
            assert "implausible" in shown(name)
        for reason, expressions in REFUSED.items():
            for expression in expressions:
                with pytest.raises(CrabtrapError) as raised:
                    shown(expression)
                assert reason in str(raised.value), expression


@pytest.mark.parametrize(
    "condition",
    [
        "level == Level::High",
        "level as u8 == 200",
        "matches!(level, Level::High)",
        "signed == Signed::Above",
        "truth == false",
        "letter == 'y'",
        "byte.get() == 3",
        "matches!(tagged, Tagged::Pair(..))",
    ],
)
def test_a_condition_on_an_invalid_value_stops_and_says_why(debug: Debug, condition: str):
    driver = debug("unsound")
    place = f"main.rs:{driver.line('unsound')}"
    driver.session.breakpoints.add(place, condition=condition)
    event = driver.launch().session.continue_()
    assert [type(reason) for reason in event.reasons] == [ConditionFailed]
