"""Records behave like standard dataclasses."""

import dataclasses
import functools
from typing import ClassVar

import pytest

from crabtrap.records import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 7
    NAMES: ClassVar[tuple[str, ...]] = ("x", "y")

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(slots=True)
class Base:
    number: int
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Derived(Base):
    text: str = "none"
    hidden: int = field(default=5, init=False)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    text: str = ""


def test_construction_representation_and_equality() -> None:
    assert repr(Point(1)) == "test_records.Point(x=1, y=7)".removeprefix("test_records.")
    assert Point(1) == Point(x=1, y=7)
    assert Point(1) != Point(2)
    assert len({Point(1), Point(1, 7)}) == 1
    assert Point(1).sum == 8
    assert replace(Point(1), y=2) == Point(1, 2)
    assert dataclasses.replace(Point(1), y=2) == Point(1, 2)


def test_frozen_and_slotted() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    assert not hasattr(Point(1), "__dict__")
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_many_instances_are_made_like_a_few() -> None:
    records = [Derived(n, ["a"], text="b") for n in range(100)]
    assert {(each.number, *each.tags, each.text, each.hidden) for each in records} == {
        (n, "a", "b", 5) for n in range(100)
    }
    first, second = Base(1), Base(1)
    assert first.tags is not second.tags
    points = [Point(n) for n in range(100)]
    assert [point.sum for point in points] == [n + 7 for n in range(100)]


@pytest.mark.parametrize("before", [0, 100])
def test_arguments_that_do_not_fit_are_refused(before: int) -> None:
    @dataclass(frozen=True, slots=True)
    class Pair:
        left: int
        right: int = 0

    for n in range(before):
        Pair(n)
    with pytest.raises(TypeError, match="left"):
        Pair()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="middle"):
        Pair(1, middle=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="left"):
        Pair(1, left=2)  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        Pair(1, 2, 3)  # type: ignore[call-arg]


def test_inheritance_defaults_and_factories() -> None:
    record = Derived(1, text="a")
    assert (record.number, record.tags, record.text, record.hidden) == (1, [], "a", 5)
    record.tags.append("b")
    assert Derived(1).tags == []
    assert Base(2).number == 2
    names = [each.name for each in dataclasses.fields(record)]
    assert names == ["number", "tags", "text", "hidden"]
    with pytest.raises(TypeError):
        hash(record)


def test_patterns_work_before_any_instance() -> None:
    @dataclass(frozen=True, slots=True)
    class Late:
        a: int
        b: int = 2

    assert Late.__match_args__ == ("a", "b")
    match Late(1):
        case Late(a, b):
            assert (a, b) == (1, 2)


def test_identity_where_equality_is_not_wanted() -> None:
    first, second = Token("a"), Token("a")
    assert first != second
    assert {first: 1}[first] == 1


def test_without_slots_instances_have_a_dictionary_of_their_own() -> None:
    @dataclass(frozen=True)
    class Open:
        x: int

        @functools.cached_property
        def doubled(self) -> int:
            return 2 * self.x

    assert (Open(2).doubled, Open(3).doubled) == (4, 6)
