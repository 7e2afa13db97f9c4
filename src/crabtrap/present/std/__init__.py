"""Rules for std, alloc and core."""

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
"""All of them, in order of precedence."""

__all__ = ["STD_RULES"]
