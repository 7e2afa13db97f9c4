"""Programs full of random types, and of every shape of niche there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

COUNT = 300
_INTEGERS = [f"{sign}{bits}" for sign in "iu" for bits in (8, 16, 32, 64, 128)]
_CHARS = ["a", "Z", "0", "ß", "🦀", "\\n", "\\'", "\\u{1}"]
_FLOATS = ["0.0", "-1.5", "3.25e10", "1e300", "0.1", "-2e-7", "16777216.0"]
_NON_ZERO = {"NonZeroU8": (1, 255), "NonZeroI64": (-9, -1), "NonZeroU128": (1, 1 << 100)}
_CHOICES = {
    "bool": ["true", "false"],
    "()": ["()"],
    "Ordering": ["Ordering::Less", "Ordering::Equal", "Ordering::Greater"],
}
_SIMPLE = [*_INTEGERS, "bool", "char", "f32", "f64", "String", "()", "Ordering", "&'static str"]
_SIMPLE += _NON_ZERO

# Each type with all that is special about it: what is stored where no valid value is.
NICHES = {
    "Option<bool>": ["None", "Some(false)", "Some(true)"],
    "Option<Option<Option<bool>>>": ["None", "Some(None)", "Some(Some(None))"],
    "Option<char>": ["None", "Some('\\0')", "Some('\\u{10ffff}')"],
    "Option<Ordering>": ["None", "Some(Ordering::Less)"],
    "Option<NonZeroU128>": ["None", "NonZeroU128::new(1 << 127)"],
    "Option<&'static u8>": ["None", "Some(&7)"],
    "Option<&'static str>": ["None", 'Some("")'],
    "Option<Box<i128>>": ["None", "Some(Box::new(-1))"],
    "Option<Option<Box<u8>>>": ["None", "Some(None)", "Some(Some(Box::new(1)))"],
    "Option<Vec<u16>>": ["None", "Some(vec![])", "Some(vec![1])"],
    "Option<Option<String>>": ["None", "Some(None)", "Some(Some(String::new()))"],
    "Result<String, bool>": ["Err(true)", "Err(false)", "Ok(String::new())"],
    "Result<u8, Infallible>": ["Ok(3)"],
    "Option<Infallible>": ["None"],
    "Option<()>": ["None", "Some(())"],
    "Option<u128>": ["None", "Some(u128::MAX)"],
    "Option<(u8, bool, u16)>": ["None", "Some((1, false, 2))"],
    "Option<[&'static str; 2]>": ["None", 'Some(["a", "b"])'],
    "Option<Late>": ["None", "Some(Late { first: 1, second: Gaps::Last })"],
    "Several": ["Several::Data(1, true)", "Several::Byte(2)", "Several::Unit"],
    "Spread": ["Spread::Text(String::new())", "Spread::Wide(u64::MAX)", "Spread::Pair(1, 2)"],
    "Option<Spread>": ["None", "Some(Spread::Pair(3, 4))"],
    "Gaps": ["Gaps::First", "Gaps::Last"],
    "Option<Gaps>": ["None", "Some(Gaps::Last)"],
    "Option<Only>": ["None", "Some(Only::One(true))"],
    "Dead": ["Dead::Some(1)", "Dead::None"],
    "InC": ["InC::A(1)", "InC::B { x: 2 }"],
    "InByte": ["InByte::A(1)", "InByte::B(u64::MAX)", "InByte::C"],
    "Option<InByte>": ["None", "Some(InByte::C)"],
    "Many": ["Many::V0(true)", "Many::V1", "Many::V299"],
    "[Option<u32>; 3]": ["[None, Some(0), None]"],
    "[Several; 3]": ["[Several::Unit, Several::Data(1, false), Several::Byte(9)]"],
}
_NICHE_TYPES = (
    """
