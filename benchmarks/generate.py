"""The programs that are measured: a large generated one and four small ones.

``python -m benchmarks.generate L`` builds the large program; all of it is kept in
``benchmarks/work`` and built again only when the source or the compiler changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / "work"
RECURSION = 40
PACKAGED = ("many_tasks",)
"""Programs of the tests that are measured, too."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is generated: every type brings about 0.3 MiB of ``.debug_info``."""

    crates: int
    modules: int
    types: int


SIZES = {"S": Size(2, 4, 7), "M": Size(4, 6, 7), "L": Size(8, 6, 7)}

# Optimisation off and many codegen units, as a developer's build has it.
BIG_FLAGS = ("-g", "-Copt-level=0", "-Ccodegen-units=64")
SMALL_FLAGS = ("-g", "-Copt-level=0")

TYPE_TEMPLATE = """
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record{n} {{
{fields}    pub label: String,
}}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Choice{n} {{
    Nothing,
    Number(i64, u8),
    Boxed(Box<Record{n}>),
    Named {{ width: u32, name: String }},
}}

impl Record{n} {{
    pub fn make(seed: u64) -> Self {{
        Record{n} {{ {inits}label: format!("record {{seed}}") }}
    }}

    pub fn weigh(&self) -> u64 {{
        ({sum}) as u64 + self.label.len() as u64
    }}
}}

impl Choice{n} {{
    pub fn pick(seed: u64) -> Self {{
        match seed % 4 {{
            0 => Choice{n}::Nothing,
            1 => Choice{n}::Number(seed as i64, (seed % 200) as u8),
            2 => Choice{n}::Boxed(Box::new(Record{n}::make(seed))),
            _ => Choice{n}::Named {{ width: seed as u32, name: seed.to_string() }},
        }}
    }}
}}

pub fn work{n}(seed: u64) -> u64 {{
    let mut list: Vec<Record{n}> = (0..8).map(|step| Record{n}::make(seed % 5 + step)).collect();
    list.sort();
    list.dedup();
    let mut by_name: HashMap<String, Record{n}> = HashMap::new();
    for item in &list {{
        by_name.insert(item.label.clone(), item.clone());
    }}
    let ordered: BTreeMap<u64, Choice{n}> =
        (0..6).map(|step| (step, Choice{n}::pick(seed + step))).collect();
    let mut queue: VecDeque<Rc<Record{n}>> = list.iter().cloned().map(Rc::new).collect();
    queue.rotate_left(1);
    let distinct: HashSet<Choice{n}> = ordered.values().cloned().collect();
    let shared: Arc<[Record{n}]> = list.clone().into();
    let heavy = list.iter().filter(|item| item.weigh() > 3).map(Record{n}::weigh).sum::<u64>();
    let text = format!("{{:?}} {{:?}}", ordered.get(&1), queue.front());
    let found = by_name.values().map(|item| item.weigh()).max().unwrap_or_default();
    heavy + found + distinct.len() as u64 + shared.len() as u64 + text.len() as u64
}}
"""

FIELD_TYPES = ("u8", "i32", "u64", "i16", "u32", "i64")

MAIN_TEMPLATE = """//! Generated: a large program whose interesting function is easy to reach.

use std::time::{{Duration, Instant}};

#[inline(never)]
fn target_leaf(depth: u32, total: u64) -> u64 {{
    let local = total * 2; // the debuggers are asked to stop here
    let name = String::from("leaf");
    local + name.len() as u64 + u64::from(depth)
}}

#[inline(never)]
fn descend(depth: u32, total: u64) -> u64 {{
    if depth == 0 {{
        return target_leaf(depth, total);
    }}
    descend(depth - 1, total + 1) + 1
}}

/// Prints each new longest time in which this thread did not get to run, in microseconds.
fn tick(threads: usize) {{
    for _ in 0..threads {{
        std::thread::spawn(std::thread::park);
    }}
    println!("pid {{}}", std::process::id());
    let end = Instant::now() + Duration::from_secs(30);
    let mut last = Instant::now();
    let mut longest = Duration::ZERO;
    while last < end {{
        let now = Instant::now();
        let gap = now - last;
        if gap > longest {{
            longest = gap;
            println!("gap {{}}", longest.as_micros());
        }}
        last = now;
    }}
}}

fn main() {{
    match std::env::args().nth(1).as_deref() {{
        None => println!("{{}}", descend({recursion}, 1)),
        Some("tick") => tick(std::env::args().nth(2).map_or(0, |text| text.parse().unwrap())),
        Some(_) => println!("{{}}", {calls}),
    }}
}}
"""


