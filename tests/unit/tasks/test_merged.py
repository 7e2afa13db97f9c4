"""Vtables whose functions an optimiser has merged."""

from __future__ import annotations

from crabtrap.tasks.merged import resolve_merged

A, B, C = frozenset("a"), frozenset("b"), frozenset("c")
NONE: frozenset[str] = frozenset()


def test_functions_that_agree_are_certain():
    assert resolve_merged({1: [A, A], 2: [B, NONE, B]}) == {1: ("a",), 2: ("b",)}


def test_a_type_that_has_a_vtable_of_its_own_is_not_that_of_another():
    assert resolve_merged({1: [A, A, A], 2: [A, B, A]}) == {1: ("a",), 2: ("b",)}


def test_one_function_described_as_that_of_several_is_told_by_the_others():
    assert resolve_merged({1: [A | B, A], 2: [A | B, B]}) == {1: ("a",), 2: ("b",)}


def test_what_nothing_tells_apart_is_ambiguous():
    assert resolve_merged({1: [A | B, A | B], 2: [A | B, A | B]}) == {1: ("a", "b"), 2: ("a", "b")}
    assert resolve_merged({1: [A, B], 2: [C, C]}) == {1: ("a", "b"), 2: ("c",)}


def test_two_vtables_of_one_type_are_both_its():
    assert resolve_merged({1: [A, A], 2: [A, A]}) == {1: ("a",), 2: ("a",)}


def test_a_vtable_of_which_nothing_is_known_is_left_out():
    assert resolve_merged({1: [NONE, NONE]}) == {}
