"""Mangled names that stand for far longer ones."""

from __future__ import annotations

from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.elf_writer import CODE, STRING_TABLE, SYMBOL_TABLE, Part, symbol, write_elf

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def write_names(path: Path, names: list[str]) -> None:
    """Write a file with a function of each of these mangled names."""
    strings, rows = b"\0", bytes(24)
    for number, name in enumerate(names):
        rows += symbol(len(strings), CODE + number % 4096)
        strings += name.encode() + b"\0"
    table = Part(".symtab", rows, SYMBOL_TABLE, link=4)
    write_elf(path, [table, Part(".strtab", strings, STRING_TABLE)])


def base_62(number: int) -> str:
    """A number as in v0 names (RFC 2603): one less than it, and an end."""
    if number == 0:
        return "_"
    number, digits = number - 1, ""
    while True:
        digits = _DIGITS[number % 62] + digits
        number //= 62
        if not number:
            return digits + "_"


def doubling(levels: int) -> str:
    """A tuple of a tuple twice, of a tuple twice …: two to the ``levels`` types."""
    name = "INvC1a1bTuu"
    inner = len(name) - 3
    for _ in range(levels):
        name += "E"
        start = len(name)
        name = f"{name}TB{base_62(inner)}B{base_62(inner)}"
        inner = start
    return f"_R{name}EE"


@bomb("")
def back_references(path: Path) -> None:
    write_names(path, [doubling(levels) for levels in range(1, 200)])


@bomb("")
def back_references_in_a_circle(path: Path) -> None:
    names = [f"_RINvC1a1bB{base_62(at)}E" for at in range(0, 12)]
    write_names(path, names + [f"_RB{base_62(at)}" for at in range(12)])


@bomb("")
def deep_paths(path: Path) -> None:
    deep = 20_000
    names = ["_R" + "Nv" * deep + "C1a" + "1b" * deep, "_R" + "Y" * 60_000, "_R" + "IN" * 30_000,
             "_RINvC1a1b" + "T" * 60_000, "_RINvC1a1b" + "R" * 60_000 + "uE",
             "_RINvC1a1b" + "FK" * 30_000, "_RNvB_1a", "_RMC0" + "A" * 60_000]  # fmt: skip
    write_names(path, names)


@bomb("")
def long_numbers(path: Path) -> None:
    names = ["_RNvC" + "9" * 60_000 + "a", "_ZN" + "9" * 60_000 + "aE",
             "_ZN18446744073709551615aE", "_RINvC1a1bKj" + "f" * 60_000 + "_E",
             "_RNvC1au" + "9" * 19 + "_a", "_RNvC1au60000" + "b" * 60_000]  # fmt: skip
    write_names(path, names)


@bomb("")
def substitutions(path: Path) -> None:
    """C++ templates of templates, each of the one before twice."""
    name = "1aI1bE"
    for level in range(30):
        name += f"N1c1dIS{_DIGITS[level % 36].upper()}_S{_DIGITS[level % 36].upper()}_E"
    pairs = "St4pairI" * 5000 + "ii" + "E" * 5000
    pointers = "_Z1f" + "P" * 60_000 + "i"
    names = [f"_Z{name}v", f"_Z1f{pairs}", pointers, "_Z" + "N" * 60_000, "_Z1fIJ" + "J" * 60_000,
             "_Z1f" + "FvP" * 20_000, "_ZN1fI" + "XadL_Z" * 10_000]  # fmt: skip
    write_names(path, names)
