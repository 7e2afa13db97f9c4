"""Three hundred random types: what we show is what the program's own ``Debug`` prints."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.engine.stdio import Stdio
from crabtrap.present import RenderOptions

COUNT = 300
_WHOLE = RenderOptions(max_items=None, max_depth=60, max_text=1 << 16)
_INTEGERS = [f"{sign}{bits}" for sign in "iu" for bits in (8, 16, 32, 64, 128)]
_CHARS = ["a", "Z", "0", "ß", "🦀", "\\n", "\\'", "\\u{1}"]
_FLOATS = ["0.0", "-1.5", "3.25e10", "1e300", "0.1", "-2e-7", "16777216.0"]


@dataclass
class Generator:
    """Rust types, each with a way to make values of it."""

    rng: random.Random
    definitions: list[str] = field(default_factory=list)
    makers: dict[str, object] = field(default_factory=dict)

    def type(self, depth: int = 0) -> str:
        rng = self.rng
        simple = [*_INTEGERS, "bool", "char", "f32", "f64", "String", "()", "NonZeroU8", "Ordering"]
        if depth > 2 or rng.random() < 0.45:
            return rng.choice(simple)
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
        ]
        return rng.choice(shapes)

    def value(self, type_: str) -> str:
        rng = self.rng
        if type_ in _INTEGERS:
            bits, signed = int(type_[1:]), type_[0] == "i"
            low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, 2**bits - 1)
            return f"({rng.choice([low, high, 0, 1, rng.randint(low, high)])}{type_})"
        if type_ == "bool":
            return rng.choice(["true", "false"])
        if type_ == "char":
            return f"'{rng.choice(_CHARS)}'"
        if type_ in ("f32", "f64"):
            floats = [f for f in _FLOATS if type_ == "f64" or "300" not in f]
            return f"({rng.choice(floats)} as {type_})"
        if type_ == "String":
            text = "".join(rng.choice(_CHARS) for _ in range(rng.randrange(5)))
            return f'String::from("{text}")'
        if type_ == "()":
            return "()"
        if type_ == "NonZeroU8":
            return f"NonZeroU8::new({rng.randint(1, 255)}).unwrap()"
        if type_ == "Ordering":
            return f"Ordering::{rng.choice(['Less', 'Equal', 'Greater'])}"
        if type_ in self.makers:
            return self.makers[type_]()  # type: ignore[operator]
        return self.compound(type_)

    def compound(self, type_: str) -> str:
        rng = self.rng
        if type_.startswith("Option<"):
            inner = self.value(type_[7:-1])
            return rng.choice([f"Some({inner})", f"None::<{type_[7:-1]}>"])
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
        self.definitions.append(f"enum {name} {{ {bodies} }}")

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

    def program(self) -> str:
        for number in range(COUNT):
            self.define(number)
        types = "\n".join(f"#[derive(Debug)] {definition}" for definition in self.definitions)
        values = "\n".join(f"    let v{n} = {self.makers[f'T{n}']()};" for n in range(COUNT))  # type: ignore[operator]
        shown = "\n".join(f'    println!("{{:?}}", v{n});' for n in range(COUNT))
        return (
            "#![allow(dead_code, unused)]\nuse std::{cmp::Ordering, num::NonZeroU8};\n"
            f"{types}\nfn main() {{\n{values}\n{shown}\n}}\n"
        )


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


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2])
def test_shown_as_the_program_itself_shows_it(tmp_path: Path, seed: int):
    if shutil.which("rustc") is None:
        pytest.skip("there is no rustc")
    source = tmp_path / "random.rs"
    source.write_text(Generator(random.Random(seed)).program())
    program = tmp_path / "random"
    command = ["rustc", "--edition", "2021", "-g", "-o", str(program), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    expected = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    line = source.read_text().splitlines().index('    println!("{:?}", v0);') + 1
    with Session(str(program)) as session:
        session.breakpoints.add(f"random.rs:{line}")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        found = [session.render(session.evaluate(f"v{n}"), _WHOLE) for n in range(COUNT)]
        session.kill()
    wrong = [pair for pair in zip(expected.splitlines(), found, strict=True) if pair[0] != pair[1]]
    assert not wrong, f"{len(wrong)} wrong, first: {wrong[:3]}"
