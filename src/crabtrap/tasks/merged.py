"""Whose vtable it is, where an optimiser has kept one function for tasks of several types.

Functions whose code is the same may be kept once, and are then described as that of one type.
A vtable has several functions; what they say together tells more than any one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def resolve_merged(vtables: Mapping[int, Sequence[frozenset[T]]]) -> dict[int, tuple[T, ...]]:
    """Say which type each vtable is for.

    Args:
        vtables: By address: of each function in it the types that it is described as being for;
            nothing where it is not described.

    Returns:
        The types that each may be for; one where that is certain.  Vtables without any are
        left out.

    Example:
        >>> one, two = frozenset("1"), frozenset("2")
        >>> resolve_merged({8: [one, one], 9: [one, two]})
        {8: ('1',), 9: ('2',)}
    """
    agreed = {at: _agreed(claims) for at, claims in vtables.items()}
    certain = {next(iter(found)) for found in agreed.values() if len(found) == 1}
    resolved: dict[int, tuple[T, ...]] = {}
    for at, claims in vtables.items():
        found = agreed[at]
        if len(found) != 1:
            possible = found or frozenset[T]().union(*claims)
            found = possible - certain or possible
        if found:
            resolved[at] = tuple(sorted(found, key=_order))
    return resolved


def _agreed(claims: Sequence[frozenset[T]]) -> frozenset[T]:
    known = [claim for claim in claims if claim]
    agreed: frozenset[T] = known[0] if known else frozenset()
    return agreed.intersection(*known)


def _order(type_: object) -> str:
    return str(type_)
