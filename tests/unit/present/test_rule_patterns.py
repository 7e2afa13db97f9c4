"""Type patterns of presentation rules."""

from __future__ import annotations

import pytest

from crabtrap.present.rules.rule import PatternText
from crabtrap.symbols.types import parse_type_path


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        ("alloc::vec::Vec<$T, $A?>", "alloc::vec::Vec<u8, G>", {"$T": "u8", "$A": "G"}),
        ("alloc::vec::Vec<$T, $A?>", "alloc::vec::Vec<u8>", {"$T": "u8"}),
        ("alloc::vec::Vec<$T, $A?>", "app::vec::Vec<u8>", None),
        ("std::sync::**::Mutex<$T>", "std::sync::mutex::Mutex<u8>", {"$T": "u8"}),
        ("std::sync::**::Mutex<$T>", "std::sync::poison::mutex::Mutex<u8>", {"$T": "u8"}),
        ("std::sync::**::Once", "std::sync::Once", {}),
        ("m::Map<*, $V>", "m::Map<u8, u16>", {"$V": "u16"}),
        ("m::Map<u8, $V>", "m::Map<u16, u16>", None),
        ("m::Op<m::Recv<$B>>", "m::Op<m::Recv<Vec<u8>>>", {}),
        ("m::Op<m::Recv<*>, $T>", "m::Op<m::Send<u8>, u8>", None),
        ("m::*::T", "m::a::T", {}),
        ("m::*::T", "m::a::b::T", None),
        ("m::T", "m::T<u8>", {}),
        ("m::*{0: u8}", "m::T", {}),
    ],
)
def test_patterns(pattern, path, captures):
    found = PatternText.parse(pattern).match(parse_type_path(path))
    shown = None if found is None else {name: text for name, (_, text) in found.items()}
    assert shown == captures
