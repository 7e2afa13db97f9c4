from crabtrap.address import Address
from crabtrap.symbols.module_table import ModuleTable
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, FakeSymbol, fake_module

BIAS = 0x5555_5555_4000


def image() -> FakeImage:
    main = FakeFunction("app::main", ((0x1000, 0x1100),))
    inner = FakeFunction("app::add", ((0x1010, 0x1020),), parent=main, call_line=7)
    return FakeImage(
        functions=(main, inner),
        rows=(FakeRow(0x1000, 0x1010, 5), FakeRow(0x1010, 0x1020, 2), FakeRow(0x1020, 0x1100, 8)),
        symbols=(FakeSymbol("app::main", 0x1000, 0x100),),
    )


def test_look_ups_take_and_return_run_time_addresses() -> None:
    module = fake_module(image(), BIAS)
    function = module.function_at(Address(BIAS + 0x1018))
    assert function is not None
    assert function.entry == BIAS + 0x1000
    assert function.ranges == ((BIAS + 0x1000, BIAS + 0x1100),)
    row = module.row_at(Address(BIAS + 0x1018))
    assert row is not None
    assert (row.address, row.end, row.line) == (BIAS + 0x1010, BIAS + 0x1020, 2)
    symbol = module.symbol_at(Address(BIAS + 0x1018))
    assert symbol is not None
    assert symbol.address == BIAS + 0x1000


def test_file_addresses_survive_a_round_trip_past_the_end_of_memory() -> None:
    module = fake_module(image(), -0x1000)
    assert module.file_address(module.address(0x1234)) == 0x1234
    assert module.address(0x500) == 2**64 - 0xB00


def test_chain_begins_with_the_innermost_instance() -> None:
    chain = fake_module(image(), BIAS).inline_chain(Address(BIAS + 0x1010))
    assert [function.name for function in chain] == ["app::add", "app::main"]
    assert chain[0].call_line == 7


def test_ranges_are_those_of_the_load_segments() -> None:
    assert fake_module(image(), BIAS).ranges == ((BIAS, BIAS + 0x4000),)


def test_table_finds_modules_by_address_and_by_name() -> None:
    low = fake_module(FakeImage(size=0x1000), 0x10000, "/lib/a.so")
    high = fake_module(FakeImage(size=0x1000), 0x20000, "/lib/b.so")
    table = ModuleTable([high, low])
    assert table.find(0x10000) is low
    assert table.find(0x10FFF) is low
    assert table.find(0x11000) is None
    assert table.find(0xFFFF) is None
    assert table.find(0x20800) is high
    assert table.find_named("b.so") is high


def test_changes_are_the_modules_loaded_and_unloaded() -> None:
    kept = fake_module(FakeImage(), 0x10000, "/lib/a.so")
    gone = fake_module(FakeImage(), 0x20000, "/lib/b.so")
    new = fake_module(FakeImage(), 0x20000, "/lib/c.so")
    changes = ModuleTable([kept, new]).changes_since(ModuleTable([kept, gone]))
    assert changes.loaded == (new,)
    assert changes.unloaded == (gone,)
    assert not ModuleTable([kept]).changes_since(ModuleTable([kept]))


def test_address_is_described_by_symbol_and_offset() -> None:
    table = ModuleTable([fake_module(image(), BIAS)])
    assert table.describe_address(Address(BIAS + 0x1000)) == "app::main"
    assert table.describe_address(Address(BIAS + 0x1012)) == "app::main+0x12"
    assert table.describe_address(Address(1)) == ""
