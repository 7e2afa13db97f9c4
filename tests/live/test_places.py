"""Breakpoint places in real files, without running them."""

from collections import defaultdict

import pytest

from crabtrap.engine.inspect.user_code import UserCode
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.symbols.linespec import Resolution, ResolveContext, parse_spec, resolve_spec
from tests.support.inferiors import Inferior, build


def resolve(inferior: Inferior, spec: str) -> Resolution:
    table = ModuleLoader().open_static(str(inferior.path))
    context = ResolveContext(table, is_user_path=UserCode().is_user_path)
    return resolve_spec(parse_spec(spec), context)


FUNCTIONS = [
    ("norm2", {"basics::Point::norm2"}),
    ("Point::norm2", {"basics::Point::norm2"}),
    ("basics::Point::norm2", {"basics::Point::norm2"}),
    ("crate::Point::norm2", {"basics::Point::norm2"}),
    ("nested", {"basics::outer::inner::nested"}),
    ("inner::same_name", {"basics::outer::inner::same_name"}),
    ("same_name", {"basics::outer::inner::same_name", "basics::same_name"}),
    ("Dog::name", {"<Dog as Animal>::name"}),
    ("<Dog as Animal>::name", {"<Dog as Animal>::name"}),
    ("Animal::name", {"<Dog as Animal>::name", "<Cat as Animal>::name"}),
    ("generic", {"basics::generic<u8>", "basics::generic<&str>", "basics::generic<Point>"}),
    ("generic<u8>", {"basics::generic<u8>"}),
    ("Wrapper::show", {"basics::Wrapper<T>::show<&str>", "basics::Wrapper<T>::show<i32>"}),
    ("main", {"basics::main"}),
    ("closures::{closure#0}", {"basics::closures::{closure#0}"}),
    ("closures::{closure#1}", {"basics::closures::{closure#1}"}),
]


@pytest.mark.parametrize("profile", ["debug", "v0", "dwarf5"])
@pytest.mark.parametrize(("query", "functions"), FUNCTIONS)
def test_functions_are_found_by_the_end_of_their_path(
    profile: str, query: str, functions: set[str]
):
    found = resolve(build("basics", profile), query)
    names = {location.function for location in found.locations}
    if query == "Wrapper::show":  # mangling schemes word this one differently
        assert len(names) == 2
        return
    assert names == functions
    assert all(location.line for location in found.locations)


@pytest.mark.parametrize("profile", ["debug", "v0", "dwarf5"])
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (r"^basics::generic<u8>$", ["basics::generic<u8>"]),
        (r"closures::\{closure#1\}$", ["basics::closures::{closure#1}"]),
        (
            r"^basics::closures::\{closure#[01]\}",
            [f"basics::closures::{{closure#{n}}}" for n in (0, 1)],
        ),
        (r"basics::(same_name|generic<u8>)$", ["basics::generic<u8>", "basics::same_name"]),
        (r"basics::generic<{0,1}u8>$", ["basics::generic<u8>"]),
        ("basics::generic.u8.$", ["basics::generic<u8>"]),
        ("basics::closures::.closure#1.$", ["basics::closures::{closure#1}"]),
    ],
)
def test_instances_are_told_apart_by_expressions(profile: str, pattern: str, names: list[str]):
    main = ModuleLoader().open_static(str(build("basics", profile).path)).main
    assert main is not None
    assert sorted(one.path for one in main.find_code_matching(pattern, 100)) == names


@pytest.mark.parametrize("profile", ["debug", "v0"])
def test_instances_with_long_arguments_are_told_apart_in_a_list(profile: str):
    found = resolve(build("values", profile), "/(map|fold|drop_in_place)/")
    names = defaultdict(set)
    for location in found.locations:
        assert location.module is not None
        function = location.module.inline_chain(location.address)[location.frame]
        names[location.function].add(function.path)
    long = {name: paths for name, paths in names.items() if len(name or "") > 120}
    assert long
    assert all(len(paths) == 1 for paths in long.values())


@pytest.mark.parametrize("profile", ["debug", "v0", "dwarf5"])
def test_functions_are_stopped_in_their_first_statement(profile: str):
    inferior = build("basics", profile)
    for query, marker in (("norm2", "norm2"), ("nested", "nested"), ("shift", "shift")):
        (location,) = resolve(inferior, query).locations
        assert location.line in (inferior.marker(marker), inferior.marker(marker) - 1)


