"""The bits of a NaN that arithmetic made, which Rust leaves open.

std's documentation says so ("NaN bit patterns" of the primitive type ``f32``): which NaN an
operation gives is not determined, its sign included, and may change from one execution to the
next; rustc computes other ones than the processor.  Only ``-x``, ``abs`` and ``copysign``, which
are no arithmetic, and copies determine all bits.  So an expression that observes these bits has
no value that rustc could be asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from unittest import mock

from crabtrap import _core
from tests.support.loops.data import only_general

_PATTERNS: tuple[Callable[[int], bool], ...] = (
    lambda _: True,
    lambda number: number % 2 == 0,
    lambda number: number % 2 == 1,
)
"""Which of the NaNs that an evaluation makes get the other sign, by their number."""


def observes(evaluate: Callable[[], object]) -> bool:
    """Whether what an evaluation gives depends on the sign of a NaN that arithmetic made."""
    with only_general():
        as_made = evaluate()
        for is_other in _PATTERNS:
            with _other_signs(is_other):
                if evaluate() != as_made:
                    return True
    return False


@contextmanager
def _other_signs(is_other: Callable[[int], bool]) -> Generator[None]:
    compute, numbers = _core.float_function, count()

    def computed(name: str, single: bool, *arguments: float) -> float:
        found = compute(name, single, *arguments)
        return -found if math.isnan(found) and is_other(next(numbers)) else found

    with mock.patch.object(_core, "float_function", computed):
        yield
