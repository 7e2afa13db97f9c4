from dataclasses import dataclass
from typing import cast

from crabtrap import _core
from crabtrap.address import FileAddress
from crabtrap.engine.inspect.variables import (
    ScopedVariable,
    explain_missing,
    find_binding,
    scope_variables,
    without_awaits,
)


@dataclass(frozen=True)
class FakeVariable:
    name: str
    ranges: tuple[tuple[int, int], ...]
    depth: int = 0
    declaration_line: int = 0
    kind: str = "local"


def scope(pc: int, *variables: FakeVariable) -> tuple[ScopedVariable, ...]:
    return scope_variables(cast("list[_core.Variable]", variables), FileAddress(pc))


PARAMETER = FakeVariable("x", ((0, 100),), 0, 1, "parameter")
OUTER = FakeVariable("x", ((10, 100),), 1, 2)
INNER = FakeVariable("x", ((20, 30), (40, 50)), 2, 3)


def test_innermost_binding_wins_and_others_are_marked() -> None:
    scoped = scope(25, PARAMETER, OUTER, INNER)
    assert [(s.in_scope, s.shadowed) for s in scoped] == [(True, True), (True, True), (True, False)]
    found = find_binding(scoped, "x")
    assert found is not None
    assert found.variable.declaration_line == 3


def test_binding_ends_with_its_block() -> None:
    assert [s.shadowed for s in scope(35, PARAMETER, OUTER, INNER)] == [True, False, False]
    found = find_binding(scope(5, PARAMETER, OUTER, INNER), "x")
    assert found is not None
    assert found.kind == "parameter"


def test_later_declaration_at_the_same_depth_wins() -> None:
    first, second = FakeVariable("y", ((0, 9),), 1, 5), FakeVariable("y", ((0, 9),), 1, 6)
    for order in ((first, second), (second, first)):
        found = find_binding(scope(3, *order), "y")
        assert found is not None
        assert found.variable.declaration_line == 6


def test_order_of_declaration_is_kept() -> None:
    names = [s.name for s in scope(5, FakeVariable("b", ((0, 9),)), FakeVariable("a", ((0, 9),)))]
    assert names == ["b", "a"]


def test_variable_that_is_not_there_yet_is_explained() -> None:
    scoped = scope(5, FakeVariable("total", ((50, 60),), 1, 12), FakeVariable("count", ((0, 9),)))
    assert find_binding(scoped, "total") is None
    assert explain_missing(scoped, "total") == (
        "total is declared at line 12 and is not in scope here",
        (),
    )


def test_unknown_variable_gets_visible_names_alike() -> None:
    scoped = scope(5, FakeVariable("count", ((0, 9),)), FakeVariable("counted", ((50, 60),)))
    assert explain_missing(scoped, "cuont") == ("", ("count",))


def test_what_the_compiler_made_is_distinguished_from_what_was_written() -> None:
    names = ("_task_context", "__arg0", "__awaitee", "_context", "__mine", "result")
    scoped = scope(3, *(FakeVariable(name, ((0, 9),)) for name in names))
    assert [one.is_compiler_generated for one in scoped] == [True, True, True, False, False, False]


def test_a_parameter_of_an_async_function_is_there_twice() -> None:
    moved = FakeVariable("start", ((0, 9),), 0, 5)
    bound = FakeVariable("start", ((0, 9),), 1, 5)
    inner = FakeVariable("start", ((0, 9),), 1, 6)
    first, second = scope(3, moved, bound)
    assert first.is_argument_of(second)
    assert not second.is_argument_of(first)
    first, second = scope(3, moved, inner)
    assert not first.is_argument_of(second)


def test_what_came_of_an_await_is_told_from_a_variable_of_that_name() -> None:
    own = FakeVariable("result", ((0, 9),), 1, 4)
    awaited = FakeVariable("__awaitee", ((0, 9),), 2, 5)
    generated = FakeVariable("result", ((0, 9),), 4, 5)
    left = without_awaits(scope(3, own, awaited, generated))
    assert [(one.name, one.variable.declaration_line) for one in left] == [("result", 4)]
