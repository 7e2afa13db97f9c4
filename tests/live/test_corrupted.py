"""Every variable with a pointer in it, overwritten with garbage: said in words, none believed.

The layouts are those of a real std, and the memory is a real program's; only the bytes of
the variable itself are made up.  What is limited is what is read and what is said.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.symbols.types import Type
from crabtrap.target.stdio import Stdio
from crabtrap.values import Bytes, Value
from tests.live.test_values_corpus import CORPUS
from tests.support.corpora import sections
from tests.support.inferiors import build, require_profile

TIMES = 5
READ_LIMIT = 64 << 10
TEXT_LIMIT = 4000

# What may be so with any, or with many bytes in it.
_POSSIBLE = {
    "units": "a vector of () has any length",
    "item_list": "a vector of function items has any length",
    "item_reference": "a function item has no size and lies anywhere",
    "raw_items": "a raw pointer points anywhere, to any length",
    "chars": "two equal pointers are an empty text",
    "bytes": "two equal pointers are an empty text",
    "dropped": "a Weak may dangle",
    "gone": "a Weak may dangle",
    "weak": "a Weak may dangle",
    "arc_weak": "a Weak may dangle",
    "non_null": "a raw pointer points anywhere",
    "dangling": "a raw pointer points anywhere",
    "pointer": "a raw pointer points anywhere",
    "null": "a raw pointer points anywhere",
    "type_id": "a TypeId is any 128 bits",
    "lock_warm": "an initialised LazyLock holds its number where its function was",
    "io_error": "the system's error numbers have no end",
}


def garbage(chance: random.Random, size: int) -> bytes:
    """Words as memory holds them that is not yet, or no longer, a value."""
    choices = (
        chance.getrandbits(64) | 1 << 62,
        chance.getrandbits(64) | 1 << 48,
        0xAAAA_AAAA_AAAA_AAAA,
        (1 << 60) + chance.getrandbits(8),
        (1 << 64) - 1 - chance.getrandbits(4),
        0x5A5A_5A5A_5A5A_5A5A,
    )
    words = [chance.choice(choices) for _ in range(-(-size // 8))]
    return struct.pack(f"<{len(words)}Q", *words)[:size]


def holds_pointer(type_: Type, depth: int = 0) -> bool:
    """Whether there is a pointer in every value of a type, and so a lie in every corrupted one."""
    shape = type_.strip()
    if shape.kind in ("pointer", "reference") or depth > 12:
        return depth <= 12
    parts = [field.type for field in shape.fields]
    if shape.kind == "array" and shape.row.count and shape.target is not None:
        parts.append(shape.target)
    return any(holds_pointer(part, depth + 1) for part in parts)


def corrupted(profile: str) -> Iterator[tuple[str, Value]]:
    """Variables of the program "values" with made-up bytes, each while it is looked at."""
    chance = random.Random(4711)
    inferior = build("values", profile)
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        for section in sections(CORPUS, profile):
            line = inferior.marker(section.marker, section.file)
            session.breakpoints.add(f"{section.file}:{line}", temporary=True)
        while True:
            session.continue_()
            if not isinstance(session.state, Stopped):
                return
            for variable in session.frame.locals():
                value = session.evaluate(variable.name)
                if not holds_pointer(value.type):
                    continue
                for _ in range(TIMES):
                    location = Bytes(garbage(chance, value.type.strip().size or 0))
                    context = value.context.budgeted(READ_LIMIT)
                    found = Value(value.type, location, context)
                    yield f"{variable.name}: {session.values.render(found)}", found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("profile", ["debug", "debian-rustc", "debian-rustc-web-oldest"])
def test_no_corrupted_value_is_believed(profile: str):
    require_profile(profile)
    count, believed = 0, []
    for text, value in corrupted(profile):
        count += 1
        assert len(text) < TEXT_LIMIT
        assert value.context.reader.fetched <= READ_LIMIT, text
        if "<" not in text and text.partition(":")[0] not in _POSSIBLE:
            believed.append(f"{text} ({value.type.name})")
    assert not believed, "\n".join(believed)
    assert count >= 500
