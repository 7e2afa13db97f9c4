"""Thousands of expressions: crabtrap says what rustc and the compiled program say."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.support.inferiors import require_profile
from tests.support.loops.data import Count, only_loops
from tests.support.oracle.compiled import Verdict
from tests.support.oracle.verdicts import Outcome, outcome_of, read, session_at_stop

_FEWEST = 2500
_MOST_REFUSED = 20
_MOST_LAX = 20
_EVERY = 5
"""Of so many expressions one is evaluated in programs of other compilers."""
_FEWEST_SAMPLED = 480
_FEWEST_LOOPS = 40
_MOST_OPTIMISED_OUT = 30


@pytest.mark.timeout(90)
@pytest.mark.parametrize("profile", ["debug", "dwarf5"])
def test_expressions_are_what_rustc_says(profile: str):
    found = _outcomes(profile, read())
    assert not found["different"], "\n".join(found["different"])
    assert len(found["refused"]) <= _MOST_REFUSED, "\n".join(found["refused"])
    assert len(found["lax"]) <= _MOST_LAX, "\n".join(found["lax"])
    assert len(found["same"]) >= _FEWEST


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    ("profile", "most_refused"),
    [
        ("release-debug", _MOST_OPTIMISED_OUT),
        ("debian-rustc", _MOST_REFUSED),
        ("debian-rustc-o", _MOST_OPTIMISED_OUT),
        ("debian-rustc-web-oldest", _MOST_REFUSED),
        ("debian-rustc-web", _MOST_REFUSED),
    ],
)
def test_expressions_mean_the_same_to_every_compiler(profile: str, most_refused: int):
    # How much a container holds in reserve is up to each version of std.
    asked = {text: verdict for text, verdict in read().items() if ".capacity()" not in text}
    found = _outcomes(profile, dict(list(asked.items())[::_EVERY]))
    assert not found["different"], "\n".join(found["different"])
    assert len(found["refused"]) <= most_refused, "\n".join(found["refused"])
    assert len(found["lax"]) <= _MOST_LAX, "\n".join(found["lax"])
    assert len(found["same"]) >= _FEWEST_SAMPLED


def test_chains_as_loops_are_what_rustc_says():
    # The program's collections are short: here a loop is worth it for any number of items.
    asked = {text: verdict for text, verdict in read().items() if "|" in text or ".iter" in text}
    counted = Count()
    with only_loops(), counted.counting():
        found = _outcomes("debug", asked)
    assert not found["different"], "\n".join(found["different"])
    assert counted.loops >= _FEWEST_LOOPS


def _outcomes(profile: str, asked: dict[str, Verdict]) -> defaultdict[Outcome, list[str]]:
    """Evaluate expressions in a program built so, and sort them by what comes of it."""
    require_profile(profile)
    found: defaultdict[Outcome, list[str]] = defaultdict(list)
    with session_at_stop(profile) as session:
        for expression, verdict in asked.items():
            outcome, says = outcome_of(session, expression, verdict)
            line = f"{expression}\n  rustc {verdict.kind}: {verdict.text}\n  crabtrap: {says}"
            found[outcome].append(line)
    return found


def test_a_ring_that_keeps_a_slot_free_does_not_count_it():
    # Until 1.66 a `VecDeque` had a power of two of slots, and room for one item less.
    require_profile("debian-rustc")
    with session_at_stop("debian-rustc") as session:
        assert session.evaluate("deque.capacity()").integer() == 7
        assert session.evaluate("deque.len()").integer() == 6


def test_what_rust_leaves_open_of_a_nan_is_not_judged():
    wrong = Verdict("value", "something else")
    left_open = ["(inf - inf).is_sign_negative()", "(inf * 0.0).to_bits()"]
    left_open += ["1.0_f32.copysign(inf - inf)", "[1.0, inf].map(|x| (x - x).is_sign_positive())"]
    left_open += ["(inf - inf).is_sign_negative() == (inf * 0.0).is_sign_negative()"]
    # `NaN` is shown without its sign, and what is no arithmetic determines every bit.
    determined = ["inf - inf", "(inf - inf).abs().to_bits()", "(-nan).is_sign_negative()"]
    determined += ["(inf - inf).max(1.0)", "(inf - inf).copysign(1.0).is_sign_negative()"]
    with session_at_stop() as session:
        outcomes = {each: outcome_of(session, each, wrong)[0] for each in left_open + determined}
    assert [each for each, outcome in outcomes.items() if outcome == "unjudged"] == left_open
    assert {outcomes[each] for each in determined} == {"different"}


def test_the_bits_of_a_nan_are_kept():
    # A signalling NaN of an `f32` is no `f64`: on the way through one it would become a quiet one.
    signalling = "f32::from_bits(0x7f80_0001)"
    with session_at_stop() as session:
        for text, bits in [
            (f"{signalling}.to_bits()", 0x7F80_0001),
            (f"(-{signalling}).to_bits()", 0xFF80_0001),
            (f"(-{signalling}).abs().to_bits()", 0x7F80_0001),
            (f"{signalling}.copysign(-1.0).to_bits()", 0xFF80_0001),
            (f"u32::from_le_bytes({signalling}.to_le_bytes())", 0x7F80_0001),
        ]:
            assert session.evaluate(text).integer() == bits, text
        assert (
            session.values.render(session.evaluate(f"{signalling}.total_cmp(&f32::NAN)")) == "Less"
        )