def small(name: str) -> Path:
    """Build one of the small programs of ``benchmarks/programs``; return its executable."""
    source = HERE / "programs" / f"{name}.rs"
    directory = WORK / name
    with _stale(directory, _fingerprint(source.read_text(), *SMALL_FLAGS)) as stale:
        if stale:
            _rustc(directory, str(source), *SMALL_FLAGS, "-o", str(directory / name))
    return directory / name


def packaged(name: str) -> Path:
    """Build a program of ``tests/inferiors``, which has dependencies; return its executable."""
    workspace = HERE.parent / "tests" / "inferiors"
    target = workspace / "target" / "release-debug"  # where the tests have it
    command = ["cargo", "build", "--quiet", "--locked", "--profile", "release-debug"]
    command += ["--package", name, "--target-dir", str(target)]
    subprocess.run(command, cwd=workspace, check=True)
    return target / "release-debug" / name


def big(size: str) -> Path:
    """Build the large program; return its executable."""
    directory = WORK / f"big-{size}"
    shape = SIZES[size]
    libraries = {f"part{number}": crate_source(number, shape) for number in range(shape.crates)}
    main = main_source(shape)
    fingerprint = _fingerprint(main, *libraries.values(), *BIG_FLAGS)
    with _stale(directory, fingerprint) as stale:
        if stale:
            for name, text in libraries.items():
                (directory / f"{name}.rs").write_text(text)
                _rustc(directory, f"{name}.rs", "--crate-type=rlib", *BIG_FLAGS)
            (directory / "big.rs").write_text(main)
            externs = [f"--extern={name}" for name in libraries]
            _rustc(directory, "big.rs", *BIG_FLAGS, "-L.", *externs)
    return directory / "big"


def crate_source(number: int, size: Size) -> str:
    """Return the source of one generated library."""
    modules = [_module_source(number, module, size) for module in range(size.modules)]
    calls = " + ".join(f"module{module}::run(seed)" for module in range(size.modules))
    return f"{''.join(modules)}\npub fn run(seed: u64) -> u64 {{ {calls} }}\n"


def main_source(size: Size) -> str:
    """Return the source of the main program."""
    calls = " + ".join(f"part{number}::run(7)" for number in range(size.crates))
    return MAIN_TEMPLATE.format(recursion=RECURSION, calls=calls)


def _module_source(crate: int, module: int, size: Size) -> str:
    numbers = range(size.types)
    types = "".join(_type_source(n, crate * 31 + module * 7 + n) for n in numbers)
    calls = " + ".join(f"work{n}(seed)" for n in numbers)
    return (
        f"pub mod module{module} {{\n"
        "use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};\n"
        "use std::rc::Rc;\nuse std::sync::Arc;\n"
        f"{types}\npub fn run(seed: u64) -> u64 {{ {calls} }}\n}}\n"
    )


def _type_source(n: int, variety: int) -> str:
    kinds = [FIELD_TYPES[(variety + place) % len(FIELD_TYPES)] for place in range(2 + variety % 5)]
    return TYPE_TEMPLATE.format(
        n=n,
        fields="".join(f"    pub field{place}: {kind},\n" for place, kind in enumerate(kinds)),
        inits="".join(f"field{place}: seed as {kind}, " for place, kind in enumerate(kinds)),
        sum=" + ".join(f"self.field{place} as i64" for place in range(len(kinds))),
    )


def _fingerprint(*parts: str) -> str:
    version = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return hashlib.sha256("\0".join((version, *parts)).encode()).hexdigest()


@contextlib.contextmanager
def _stale(directory: Path, fingerprint: str) -> Generator[bool]:
    """Enter a build directory; true when what it holds is not of ``fingerprint``."""
    directory.mkdir(parents=True, exist_ok=True)
    stamp = directory / "fingerprint"
    yield not stamp.exists() or stamp.read_text() != fingerprint
    stamp.write_text(fingerprint)


def _rustc(directory: Path, *arguments: str) -> None:
    command = ["nice", "rustc", "--edition=2021", "-Awarnings", *arguments]
    subprocess.run(command, cwd=directory, check=True, env=os.environ | {"RUSTFLAGS": ""})


if __name__ == "__main__":
    for choice in sys.argv[1:] or ["S"]:
        print(big(choice) if choice in SIZES else small(choice))
