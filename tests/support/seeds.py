"""Two small libraries, in Rust and in C, to be damaged: all questions about them have answers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

from crabtrap import Session
from tests.support.needs import require

Language = Literal["rust", "c"]

_RUST = """#![no_std]
#![allow(dead_code)]

pub struct Point {
    pub x: i32,
    pub y: i32,
}

pub enum Shape {
    Dot(Point),
    Box { from: Point, to: Point },
    Nothing,
}

#[no_mangle]
pub static COUNTER: u32 = 7;

impl Shape {
    #[inline(never)]
    pub fn grow(&mut self, by: i32) {
        match self {
            Shape::Dot(at) => at.x |= by,
            Shape::Box { to, .. } => to.y ^= by,
            Shape::Nothing => {}
        }
    }
}

#[no_mangle]
pub extern "C" fn area(shape: &mut Shape, by: i32) -> i32 {
    shape.grow(by);
    match shape {
        Shape::Dot(at) => at.x,
        Shape::Box { from, to } => from.x & to.y,
        Shape::Nothing => 0,
    }
}
"""

_C = """#include <stdint.h>

struct point { int32_t x, y; };
enum kind { DOT, BOX, NOTHING };
struct shape { enum kind kind; union { struct point at; struct { struct point from, to; } box; }; };
typedef struct shape Shape;

uint32_t COUNTER = 7;
static const char *const names[] = { "dot", "box", "nothing" };
struct shape *last[2];

static void grow(Shape *shape, int32_t by)
{
    switch (shape->kind) {
    case DOT: shape->at.x |= by; break;
    case BOX: shape->box.to.y ^= by; break;
    default: last[by & 1] = shape;
    }
}

int32_t area(Shape *shape, int32_t by)
{
    grow(shape, by);
    int32_t size = names[shape->kind][0];
    for (int32_t i = 0; i < by; i++)
        size += shape->box.from.x & shape->box.to.y;
    return size;
}
"""

_ANSWERED: dict[Language, tuple[tuple[str, ...], str]] = {
    "rust": (("area", "small.rs:20", "Shape::grow"), "7"),
    "c": (("area", "small.c:20", "grow"), "7"),
}


def small_library(directory: Path, language: Language) -> Path:
    """Build some 15 KB with functions, types and lines."""
    require("cc")
    library = directory / f"small-{language}.so"
    if language == "rust":
        source, object_file = directory / "small.rs", directory / "small.o"
        source.write_text(_RUST)
        arguments = ["--edition", "2021", "--crate-type=lib", "--emit=obj", "-g", "-Cpanic=abort"]
        _run("rustc", *arguments, "-o", object_file, source)
        _run("cc", "-shared", "-nostdlib", "-o", library, object_file)
    else:
        source = directory / "small.c"
        source.write_text(_C)
        _run("cc", "-g", "-O1", "-fPIC", "-shared", "-nostdlib", "-o", library, source)
    specs, counter = _ANSWERED[language]
    with Session(str(library)) as session:
        for spec in specs:
            assert session.resolve(spec).locations, spec
        assert session.values.render(session.evaluate("COUNTER")) == counter
    return library


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)
