"""Symbols, functions, inlined copies and lines."""

from __future__ import annotations

import pytest

from crabtrap import _core
from tests.support.inferiors import Inferior, build


@pytest.fixture(scope="module", params=["debug", "v0", "dwarf5", "split-unpacked"])
def basics(request: pytest.FixtureRequest) -> Inferior:
    return build("basics", request.param)


@pytest.fixture(scope="module")
def image(basics: Inferior) -> _core.Image:
    return _core.Image.open(str(basics.path))


def only(image: _core.Image, query: str) -> _core.Function:
    found = image.find_functions(query)
    assert len(found) == 1, found
    return found[0]


def test_functions_by_trailing_parts(image: _core.Image) -> None:
    assert only(image, "nested").path == "basics::outer::inner::nested"
    assert only(image, "inner::nested").name == "basics::outer::inner::nested"
    assert only(image, "basics::outer::inner::nested").entry == only(image, "nested").entry
    assert len(image.find_functions("same_name")) == 2
    assert only(image, "inner::same_name").die != only(image, "basics::same_name").die
    assert image.find_functions("orm2") == ()


def test_functions_of_traits(image: _core.Image) -> None:
    dog = only(image, "<Dog as Animal>::name")
    assert dog.path == "<basics::Dog as basics::Animal>::name"
    assert only(image, "Dog::name").die == dog.die
    both = {function.path for function in image.find_functions("Animal::name")}
    assert both == {dog.path, "<basics::Cat as basics::Animal>::name"}


def test_functions_with_generics(image: _core.Image) -> None:
    names = {function.name for function in image.find_functions("basics::generic")}
    assert names == {
        "basics::generic<u8>",
        "basics::generic<&str>",
        "basics::generic<basics::Point>",
    }
    function = only(image, "generic<u8>")
    ((name, die),) = image.template_arguments(function.die)
    assert (name, image.type(die).name) == ("T", "u8")
    assert image.find_functions("Wrapper::show")


def test_symbols(image: _core.Image) -> None:
    norm2 = only(image, "Point::norm2")
    symbol = image.symbol_at(norm2.entry + 1)
    assert symbol is not None
    assert (symbol.address, symbol.kind) == (norm2.entry, "function")
    assert symbol.linkage_name == norm2.linkage_name
    assert _core.demangle(symbol.linkage_name) == symbol.name == norm2.path
    for name in (symbol.name, symbol.linkage_name):
        assert [found.address for found in image.symbols_named(name)] == [norm2.entry]
    assert image.symbols_named("norm2") == ()
    (main,) = image.symbols_named("main")
    assert main.is_global
    assert len(image.symbols_matching("norm2$")) == 1
    assert len(image.symbols_matching("::", limit=2)) == 2
    assert image.symbol_at(0) is None


def test_lines(basics: Inferior, image: _core.Image) -> None:
    (path,) = image.find_files("basics/src/main.rs")
    assert image.find_files(path) == (path,)
    assert image.find_files("asics/src/main.rs") == ()
    line = basics.marker("norm2")
    rows = image.rows_for_line(path, line)
    norm2 = only(image, "Point::norm2")
    (start, end) = norm2.ranges[0]
    assert rows
    assert all(start <= row.address < row.end <= end for row in rows)
    assert all((row.line, row.path, row.is_stmt) == (line, path, True) for row in rows)
    assert line in image.lines_with_code(path)
    at = image.row_at(rows[0].address)
    assert at is not None
    assert at.line == line
    assert image.rows_for_line(path, 1) == ()
    assert image.rows_for_line("nowhere.rs", line) == ()
    assert image.row_at(0) is None


def test_function_at(image: _core.Image) -> None:
    norm2 = only(image, "Point::norm2")
    at = image.function_at(norm2.entry)
    assert at is not None
    assert at.die == norm2.die
    assert at.origin == norm2.die
    assert not at.inlined
    assert at.call_path is None
    chain = image.inline_chain(norm2.entry)
    assert [function.die for function in chain] == [norm2.die]
    assert image.inline_chain(0) == ()
    assert image.function_at(2**64 - 1) is None


def test_inline_instances() -> None:
    inferior = build("inlined", "release-debug")
    image = _core.Image.open(str(inferior.path))
    (path,) = image.find_files("inlined/src/main.rs")
    copies = image.find_functions_matching("^inlined::main$")
    assert len(copies) == 1
    chains = [image.inline_chain(row.address) for row in image.rows_between(*copies[0].ranges[0])]
    deepest = max(chains, key=len)
    assert len(deepest) >= 2
    inner = deepest[0]
    assert inner.inlined
    assert inner.call_line > 0
    found = image.find_inlined(inner.name)
    assert inner.die in [copy.die for copy in found]
    assert all(copy.inlined and copy.origin for copy in found)
    assert image.lines_with_code(path)


def test_only_a_few_units_are_read(basics: Inferior) -> None:
    image = _core.Image.open(str(basics.path))
    assert image.units_loaded == 0
    assert image.producers == ()
    norm2 = only(image, "Point::norm2")
    image.variables(norm2.die)
    assert 0 < image.units_loaded <= 2 < image.unit_count
    assert any("rustc" in producer for producer in image.producers)


def test_demangle() -> None:
    assert _core.demangle("_ZN3all4main17h0123456789abcdefE") == "all::main"
    assert _core.demangle("_RNvCs1234_7mycrate3foo") == "mycrate::foo"
    assert _core.demangle("_ZN2ns3fooEi") == "ns::foo(int)"
    assert _core.demangle("plain") == "plain"


def test_searches_take_a_check() -> None:
    path = str(build("basics", "debug").path)
    image = _core.Image.open(path, check=lambda done, total: None)
    assert image.find_functions("main")
    assert image.find_inlined_matching("^no such", 10) == ()
    assert image.find_only_inlined_matching("^no such", 10) == ()
    assert image.find_types("no such") == ()
