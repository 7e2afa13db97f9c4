"""Programs of functions of every kind, whose lines count how often they are executed.

Of every function the first line counts, so that its calls are known, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from crabtrap.records import dataclass

HELPER = """\
#![allow(warnings)]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
pub struct Counts([AtomicU32; 4096]);
const ZERO: AtomicU32 = AtomicU32::new(0);
pub static COUNTS: Counts = Counts([ZERO; 4096]);
#[inline(never)]
pub fn hit(line: usize) -> u64 {
    COUNTS.0[line].fetch_add(1, Relaxed);
    line as u64
}
#[inline(never)]
pub fn opaque<T: Copy>(value: T) -> T {
    unsafe { std::ptr::read_volatile(&value) }
}
pub fn report() {
    for (line, count) in COUNTS.0.iter().enumerate() {
        if count.load(Relaxed) > 0 {
            println!("{line} {}", count.load(Relaxed));
        }
    }
}
"""
_HEAD = """\
#![allow(warnings)]
use helper::{hit, report};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
struct Yield(bool);
impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 { return Poll::Ready(()); }
        self.0 = true;
        Poll::Pending
    }
}
const TABLE: RawWakerVTable = RawWakerVTable::new(|_| RAW, |_| {}, |_| {}, |_| {});
const RAW: RawWaker = RawWaker::new(std::ptr::null(), &TABLE);
fn block<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let waker = unsafe { Waker::from_raw(RAW) };
    loop {
        if let Poll::Ready(found) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return found;
        }
    }
}
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of two crates.

    Attributes:
        main, helper: Their texts; each counted line is ``hit(N)``, N being what it is called.
        lines: Of each N, the file and the line.
        functions: Of each function, by what is typed to break there, the N of its first line.
    """

    main: str
    helper: str
    lines: dict[int, tuple[str, int]]
    functions: dict[str, int]


class Generator:
    """Makes programs from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"lines {seed}")
        self._next = 0
        self._calls: list[str] = []
        self._functions: dict[str, int] = {}
        self._name = 0

    def program(self, count: int) -> Program:
        """Make a program of ``count`` functions."""
        self._next = self._name = 0
        self._calls, self._functions = [], {}
        kinds: tuple[Callable[[str], str], ...] = (
            self._plain,
            self._generic,
            self._default_method,
            self._method,
            self._static_closure,
            self._of_macro,
            self._async,
            self._dropped,
            self._nested,
            self._const_generic,
        )
        helper = HELPER
        for _ in range(max(1, count // 6)):
            helper += self._in_helper()
        main = _HEAD + "".join(self._random.choice(kinds)(self._fresh()) for _ in range(count))
        calls = "\n".join(f"        total ^= {call};" for call in self._calls)
        main += (
            "fn main() {\n    let n = std::env::args().count() as u64;\n    let mut total = n;\n"
            f"    for round in 0..n + 1 {{\n        total ^= round;\n{calls}\n    }}\n"
            '    report();\n    eprintln!("{total}");\n}\n'
        )
        lines = _numbered("main.rs", main) | _numbered("lib.rs", helper)
        return Program(main, helper, lines, dict(self._functions))

    # -- kinds of functions ----------------------------------------------------------------
    def _plain(self, name: str) -> str:
        body = self._known(f"programs::{name}", 1)
        self._calls.append(f"{name}(total)")
        return f"{self._inline()}fn {name}(mut total: u64) -> u64 {{\n{body}    total\n}}\n"

    def _generic(self, name: str) -> str:
        body = self._known(f"programs::{name}", 1)
        self._calls += [f"{name}(total, 1u8)", f"{name}(total, 'a')"]
        return (
            f"{self._inline()}fn {name}<T: Copy + Into<u32>>(mut total: u64, item: T) -> u64 {{\n"
            f"{body}    total + item.into() as u64\n}}\n"
        )

    def _default_method(self, name: str) -> str:
        trait = f"T{name}"
        body = self._known(f"{trait}::{name}", 1, indent=2)
        dynamic = self._random.choice((f"(&0u8 as &dyn {trait})", "0u8", "0u16"))
        self._calls += [f"{dynamic}.{name}(total)", f"0u16.{name}(n)"]
        return (
            f"trait {trait} {{\n    fn own(&self) -> u64;\n    {self._inline()}"
            f"fn {name}(&self, mut total: u64) -> u64 {{\n{body}        total + self.own()\n"
            f"    }}\n}}\nimpl {trait} for u8 {{ fn own(&self) -> u64 {{ 1 }} }}\n"
            f"impl {trait} for u16 {{ fn own(&self) -> u64 {{ 2 }} }}\n"
        )

    def _method(self, name: str) -> str:
        body = self._known(f"S{name}::{name}", 1, indent=2)
        self._calls.append(f"S{name}(total).{name}()")
        return (
            f"struct S{name}<T>(T);\nimpl<T: Copy + Into<u64>> S{name}<T> {{\n    {self._inline()}"
            f"fn {name}(&self) -> u64 {{\n        let mut total = self.0.into();\n{body}"
            "        total\n    }\n}\n"
        )

    def _static_closure(self, name: str) -> str:
        body = self._known(f"C{name}::{{closure#0}}", 1)
        self._calls.append(f"helper::opaque(C{name})(total)")
        return f"static C{name}: fn(u64) -> u64 = |mut total| {{\n{body}    total\n}};\n"

    def _of_macro(self, name: str) -> str:
        body = self._known(f"programs::{name}", 1, indent=3)
        self._calls += [f"{name}(total)"]
        return (
            f"macro_rules! m{name} {{\n    ($name:ident) => {{\n        {self._inline()}"
            f"fn $name(mut total: u64) -> u64 {{\n{body}            total\n        }}\n"
            f"    }};\n}}\nm{name}!({name});\n"
        )

    def _async(self, name: str) -> str:
        body = self._known(f"programs::{name}", 1)
        after = self._body(1)
        self._calls.append(f"block({name}(total))")
        return (
            f"async fn {name}(mut total: u64) -> u64 {{\n{body}    Yield(false).await;\n{after}"
            "    total\n}\n"
        )

    def _dropped(self, name: str) -> str:
        body = self._known(f"<D{name} as Drop>::drop", 1, indent=2)
        self._calls.append(f"{{ let held = D{name}(total); held.0 }}")
        return (
            f"struct D{name}(u64);\nimpl Drop for D{name} {{\n    {self._inline()}"
            f"fn drop(&mut self) {{\n        let mut total = self.0;\n{body}"
            "        self.0 = total;\n    }\n}\n"
        )

    def _nested(self, name: str) -> str:
        inner = self._known(f"{name}::inner", 1, indent=2)
        body = self._body(1)
        self._calls.append(f"{name}(total)")
        return (
            f"{self._inline()}fn {name}(mut total: u64) -> u64 {{\n"
            f"    fn inner(mut total: u64) -> u64 {{\n{inner}        total\n    }}\n"
            f"{body}    total ^= inner(total);\n    total\n}}\n"
        )

    def _const_generic(self, name: str) -> str:
        body = self._known(f"programs::{name}", 1)
        self._calls += [f"{name}::<3>(total)", f"{name}::<5>(total)"]
        return (
            f"{self._inline()}fn {name}<const N: usize>(mut total: u64) -> u64 {{\n"
            f"    total += N as u64;\n{body}    total\n}}\n"
        )

    def _in_helper(self) -> str:
        name = self._fresh()
        body = self._known(f"helper::{name}", 1)
        self._calls.append(f"helper::{name}(total)")
        attribute = self._random.choice(("#[inline(always)]\n", "#[inline]\n", ""))
        return f"{attribute}pub fn {name}(mut total: u64) -> u64 {{\n{body}    total\n}}\n"

    # -- statements ------------------------------------------------------------------------
    def _known(self, function: str, depth: int, *, indent: int = 1) -> str:
        """The body of a function, the first line of which counts its calls."""
        first = self._next
        self._functions[function] = first
        return self._count("    " * indent) + self._body(depth, indent=indent)

    def _body(self, depth: int, *, indent: int = 1) -> str:
        count = self._random.randint(1, 3)
        return "".join(self._statement(depth, "    " * indent) for _ in range(count))

    def _statement(self, depth: int, margin: str) -> str:
        makers = (self._count, self._choice, self._loop, self._closure, self._iterator, self._match)
        make = self._random.choice(makers) if depth < 3 else self._count
        if make == self._count:
            return self._count(margin)
        inner = "".join(
            self._statement(depth + 1, margin + "    ") for _ in range(self._random.randint(1, 2))
        )
        return make(margin, inner)

    def _count(self, margin: str, _inner: str = "") -> str:
        line, self._next = self._next, self._next + 1
        forms = ("total ^= hit({});", "total += 3 * hit({});", "let _ = hit({});")
        return f"{margin}{self._random.choice(forms).format(line)}\n"

    def _choice(self, margin: str, inner: str) -> str:
        other = self._count(margin + "    ")
        test = f"total % {self._random.randint(2, 5)} == {self._random.randint(0, 1)}"
        return f"{margin}if {test} {{\n{inner}{margin}}} else {{\n{other}{margin}}}\n"

    def _match(self, margin: str, inner: str) -> str:
        deeper = margin + "    "
        line, self._next = self._next, self._next + 1
        return (
            f"{margin}match total % 4 {{\n{deeper}0 => {{\n{inner}{deeper}}}\n"
            f"{deeper}1 | 2 => total ^= hit({line}),\n{deeper}_ => {{}}\n{margin}}}\n"
        )

    def _loop(self, margin: str, inner: str) -> str:
        head = self._random.choice(
            (f"for _ in 0..{self._random.randint(1, 3)}u64", "for _ in [1u8, 2]")
        )
        return f"{margin}{head} {{\n{inner}{margin}}}\n"

    def _closure(self, margin: str, inner: str) -> str:
        name = self._random.choice("fgh")
        return (
            f"{margin}let {name} = |given: u64| {{\n{margin}    let mut total = given;\n{inner}"
            f"{margin}    total\n{margin}}};\n{margin}total = {name}(total);\n"
        )

    def _iterator(self, margin: str, inner: str) -> str:
        return (
            f"{margin}total ^= (0..2u64)\n{margin}    .map(|mut total| {{\n{inner}"
            f"{margin}    total\n{margin}    }})\n{margin}    .sum::<u64>();\n"
        )

    def _inline(self) -> str:
        return self._random.choice(("#[inline(never)] ", "#[inline(always)] ", "#[inline] ", ""))

    def _fresh(self) -> str:
        self._name += 1
        return f"f{self._name}"


def _numbered(file: str, text: str) -> dict[int, tuple[str, int]]:
    found: dict[int, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        before, called, rest = line.partition("hit(")
        argument = rest.partition(")")[0]
        if called and argument.isdecimal() and "fn " not in before:
            found[int(argument)] = (file, number)
    return found
