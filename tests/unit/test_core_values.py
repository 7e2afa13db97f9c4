"""Variables, types, statics, names, and where values are."""

from __future__ import annotations

import pytest

from crabtrap import _core
from crabtrap.errors import MemoryFault, ProcessGone
from tests.support.inferiors import Inferior, build

NO_REGISTERS: _core.Registers = (None,) * 17


@pytest.fixture(scope="module", params=["debug", "dwarf5", "split-packed"])
def basics(request: pytest.FixtureRequest) -> Inferior:
    return build("basics", request.param)


@pytest.fixture(scope="module")
def image(basics: Inferior) -> _core.Image:
    return _core.Image.open(str(basics.path))


def no_memory(address: int, size: int) -> bytes:
    del address, size
    return b""


def only(image: _core.Image, query: str) -> _core.Function:
    found = image.find_functions(query)
    assert len(found) == 1, found
    return found[0]


def find_type(image: _core.Image, query: str) -> _core.Type:
    found = image.find_types(query)
    assert len(found) == 1, found
    return image.type(found[0])


def test_shadowed_names_are_distinguished_by_depth(basics: Inferior, image: _core.Image) -> None:
    function = only(image, "basics::shadows")
    values = [v for v in image.variables(function.die) if v.name == "value"]
    assert [value.kind for value in values] == ["parameter", "local", "local", "local"]
    depths = [value.depth for value in values]
    assert depths == sorted(set(depths))
    assert [image.type(v.type).name for v in values if v.type is not None] == [
        "i32",
        "i32",
        "String",
        "usize",
    ]
    assert values[0].ranges == function.ranges
    assert all(value.path == value.name for value in values)
    assert values[1].declaration_line == basics.marker("shadow_argument")


def test_struct_types(image: _core.Image) -> None:
    point = find_type(image, "Point")
    assert (point.kind, point.path, point.size) == ("struct", "basics::Point", 8)
    assert point.alignment == 4
    assert [(m.name, m.offset) for m in point.members] == [("x", 0), ("y", 4)]
    number = image.type(point.members[0].type)
    assert (number.kind, number.encoding, number.language) == ("base", "signed", "rust")
    assert point.variants is None
    assert not point.is_tuple
    assert all(image.type(die).is_tuple for die in image.find_types("basics::Wrapper"))
    assert image.find_types("basics::Wrapper")


def test_enum_types(image: _core.Image) -> None:
    for die in image.find_types("Option"):
        option = image.type(die)
        assert option.kind == "enum"
        assert option.variants is not None
        assert [variant.name for variant in option.variants.variants] == ["None", "Some"]
        selectors = [variant.discriminants for variant in option.variants.variants]
        assert any(selectors)
        assert all(low <= high for selector in selectors for low, high in selector)


def test_statics(image: _core.Image) -> None:
    (counter,) = image.find_statics("basics::COUNTER")
    assert (counter.kind, counter.path, counter.ranges) == ("static", "basics::COUNTER", ())
    (piece,) = image.locate(
        counter.die,
        pc=0,
        bias=0x1000,
        registers=NO_REGISTERS,
        cfa=None,
        memory=_core.CallbackMemory(no_memory),
    )
    assert piece.kind == "memory"
    at = image.static_at(piece.address - 0x1000)
    assert at is not None
    assert at.die == counter.die
    assert image.static_at(1) is None


def test_thread_locals_need_the_block_of_the_thread(image: _core.Image) -> None:
    names = ("__RUST_STD_INTERNAL_VAL", "VAL", "__KEY")
    found = [v for name in names for v in image.find_statics(name) if "EAGER" in v.path]

    def locate(variable: _core.Variable, tls: int | None) -> _core.Piece:
        (piece,) = image.locate(
            variable.die,
            pc=0,
            bias=0,
            registers=NO_REGISTERS,
            cfa=None,
            memory=_core.CallbackMemory(no_memory),
            tls=tls,
        )
        return piece

    without = [locate(variable, None) for variable in found]
    assert without
    assert all(piece.kind == "absent" and piece.reason for piece in without)
    # The standard library's macro makes several, of which the linker keeps one.
    kept = [piece for v in found if (piece := locate(v, 0x5000)).kind == "memory"]
    assert kept
    assert all(piece.address >= 0x5000 for piece in kept)


