"""Rules for std, alloc and core."""

from crabtrap.present.rule import Rule
from crabtrap.present.std import (
    adaptors,
    cell,
    io,
    iterators,
    map,
    misc,
    packets,
    rc,
    sync,
    text,
    thread,
    vec,
)

STD_RULES: tuple[Rule, ...] = (
    *text.RULES,
    *vec.RULES,
    *map.RULES,
    *rc.RULES,
    *cell.RULES,
    *sync.RULES,
    *packets.RULES,
    *thread.RULES,
    *io.RULES,
    *misc.RULES,
    *iterators.RULES,
    *adaptors.RULES,
)
"""All of them, in order of precedence."""

__all__ = ["STD_RULES"]