#[derive(Debug)] enum Gaps { First = -3, Last = 100 }
#[derive(Debug)] struct Late { first: u64, second: Gaps }
#[derive(Debug)] enum Several { Data(u8, bool), Byte(u8), Unit }
#[derive(Debug)] enum Spread { Text(String), Wide(u64), Pair(u8, u32) }
#[derive(Debug)] enum Only { One(bool) }
#[derive(Debug)] enum Dead { Some(u8), Never(Infallible), None }
#[repr(C)] #[derive(Debug)] enum InC { A(u8), B { x: u64 } }
#[repr(u8)] #[derive(Debug)] enum InByte { A(u8), B(u64), C }
"""
    + f"#[derive(Debug)] enum Many {{ V0(bool), {', '.join(f'V{n}' for n in range(1, 300))} }}"
)


@dataclass(frozen=True)
class Program:
    """A program with a variable for each value, all alive at one line.

    Attributes:
        source: Its text; it prints every variable with ``{:?}``, a line each.
        types: Name of each variable, with its type.
        line: The first line at which all of them are there.
    """

    source: str
    types: dict[str, str]
    line: int


def random_program(seed: int) -> Program:
    """The same program for the same seed."""
    generator = Generator(random.Random(seed))
    for number in range(COUNT):
        generator.define(number)
    values = [(f"T{n}", generator.value(f"T{n}")) for n in range(COUNT)]
    values += [(type_, value) for type_, each in NICHES.items() for value in each]
    types = "\n".join(f"#[derive(Debug)] {definition}" for definition in generator.definitions)
    head = (
        "#![allow(dead_code, unused)]\n"
        "use std::{cmp::Ordering, convert::Infallible, num::*};\n"
        f"{_NICHE_TYPES}\n{types}\nfn main() {{\n"
    )
    for number, (type_, value) in enumerate(values):
        head += f"    let v{number}: {type_} = {value};\n"
    shown = "".join(f'    println!("{{:?}}", v{n});\n' for n in range(len(values)))
    names = {f"v{number}": type_ for number, (type_, _) in enumerate(values)}
    return Program(f"{head}{shown}}}\n", names, head.count("\n") + 1)


@dataclass
class Generator:
    """Rust types, each with a way to make values of it."""

    rng: random.Random
    definitions: list[str] = field(default_factory=list)
    makers: dict[str, Callable[[], str]] = field(default_factory=dict)

    def type(self, depth: int = 0) -> str:
        rng = self.rng
        if depth > 2 or rng.random() < 0.45:
            return rng.choice(_SIMPLE)
        if self.definitions and rng.random() < 0.5:
            return rng.choice(list(self.makers))
        inner, other = self.type(depth + 1), self.type(depth + 1)
        shapes = [
            f"Option<{inner}>",
            f"Option<Option<{inner}>>",
            f"Result<{inner}, {other}>",
            f"({inner}, {other})",
            f"[{inner}; {rng.randrange(4)}]",
            f"Vec<{inner}>",
            f"Box<{inner}>",
            f"&'static {inner}",
        ]
        return rng.choice(shapes)

    def value(self, type_: str) -> str:
        rng = self.rng
        if type_ in _INTEGERS:
            bits, signed = int(type_[1:]), type_[0] == "i"
            low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, 2**bits - 1)
            return f"({rng.choice([low, high, 0, 1, rng.randint(low, high)])}{type_})"
        if type_ == "char":
            return f"'{rng.choice(_CHARS)}'"
        if type_ in ("f32", "f64"):
            floats = [f for f in _FLOATS if type_ == "f64" or "300" not in f]
            return f"({rng.choice(floats)} as {type_})"
        if type_ == "String":
            text = "".join(rng.choice(_CHARS) for _ in range(rng.randrange(5)))
            return f'String::from("{text}")'
        if type_ == "&'static str":
            return f'"{"".join(rng.choice(_CHARS) for _ in range(rng.randrange(3)))}"'
        if type_ in _NON_ZERO:
            return f"{type_}::new({rng.randint(*_NON_ZERO[type_])}).unwrap()"
        if type_ in _CHOICES:
            return rng.choice(_CHOICES[type_])
        if type_ in self.makers:
            return self.makers[type_]()
        return self.compound(type_)

    def compound(self, type_: str) -> str:
        rng = self.rng
        if type_.startswith("Option<"):
            inner = self.value(type_[7:-1])
            return rng.choice([f"Some({inner})", f"None::<{type_[7:-1]}>"])
        if type_.startswith("Box<"):
            return f"Box::new({self.value(type_[4:-1])})"
        if type_.startswith("&"):
            inner = type_.removeprefix("&'static ")
            return f"&*Box::leak(Box::new({self.value(inner)}))"
        if type_.startswith("Vec<"):
            items = ", ".join(self.value(type_[4:-1]) for _ in range(rng.randrange(4)))
            return f"Vec::<{type_[4:-1]}>::from([{items}])"
        if type_.startswith("["):
            inner, _, count = type_[1:-1].rpartition("; ")
            return f"[{', '.join(self.value(inner) for _ in range(int(count)))}] as {type_}"
        parts = split(type_[type_.index("<" if type_[0] == "R" else "(") + 1 : -1])
        if type_.startswith("Result<"):
            ok, err = self.value(parts[0]), self.value(parts[1])
            generics = ", ".join(parts)
            return rng.choice([f"Ok::<{generics}>({ok})", f"Err::<{generics}>({err})"])
        return f"({', '.join(self.value(part) for part in parts)})"

    def fields(self) -> list[str]:
        return [self.type() for _ in range(self.rng.randrange(4))]

    def define(self, number: int) -> None:
        name = f"T{number}"
        kind = self.rng.choice(["struct", "tuple", "enum", "enum", "plain"])
        if kind == "plain":
            self.define_plain(name)
        elif kind == "enum":
            self.define_enum(name)
        else:
            shape = (kind == "tuple", self.fields())
            end = ";" if kind == "tuple" or not shape[1] else ""
            self.definitions.append(f"struct {name}{declared(*shape)}{end}")
            self.makers[name] = lambda: self.made(name, *shape)

    def define_plain(self, name: str) -> None:
        repr_ = self.rng.choice(["", "#[repr(u8)] ", "#[repr(i16)] ", "#[repr(u64)] "])
        first = {"": 0, "#[repr(u8)] ": 200, "#[repr(i16)] ": -300, "#[repr(u64)] ": 1 << 63}[repr_]
        count = self.rng.randint(1, 5)
        self.definitions.append(
            f"{repr_}enum {name} {{ V0 = {first}, {', '.join(f'V{n}' for n in range(1, count))} }}"
        )
        self.makers[name] = lambda: f"{name}::V{self.rng.randrange(count)}"

    def define_enum(self, name: str) -> None:
        variants = [(self.rng.random() < 0.5, self.fields()) for _ in range(self.rng.randint(1, 6))]
        bodies = ", ".join(f"V{n}{declared(*shape)}" for n, shape in enumerate(variants))
        layouts = ["", "", "", "#[repr(C)] ", "#[repr(u8)] "]
        if any(fields for _, fields in variants):  # of no use, and refused, without any
            layouts.append("#[repr(C, i16)] ")
        layout = self.rng.choice(layouts)
        self.definitions.append(f"{layout}enum {name} {{ {bodies} }}")

        def make() -> str:
            number = self.rng.randrange(len(variants))
            return self.made(f"{name}::V{number}", *variants[number])

        self.makers[name] = make

    def made(self, name: str, is_tuple: bool, fields: list[str]) -> str:
        if not fields:
            return name
        values = [self.value(type_) for type_ in fields]
        if is_tuple:
            return f"{name}({', '.join(values)})"
        return f"{name} {{ {', '.join(f'f{n}: {v}' for n, v in enumerate(values))} }}"


def declared(is_tuple: bool, fields: list[str]) -> str:
    if not fields:
        return ""
    if is_tuple:
        return f"({', '.join(fields)})"
    return f" {{ {', '.join(f'f{n}: {type_}' for n, type_ in enumerate(fields))} }}"


def split(text: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char in "<([") - (char in ">)]")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