def test_locals_are_relative_to_the_frame(image: _core.Image) -> None:
    function = only(image, "Point::norm2")
    squares = next(v for v in image.variables(function.die) if v.name == "squares")
    registers = (*NO_REGISTERS[:6], 0x7000, 0x7000, *NO_REGISTERS[8:])

    def locate(values: tuple[int | None, ...]) -> _core.Piece:
        (piece,) = image.locate(
            squares.die,
            pc=squares.ranges[0][0],
            bias=0,
            registers=values,
            cfa=0x7100,
            memory=_core.CallbackMemory(no_memory),
        )
        return piece

    assert locate(registers).kind == "memory"
    assert 0x6F00 <= locate(registers).address < 0x7100
    assert locate(NO_REGISTERS).kind == "absent"
    with pytest.raises(ValueError, match="17 registers"):
        locate((1, 2, 3))


def test_completion(image: _core.Image) -> None:
    kinds = ("function", "type", "static")
    assert image.complete("basics::Poi", kinds, 10) == ("basics::Point",)
    assert image.complete("Point::nor", ["function"], 10) == ("Point::norm2",)
    assert image.complete("basi", kinds, 10)[0] == "basics::"
    assert "COUNTER" in image.complete("COUNT", ["static"], 10)
    assert image.complete("Point::nor", ["static"], 10) == ()
    with pytest.raises(ValueError, match="no kind"):
        image.complete("x", ["verb"], 1)  # pyright: ignore[reportArgumentType] - the mistake


def test_file_memory() -> None:
    path = build("basics").path
    with path.open("rb") as file:
        ends: list[str] = []
        memory = _core.FileMemory(file.fileno(), lambda: ends.append("end"))
        assert memory.read(0, 4) == b"\x7fELF"
        size = path.stat().st_size
        assert len(memory.read_partial(size - 2, 10)) == 2
        with pytest.raises(MemoryFault) as caught:
            memory.read(size - 2, 10)
        assert (caught.value.address, caught.value.size) == (size - 2, 10)
        assert memory.read_partial(2**63, 8) == b""
    with pytest.raises(OSError, match="invalid"):
        _core.FileMemory(-1, lambda: None)


def test_memory_of_a_process_that_has_ended() -> None:
    def on_gone() -> None:
        raise ProcessGone("killed by SIGKILL")

    # Memory without any bytes is what the kernel makes of that.
    with open("/dev/null", "rb") as file:
        memory = _core.FileMemory(file.fileno(), on_gone)
        for read in (memory.read, memory.read_partial):
            with pytest.raises(ProcessGone, match="SIGKILL"):
                read(0x1000, 8)


def test_callback_memory() -> None:
    def read(address: int, size: int) -> bytes:
        return b"x" * min(size, 3) if address == 16 else b""

    memory = _core.CallbackMemory(read)
    assert memory.read(16, 2) == b"xx"
    assert memory.read_partial(16, 10) == b"xxx"
    assert memory.read_partial(0, 4) == b""
    with pytest.raises(MemoryFault):
        memory.read(16, 4)


def test_exceptions_of_a_callback_come_through(image: _core.Image) -> None:
    class Broken(Exception):
        pass

    def broken(address: int, size: int) -> bytes:
        raise Broken(address, size)

    def unreadable(address: int, size: int) -> bytes:
        raise MemoryFault(address, size)

    registers = (0x7000,) * 17
    modules = _core.ModuleMap([(image, 0, 0, 2**47)])
    with pytest.raises(Broken):
        _core.unwind(modules, registers, _core.CallbackMemory(broken))
    trace = _core.unwind(modules, registers, _core.CallbackMemory(unreadable))
    assert len(trace) == 1
    assert not trace.complete
    assert trace.stop_reason
    assert trace.pcs == (0x7000,)
