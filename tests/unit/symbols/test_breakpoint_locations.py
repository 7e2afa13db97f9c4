"""Breakpoint locations of lines, functions and addresses, in fake images."""

import pytest

from crabtrap.address import Address
from crabtrap.errors import CancelledError
from crabtrap.symbols.breakpoint_locations import after_prologue, rebased_location
from crabtrap.symbols.linespec import (
    FunctionSpec,
    Resolution,
    ResolveContext,
    anchored,
    parse_spec,
    resolve_spec,
)
from crabtrap.symbols.module_table import ModuleTable
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, FakeSymbol, fake_module

MAIN = "/home/me/app/src/main.rs"
OTHER = "/home/me/app/other/main.rs"
STD = "/rustc/abc/library/core/src/ops.rs"


def resolve(
    text: str, *images: FakeImage, current_file: str | None = None, bias: int = 0
) -> Resolution:
    table = ModuleTable([fake_module(image, bias) for image in images])
    context = ResolveContext(
        table, is_user_path=lambda path: path is not None and not path.startswith("/rustc/")
    )
    spec = anchored(parse_spec(text), lambda: current_file, lambda text: Address(len(text)))
    return resolve_spec(spec, context)


def one_function() -> FakeImage:
    return FakeImage(
        functions=(FakeFunction("app::main", ((0x1000, 0x1100),)),),
        rows=(
            FakeRow(0x1000, 0x1008, 10),
            FakeRow(0x1008, 0x1010, 11, prologue_end=True),
            FakeRow(0x1010, 0x1020, 14),
            FakeRow(0x1020, 0x1030, 15),
            FakeRow(0x1030, 0x1040, 14),
        ),
    )


def test_line_gets_one_location_though_it_has_two_rows() -> None:
    found = resolve("main.rs:14", one_function())
    assert [(p.address, p.line, p.function) for p in found.locations] == [(0x1010, 14, "app::main")]
    assert found.notes == ()


def test_line_without_code_means_the_next_line_with_code() -> None:
    found = resolve("src/main.rs:12", one_function())
    assert [p.line for p in found.locations] == [14]
    assert found.notes == ("line 12 has no code of its own; using line 14",)


def test_first_line_of_a_function_is_located_after_the_prologue() -> None:
    assert [p.address for p in resolve("main.rs:10", one_function()).locations] == [0x1008]


def test_line_after_the_last_one_is_not_found() -> None:
    found = resolve("main.rs:99", one_function())
    assert found.locations == ()
    assert found.reason == f"no code at or after line 99 of {MAIN}"
    assert found.hint == "the last line with code is 15"


def test_unknown_file_suggests_a_close_one() -> None:
    found = resolve("mian.rs:1", one_function())
    assert found.reason == "no source file named 'mian.rs'"
    assert found.close == ("main.rs",)


def test_missing_line_information_is_the_reason() -> None:
    found = resolve("main.rs:1", FakeImage(debug_level="symbols"))
    assert found.reason == "no module has line information"


def test_every_monomorphised_and_inline_instance_gets_a_location() -> None:
    first = FakeFunction("app::max<i32>", ((0x1000, 0x1010),))
    second = FakeFunction("app::max<u8>", ((0x2000, 0x2010),))
    caller = FakeFunction("app::main", ((0x3000, 0x3100),))
    instances = [
        FakeFunction("app::max<i32>", ((a, a + 8),), parent=caller, call_line=30)
        for a in (0x3010, 0x3040)
    ]
    rows = [FakeRow(a, a + 8, 20) for a in (0x1004, 0x2004, 0x3010, 0x3040)]
    image = FakeImage(functions=(first, second, caller, *instances), rows=rows)
    found = resolve("main.rs:20", image)
    assert [p.address for p in found.locations] == [0x1004, 0x2004, 0x3010, 0x3040]
    assert [p.inlined for p in found.locations] == [False, False, True, True]


def test_two_files_with_the_suffix_are_both_used_and_named() -> None:
    image = FakeImage(
        functions=(FakeFunction("a", ((0x1000, 0x1010),)), FakeFunction("b", ((0x2000, 0x2010),))),
        rows=(FakeRow(0x1004, 0x1010, 3, path=MAIN), FakeRow(0x2004, 0x2010, 3, path=OTHER)),
    )
    found = resolve("main.rs:3", image)
    assert [p.path for p in found.locations] == [MAIN, OTHER]
    assert found.notes == (f"2 files match: {OTHER}, {MAIN}",)
    assert [p.path for p in resolve("other/main.rs:3", image).locations] == [OTHER]


def test_one_file_compiled_into_two_modules_uses_one_line() -> None:
    # A generic function of a library: the module without code for line 20 must not
    # get a location at line 25 while the other one has line 20.
    has = FakeImage(
        functions=(FakeFunction("lib::f<u8>", ((0x1000, 0x1010),)),),
        rows=(FakeRow(0x1004, 0x1010, 20),),
    )
    has_not = FakeImage(
        functions=(FakeFunction("lib::g", ((0x2000, 0x2010),)),),
        rows=(FakeRow(0x2004, 0x2010, 25),),
    )
    assert [p.line for p in resolve("main.rs:20", has, has_not).locations] == [20]


