"""Comparing what crabtrap says of an expression with what rustc says."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from crabtrap import Session
from crabtrap.errors import CrabtrapError
from crabtrap.expr.rust_format import formatted
from crabtrap.expr.syntax.nodes import FormatSpec
from crabtrap.present import std_presenter
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build
from tests.support.oracle import nan_bits
from tests.support.oracle.compiled import Verdict

Outcome = Literal["same", "different", "refused", "lax", "unjudged"]
"""``refused``: crabtrap has no value where Rust has one; ``lax``: the other way round."""

CORPUS = Path(__file__).parents[2] / "live" / "oracle_corpus.txt"
"""Expressions with rustc's verdicts: ``value``, ``panic`` or ``error``, and its text."""

_ITERATOR = "an iterator, which Rust shows by its fields"
_ADDRESS = re.compile("0x[0-9a-f]+")
"""A pointer, which is another in each of the two programs."""
_DEBUG = FormatSpec(style="?")


@contextmanager
def session_at_stop(profile: str = "debug") -> Generator[Session]:
    """Run the oracle's program to where all its variables are live."""
    inferior = build("oracle", profile)
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        session.breakpoints.add(f"main.rs:{inferior.marker('oracle', 'main.rs')}", temporary=True)
        session.continue_()
        yield session


def answer(session: Session, text: str) -> tuple[bool, str]:
    """Evaluate an expression: whether it has a value, and its ``{:?}`` or the error."""
    try:
        value = session.evaluate(text)
        if "impl Iterator" in value.type.name:
            return True, _ITERATOR
        return True, formatted(value, _DEBUG, std_presenter())
    except CrabtrapError as error:
        return False, str(error)


def outcome_of(session: Session, text: str, verdict: Verdict) -> tuple[Outcome, str]:
    """Evaluate an expression, and compare its value with the oracle's: how, and what it says."""
    found = answer(session, text)
    outcome = compare(verdict, found)
    if outcome == "different" and nan_bits.observes(lambda: answer(session, text)):
        outcome = "unjudged"
    return outcome, found[1]


def compare(verdict: Verdict, found: tuple[bool, str]) -> Outcome:
    """Compare one answer with the oracle's."""
    has_value, text = found
    match verdict.kind:
        case "value":
            if not has_value:
                return "refused"
            if text == _ITERATOR:
                return "unjudged"
            if _ADDRESS.fullmatch(verdict.text) and _ADDRESS.fullmatch(text):
                return "unjudged"
            return "same" if _same(verdict.text, text) else "different"
        case "error" | "panic":
            return "lax" if has_value else "same"
        case "open" | "unjudged":
            return "unjudged"


def _same(wanted: str, found: str) -> bool:
    """Whether two texts say the same; the order in hashed sets and maps is random."""
    return wanted == found or ("{" in wanted and sorted(wanted) == sorted(found))


def write(seed: int, verdicts: dict[str, Verdict]) -> None:
    """Keep expressions and verdicts as the corpus of the test suite."""
    lines = [f"# Made by `make fuzz-expressions`, seed {seed}: expression, verdict, its text."]
    for expression, verdict in verdicts.items():
        lines.append(json.dumps([expression, verdict.kind, verdict.text], ensure_ascii=False))
    CORPUS.write_text("\n".join(lines) + "\n")


def read() -> dict[str, Verdict]:
    """Read the corpus of the test suite."""
    found: dict[str, Verdict] = {}
    for line in CORPUS.read_text().splitlines()[1:]:
        expression, kind, text = json.loads(line)
        found[expression] = Verdict(kind, text)
    return found
