"""Presentation rules for core, alloc and std.

A layout is recognised by its fields, never by a version of the compiler; other crates
have their rules in ``crates/``.
"""

from crabtrap.present.rules.rule import Rule
from crabtrap.present.std import (
    adaptors,
    cell,
    io,
    iterators,
    map,
    misc,
    packet_channels,
    rc,
    sync,
    text,
    thread_types,
    vec,
)

STD_RULES: tuple[Rule, ...] = (
    *text.RULES,
    *vec.RULES,
    *map.RULES,
    *rc.RULES,
    *cell.RULES,
    *sync.RULES,
    *packet_channels.RULES,
    *thread_types.RULES,
    *io.RULES,
    *misc.RULES,
    *iterators.RULES,
    *adaptors.RULES,
)
"""All rules for std, in order of precedence."""

__all__ = ["STD_RULES"]