def test_column_prefers_later_rows_of_the_line() -> None:
    image = FakeImage(
        functions=(FakeFunction("a", ((0x1000, 0x1020),)),),
        rows=(FakeRow(0x1004, 0x1010, 3, column=5), FakeRow(0x1010, 0x1020, 3, column=20)),
    )
    assert [p.address for p in resolve("main.rs:3:12", image).locations] == [0x1010]
    assert [p.address for p in resolve("main.rs:3:99", image).locations] == [0x1004]


def test_bare_line_needs_a_current_file() -> None:
    assert resolve("14", one_function(), current_file="main.rs").locations[0].line == 14
    assert resolve("14", one_function()).reason == "there is no current file"


def test_function_is_located_after_its_prologue() -> None:
    found = resolve("main", one_function())
    assert [(p.address, p.line) for p in found.locations] == [(0x1008, 11)]


def test_prologue_without_prologue_end_ends_at_the_second_line() -> None:
    image = FakeImage(
        functions=(FakeFunction("app::f", ((0x1000, 0x1100),)),),
        rows=(
            FakeRow(0x1000, 0x1008, 10),
            FakeRow(0x1008, 0x1010, 0),
            FakeRow(0x1010, 0x1020, 11),
        ),
    )
    function = fake_module(image).find_functions("f")[0]
    assert after_prologue(function) == 0x1010


def test_users_functions_are_preferred_to_libraries() -> None:
    image = FakeImage(
        functions=(
            FakeFunction("app::Thing::new", ((0x1000, 0x1010),)),
            FakeFunction("core::ops::New::new", ((0x2000, 0x2010),), declaration_path=STD),
        )
    )
    found = resolve("new", image)
    assert [p.function for p in found.locations] == ["app::Thing::new"]
    assert found.notes == ("1 more in libraries left out; write more of the path for those",)
    assert [p.function for p in resolve("New::new", image).locations] == ["core::ops::New::new"]


def test_inline_instances_of_a_function_are_located_at_their_entry() -> None:
    caller = FakeFunction("app::main", ((0x3000, 0x3100),))
    instance = FakeFunction("app::add", ((0x3010, 0x3018),), parent=caller)
    found = resolve("add", FakeImage(functions=(caller, instance)))
    assert [(p.address, p.inlined) for p in found.locations] == [(0x3010, True)]


@pytest.mark.parametrize(
    ("code", "skipped"),
    [
        ("f30f1efa 55 4889e5", 8),
        ("55 4889e5 90909090", 4),
        ("55 488bec 90909090", 4),
        ("f30f1efa 90909090", 4),
        ("53 4889e5 90909090", 0),
    ],
)
def test_bare_symbol_is_located_after_its_frame_setup(code: str, skipped: int) -> None:
    image = FakeImage(symbols=(FakeSymbol("puts", 0x1000),), code={0x1000: bytes.fromhex(code)})
    found = resolve("puts", image)
    assert [p.address for p in found.locations] == [0x1000 + skipped]
    assert found.notes == ("no debug information there",)


def test_debug_information_is_preferred_to_a_bare_symbol() -> None:
    shim = FakeImage(symbols=(FakeSymbol("main", 0x2000),), code={0x2000: bytes(8)})
    assert [p.address for p in resolve("main", shim, one_function()).locations] == [0x1008]


def test_unknown_function_suggests_close_ones() -> None:
    image = FakeImage(functions=(FakeFunction("app::frobnicate", ((0x1000, 0x1010),)),))
    found = resolve("frobincate", image)
    assert found.reason == "no function named 'frobincate'"
    assert found.close == ("app::frobnicate",)


def test_regular_expression_finds_every_match() -> None:
    image = FakeImage(
        functions=tuple(
            FakeFunction(f"app::{name}", ((a, a + 16),))
            for name, a in (("one", 0x1000), ("only", 0x2000), ("two", 0x3000))
        )
    )
    assert len(resolve("/::on/", image).locations) == 2
    assert resolve("/zzz/", image).reason == "no function matches /zzz/"


def test_addresses_are_described_by_line_and_function() -> None:
    found = resolve("*0x11014", one_function(), bias=0x10000)
    assert (found.locations[0].line, found.locations[0].function) == (14, "app::main")
    assert resolve("*0x99", one_function(), bias=0x10000).locations[0].module is None
    assert resolve("*whatever", one_function()).locations[0].address == len("whatever")


def test_location_is_rebased_with_its_module() -> None:
    location = resolve("main", one_function()).locations[0]
    module = fake_module(one_function(), 0x7000)
    assert rebased_location(location, module).address == 0x8008


def test_a_search_can_be_ended_between_two_modules() -> None:
    """``check`` is called before each module; what it raises ends the search."""
    checks: list[None] = []

    def check() -> None:
        checks.append(None)
        if len(checks) > 2:
            raise CancelledError("enough")

    table = ModuleTable([fake_module(one_function(), bias) for bias in (0, 0x10_0000)])
    with pytest.raises(CancelledError):
        resolve_spec(FunctionSpec("nowhere"), ResolveContext(table, check=check))