@pytest.mark.parametrize("marker", ["effect", "innermost", "middle_call"])
def test_a_line_of_nothing_but_inlined_calls_has_locations(marker: str):
    inferior = build("inlined", "release-debug")
    line = inferior.marker(marker)
    found = resolve(inferior, f"main.rs:{line}")
    assert {location.line for location in found.locations} == {line}
    assert {(location.function or "").rpartition("::")[2] for location in found.locations} == {
        marker.removesuffix("_call")
    }
    assert not found.notes


def test_every_inline_instance_of_a_line_gets_a_location():
    inferior = build("inlined", "release-debug")
    found = resolve(inferior, f"main.rs:{inferior.marker('innermost_call')}")
    assert len(found.locations) == 3
    assert {location.inlined for location in found.locations} == {True}
    assert {location.function for location in found.locations} == {"inlined::innermost"}
    # Where the host's loop is unrolled, an instance has copies, each of which is called.
    assert len(resolve(inferior, "innermost").locations) >= 3
    (effect,) = resolve(inferior, "effect").locations
    assert not effect.inlined


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize("marker", ["norm2", "nested", "factorial", "shadow_text", "closure_add"])
def test_a_line_of_one_function_is_one_location(profile: str, marker: str):
    inferior = build("basics", profile)
    locations = resolve(inferior, f"main.rs:{inferior.marker(marker)}").locations
    concrete = [location for location in locations if not location.inlined]
    assert len(concrete) <= 1
    assert len({location.address for location in locations}) == len(locations)


def test_blank_line_means_the_next_one_with_code():
    inferior = build("basics")
    line = inferior.marker("norm2")
    found = resolve(inferior, f"main.rs:{line + 1}")  # the closing brace: the function's end
    assert [location.line for location in found.locations] == [line + 1]
    found = resolve(inferior, f"main.rs:{line + 2}")
    assert found.locations[0].line is not None
    assert found.locations[0].line > line + 2
    assert found.notes


def test_names_that_are_not_there_come_with_those_that_are():
    inferior = build("basics")
    assert resolve(inferior, "factorail").close[0].endswith("factorial")
    assert resolve(inferior, "mian.rs:3").close[0] == "main.rs"
    assert "last line with code" in resolve(inferior, "main.rs:99999").hint


def test_symbols_will_do_where_there_is_no_debug_information():
    inferior = build("basics", "symbols-only")
    found = resolve(inferior, "basics::factorial")
    assert len(found.locations) == 1
    assert found.locations[0].line is None
    assert found.notes == ("no debug information there",)
    assert resolve(inferior, "main.rs:3").reason == "no module has line information"


def test_regular_expression_finds_functions():
    found = resolve(build("basics"), "/^basics::outer::/")
    assert len(found.locations) == 2


def test_regular_expression_finds_functions_that_exist_only_inlined():
    inferior = build("inlined", "release-debug")
    by_pattern = resolve(inferior, "/^inlined::innermost$/").locations
    by_name = resolve(inferior, "innermost").locations
    assert [each.address for each in by_pattern] == [each.address for each in by_name]
    assert len(by_pattern) >= 3


@pytest.mark.parametrize("profile", ["debug", "v0", "dwarf5", "split-unpacked"])
def test_async_functions_are_found_by_their_plain_name(profile: str):
    inferior = build("futures", profile)
    line = inferior.marker("leaf")
    for spec in ("leaf", "futures::leaf", "/^futures::leaf$/"):
        found = resolve(inferior, spec).locations
        assert found, spec
        names = {(each.function or "").rpartition("::")[2] for each in found}
        assert names in ({"{async_fn#0}"}, {"{closure#0}"}), spec
        assert {each.line for each in found} == {line}, spec


@pytest.mark.parametrize("profile", ["debug", "v0", "dwarf5"])
@pytest.mark.parametrize(
    ("query", "marker", "count"),
    [("leaf", "leaf", 1), ("Job::run", "method", 1), ("generic", "generic", 2)],
)
def test_an_async_function_means_its_body(profile: str, query: str, marker: str, count: int):
    inferior = build("futures", profile)
    locations = resolve(inferior, query).locations
    assert len(locations) == count
    assert {location.line for location in locations} == {inferior.marker(marker)}
    assert all("#0}" in (location.function or "") for location in locations)


@pytest.mark.parametrize("marker", ["leaf", "nested", "method"])
def test_a_line_with_an_await_is_not_the_code_that_drops_its_future(marker: str):
    inferior = build("futures")
    locations = resolve(inferior, f"main.rs:{inferior.marker(marker)}").locations
    assert locations
    assert all("drop_in_place" not in (location.function or "") for location in locations)
