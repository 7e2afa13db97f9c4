"""Panic payloads as they lie in memory, and garbage in their place."""

import pytest

from crabtrap.engine.causes.panic_payload import (
    MESSAGE_LIMIT,
    PanicLocation,
    is_vtable,
    read_any_message,
    read_location,
    read_payload_message,
)
from crabtrap.engine.inspect.process import Process
from tests.support.fake_image import FakeFunction, FakeImage, FakeSymbol, fake_module
from tests.support.fake_process import fake_process, words
from tests.support.fake_target import FakeTarget

MODULE, SIZE = 0x1_0000, 0x8000
CODE = MODULE
DATA = MODULE + 0x4000
HEAP = 0x70_0000
STACK = 0x7FFF_0000

STRING_ID, STR_ID, OTHER_ID, LEGACY_ID, GET = (CODE + 16 * n for n in range(5))


def process(*, data: bytes = b"", heap: bytes = b"", stack: bytes = b"") -> Process:
    image = FakeImage(
        symbols=(
            FakeSymbol("<alloc::string::String as core::any::Any>::type_id", 0x00),
            FakeSymbol("<&str as core::any::Any>::type_id", 0x10),
            FakeSymbol("<u32 as core::any::Any>::type_id", 0x20),
            FakeSymbol("<T as core::any::Any>::type_id", 0x30),
            FakeSymbol(
                "<std::panicking::panic_handler::FormatStringPayload as "
                "core::panic::PanicPayload>::get",
                0x40,
            ),
        ),
        functions=(
            FakeFunction("core::any::{impl#0}::type_id<alloc::string::String>", ((0x30, 0x40),)),
        ),
        size=SIZE,
    )
    module = bytes(0x4000) + data.ljust(0x4000, b"\0")
    target = FakeTarget(memory={MODULE: module, HEAP: heap, STACK: stack})
    return fake_process(target, [fake_module(image, MODULE)])


def location(path: int = DATA + 64, size: int = 9, line: int = 7, column: int = 5) -> bytes:
    return words(path, size, line | column << 32)


def test_location_is_read() -> None:
    program = process(data=location().ljust(64, b"\0") + b"src/ma.rs")
    assert read_location(program, DATA) == PanicLocation("src/ma.rs", 7, 5)


@pytest.mark.parametrize(
    "bad",
    [
        location(line=0),
        location(column=0),
        location(size=0),
        location(size=1 << 40),
        location(path=HEAP),  # file names are constants of a module
        location(path=0),
        location(path=DATA + 63),  # begins with a NUL
    ],
)
def test_what_cannot_be_a_location_is_none(bad: bytes) -> None:
    program = process(data=bad.ljust(64, b"\0") + b"src/ma.rs", heap=b"src/ma.rs")
    assert read_location(program, DATA) is None


def test_location_outside_of_modules_or_unaligned_is_none() -> None:
    data = location().ljust(64, b"\0") + b"src/ma.rs"
    assert read_location(process(data=data, heap=location()), HEAP) is None
    assert read_location(process(data=data), DATA + 4) is None


def test_vtable_needs_code_and_a_sane_layout() -> None:
    good = words(0, 24, 8, STRING_ID)
    assert is_vtable(process(data=good), DATA, 4)
    for bad in (
        words(HEAP, 24, 8, STRING_ID),
        words(0, 1 << 40, 8, STRING_ID),
        words(0, 24, 3, STRING_ID),
        words(0, 24, 0, STRING_ID),
        words(0, 24, 8, HEAP),
    ):
        assert not is_vtable(process(data=bad), DATA, 4)


def any_message(type_id: int, payload: bytes, heap: bytes = b"boom") -> str | None:
    program = process(data=words(0, 24, 8, type_id), heap=heap, stack=payload)
    return read_any_message(program, (STACK, DATA, 1))


@pytest.mark.parametrize("type_id", [STRING_ID, LEGACY_ID])
@pytest.mark.parametrize("fields", [(8, HEAP, 4), (HEAP, 8, 4)])
def test_string_message_in_both_field_orders(type_id: int, fields: tuple[int, int, int]) -> None:
    assert any_message(type_id, words(*fields)) == "boom"


def test_str_message() -> None:
    assert any_message(STR_ID, words(HEAP, 4)) == "boom"


@pytest.mark.parametrize(
    ("type_id", "payload", "heap"),
    [
        (OTHER_ID, words(HEAP, 4), b"boom"),  # a u32 payload is no text
        (STR_ID, words(HEAP, 1 << 50), b"boom"),
        (STR_ID, words(HEAP, 4), b"\xff\xfe\xfd\xfc"),
        (STRING_ID, words(2, HEAP, 4), b"boom"),  # longer than its capacity
        (STRING_ID, words(1 << 63, HEAP, 4), b"boom"),
        (STRING_ID, words(8, 0xDEAD_0000, 4), b"boom"),
    ],
)
def test_garbage_is_no_message(type_id: int, payload: bytes, heap: bytes) -> None:
    assert any_message(type_id, payload, heap) is None


def test_empty_message_is_a_message() -> None:
    assert any_message(STR_ID, words(HEAP, 0)) == ""


def test_long_message_is_cut_between_characters() -> None:
    heap = ("x" + "ß" * MESSAGE_LIMIT).encode()
    found = any_message(STR_ID, words(HEAP, len(heap)), heap)
    assert found == "x" + "ß" * (MESSAGE_LIMIT // 2 - 1)


@pytest.mark.parametrize("stack", [words(8, HEAP, 4, 99), words(99, HEAP, 8, 4)])
def test_formatted_payload_behind_or_before_its_arguments(stack: bytes) -> None:
    program = process(data=words(0, 32, 8, GET, GET), heap=b"boom", stack=stack)
    assert read_payload_message(program, STACK, DATA) == "boom"


def test_payload_without_known_functions_has_no_message() -> None:
    program = process(data=words(0, 4, 4, OTHER_ID, OTHER_ID), stack=words(42))
    assert read_payload_message(program, STACK, DATA) is None
