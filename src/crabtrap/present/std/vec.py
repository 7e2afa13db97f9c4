"""Rules for the sequences of alloc."""

from __future__ import annotations

from crabtrap.present.rules.rule import Rule
from crabtrap.present.rules.shapes import Chain, Ring, Sequence, Wrapper

RULES = (
    Rule("alloc::vec::Vec<$T, $A?>", Sequence("$T", "len", "buf.ptr", capacity="buf.cap")),
    Rule(
        "alloc::collections::vec_deque::VecDeque<$T, $A?>",
        Ring("$T", "head", "buf.ptr", "buf.cap", length="len"),
    ),
    Rule(
        "alloc::collections::vec_deque::VecDeque<$T, $A?>",
        Ring("$T", "tail", "buf.ptr", "buf.cap", end="head"),
    ),
    Rule(
        "alloc::collections::linked_list::LinkedList<$T, $A?>",
        Chain("head", "next", "element", "len"),
    ),
    Rule("alloc::collections::binary_heap::BinaryHeap<$T, $A?>", Wrapper("data")),
)
