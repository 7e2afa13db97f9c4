"""Rules for maps and sets: B-trees, and hash tables of std and of hashbrown."""

from __future__ import annotations

from crabtrap.present.rules.rule import Rule
from crabtrap.present.rules.shapes import Hash, Tree

RULES = (
    Rule("std::collections::hash::map::HashMap", Hash("base.table")),
    Rule("std::collections::hash::set::HashSet", Hash("base.map.table", is_set=True)),
    Rule("hashbrown::map::HashMap", Hash("table")),
    Rule("hashbrown::raw::**::RawTable", Hash("")),
    Rule("hashbrown::set::HashSet", Hash("map.table", is_set=True)),
    Rule("alloc::collections::btree::map::BTreeMap", Tree("root", "length")),
    Rule("alloc::collections::btree::set::BTreeSet", Tree("map.root", "map.length", is_set=True)),
)
