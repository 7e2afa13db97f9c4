"""Programs of many small cases, each of which stops once and then shows some places.

Whatever a closure shows it captures, by reference or by value: whole variables, fields of
fields, what a box holds, fields of ``self``, and what the closure around it captured.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from crabtrap.records import dataclass, field

_TYPES = """\
#![allow(dead_code, unused, clippy::all)]
use std::fmt::Debug;
use std::rc::Rc;

#[derive(Debug, Clone, Default)]
struct Leaf { byte: u8, word: u64, text: String, list: Vec<u16>, letter: char, flag: bool }
#[derive(Debug, Clone, Default)]
struct Node { id: i32, leaf: Leaf, pair: (u16, String), boxed: Box<Leaf>, maybe: Option<Leaf> }
#[derive(Debug, Clone, Default)]
struct Root { node: Node, other: Box<Node>, array: [u32; 3], deep: (u8, (Leaf, i64)) }
#[derive(Debug, Clone)]
enum Choice { Nothing, One(Leaf), Two { left: Box<Leaf>, right: (u8, u64) } }

#[derive(Debug)] struct Plain<T: ?Sized> { head: u8, tail: T }
#[derive(Debug)] struct Pair<A, T: ?Sized> { head: A, second: u16, tail: T }
#[derive(Debug)] struct Tuple<T: ?Sized>(u8, u32, T);
#[repr(C)] #[derive(Debug)] struct InC<T: ?Sized> { head: u8, tail: T }
#[repr(align(16))] #[derive(Debug, Clone)] struct Wide(u8);
#[repr(align(64))] #[derive(Debug, Clone)] struct Wider(u16, u8);
struct Holder<F, T> { before: u8, call: F, after: T }

trait Shape: Debug { fn area(&self) -> u64 { 1 } }
impl Shape for u8 {}
impl Shape for u64 {}
impl Shape for Wide {}
impl Shape for Wider {}
impl Shape for Leaf {}
impl Shape for (u8, String) {}

#[inline(never)]
fn at_stop(case: u32) { println!("case {case}"); }
fn show(value: &(impl Debug + ?Sized)) { println!("{value:?}"); }
fn twice(x: u32) -> u32 { x * 2 }
fn generic<T>(x: T) -> T { x }
#[inline(never)]
fn call(f: impl Fn(u32) -> u32) -> u32 { f(1) }
#[inline(never)]
fn call_mut(mut f: impl FnMut(u32) -> u32) -> u32 { f(1) }
#[inline(never)]
fn call_once(f: impl FnOnce(u32) -> u32) -> u32 { f(1) }
"""

_VARIABLES = ["root", "node", "leaf", "boxed", "text", "number"]
_LEAF = ("byte", "word", "text", "list", "letter", "flag")
_UNSIZED = {
    "dyn Shape": ("7u8", "9u64", "Wide(3)", "Wider(4, 5)", "LEAF", '(1u8, "pair".to_string())'),
    "dyn Debug": ("[1u8, 2]", "Some(2.5f32)", "Wider(6, 7)", "LEAF", "'x'"),
    "[u16]": ("[1u16, 2, 3]", "[9u16]", "[0u16; 5]"),
    "[Wide]": ("[Wide(1), Wide(2)]", "[Wide(3)]"),
    "[(u8, u64)]": ("[(1u8, 2u64)]", "[(3u8, 4u64), (5, 6)]"),
}
_WRAPPERS = {
    "Plain<{}>": "Plain {{ head: {n}, tail: {} }}",
    "Pair<u64, {}>": "Pair {{ head: {n}u64, second: {n}, tail: {} }}",
    "Pair<Wide, {}>": "Pair {{ head: Wide({n}), second: {n}, tail: {} }}",
    "Pair<String, {}>": "Pair {{ head: {n}.to_string(), second: {n}, tail: {} }}",
    "Tuple<{}>": "Tuple({n}, {n}, {})",
    "InC<{}>": "InC {{ head: {n}, tail: {} }}",
}
_POINTERS = ("Box<{}> = Box::new({})", "&{} = &{}", "Rc<{}> = Rc::new({})")


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the places that it shows at each stop, by the number of the case.

    Attributes:
        source: Its text.
        places: Of each case, in the order in which they are shown.
        kinds: Of each case, what it is about.
    """

    source: str
    places: dict[int, tuple[str, ...]]
    kinds: dict[int, str] = field(default_factory=dict[int, str])


class Generator:
    """Makes programs from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"places {seed}")
        self._case = 0

    def program(self, count: int) -> Program:
        """Make a program of ``count`` cases."""
        self._case = 0
        functions: list[str] = []
        places: dict[int, tuple[str, ...]] = {}
        kinds: dict[int, str] = {}
        makers: tuple[Callable[[], tuple[str, tuple[str, ...]]], ...] = (
            self._closure,
            self._closure,
            self._method,
            self._nested,
            self._unsized,
            self._unsized,
            self._items,
        )
        for number in range(count):
            self._case = number
            make = self._random.choice(makers)
            body, shown = make()
            functions.append(body)
            places[number], kinds[number] = shown, make.__name__.strip("_")
        calls = "\n".join(f"    case_{number}();" for number in range(count))
        source = f"{_TYPES}\n" + "\n".join(functions) + f"\nfn main() {{\n{calls}\n}}\n"
        return Program(source, places, kinds)

    # -- cases ---------------------------------------------------------------------
    def _closure(self) -> tuple[str, tuple[str, ...]]:
        variables = self._random.sample(_VARIABLES, 3)
        shown = self._places(variables)
        body, caller = self._closure_of(shown)
        return (
            self._function(f"{self._declared(variables)}\n    {caller}({body});"),
            shown,
        )

    def _method(self) -> tuple[str, tuple[str, ...]]:
        shown = self._some([f"self.{each}" for each in self._paths("root")])
        body, caller = self._closure_of(shown)
        by = self._random.choice(("self", "&self", "&mut self"))
        if "+= 1" in body:
            by = "mut self" if by == "self" else "&mut self"
        method = f"impl Root {{ fn case_{self._case}({by}) {{ {caller}({body}); }} }}\n"
        call = f"let mut root = {self._value('Root')};\n    root.case_{self._case}();"
        return method + self._function(call), shown

    def _nested(self) -> tuple[str, tuple[str, ...]]:
        variables = self._random.sample(_VARIABLES, 2)
        shown = self._places(variables)
        inner, caller = self._closure_of(shown)
        move = self._random.choice(("", "move "))
        outer = f"{move}|outer: u32| {{ {caller}({inner}) + outer }}"
        return self._function(f"{self._declared(variables)}\n    call_once({outer});"), shown

    def _unsized(self) -> tuple[str, tuple[str, ...]]:
        type_, values = self._random.choice([*_UNSIZED.items()])
        value = self._random.choice(values).replace("LEAF", self._value("Leaf"))
        layers = [self._random.choice([*_WRAPPERS]) for _ in range(self._random.randint(1, 3))]
        for wrapper in layers:
            type_ = wrapper.format(type_)
            value = _WRAPPERS[wrapper].format(value, n=self._random.randint(1, 99))
        pointer = self._random.choice(_POINTERS).format(type_, value)
        fields = {"Tuple": ("0", "2")}
        paths, path = ["(*value)"], "value"
        for wrapper in reversed(layers):
            head, tail = fields.get(wrapper.partition("<")[0], ("head", "tail"))
            paths.append(f"{path}.{head}")
            path = f"{path}.{tail}"
        shown = ("*value", *paths[1:])
        lines = "\n".join(f"    show(&{each});" for each in shown)
        return self._function(f"let value: {pointer};\n    at_stop({self._case});\n{lines}"), shown

    def _items(self) -> tuple[str, tuple[str, ...]]:
        item = self._random.choice(("twice", "generic::<u64>", "generic::<Leaf>", "Some::<u8>"))
        value = self._value(self._random.choice(("Leaf", "Node")))
        n = self._random.randint(1, 99)
        shown = ("holder.before", "holder.after", "many.len()", "second")
        lines = "\n".join(f"    show(&{each});" for each in shown)
        return (
            self._function(
                f"let holder = Holder {{ before: {n}, call: {item}, after: {value} }};\n"
                f"    let many = vec![{item}; {n % 5}];\n    let second = ({item}, {n}u16).1;\n"
                f"    at_stop({self._case});\n{lines}"
            ),
            shown,
        )

    # -- parts of cases --------------------------------------------------------------
    def _function(self, body: str) -> str:
        return f"fn case_{self._case}() {{\n    {body}\n}}"

    def _closure_of(self, shown: tuple[str, ...]) -> tuple[str, str]:
        """A closure that stops and shows, and the function that calls it."""
        changed = [each for each in shown if each.endswith((".word", "number"))]
        change, caller = "", self._random.choice(("call", "call_mut", "call_once"))
        if changed and self._random.random() < 0.5:
            change, caller = f"{self._random.choice(changed)} += 1; ", "call_mut"
        move = self._random.choice(("", "move "))
        lines = " ".join(f"show(&{each});" for each in shown)
        return f"{move}|step: u32| {{ {change}at_stop({self._case}); {lines} step }}", caller

    def _declared(self, variables: list[str]) -> str:
        types = {"root": "Root", "node": "Node", "leaf": "Leaf", "boxed": "Box<Root>"}
        values = {name: self._value(types[name]) for name in variables if name in types}
        values |= {"text": '"a text"', "number": f"{self._random.randint(0, 1 << 40)}u64"}
        return "\n    ".join(f"let mut {name} = {values[name]};" for name in variables)

    def _places(self, variables: list[str]) -> tuple[str, ...]:
        found: list[str] = []
        for name in variables:
            kind = {"root": "root", "boxed": "root", "node": "node", "leaf": "leaf"}.get(name)
            if kind is None:
                found.append(name)
            else:
                paths = [f"{name}.{each}" for each in self._paths(kind)]
                found += self._some([*paths, name] if self._random.random() < 0.2 else paths)
        return tuple(found)

    def _some(self, paths: list[str]) -> tuple[str, ...]:
        return tuple(self._random.sample(paths, min(len(paths), self._random.randint(1, 3))))

    def _paths(self, kind: str) -> list[str]:
        """Paths to fields of a type, those of fields of boxes included."""
        if kind == "leaf":
            return [*_LEAF]
        leaf = [f"leaf.{each}" for each in _LEAF]
        boxed = [f"boxed.{each}" for each in _LEAF]
        node = ["id", "leaf", "pair.0", "pair.1", "maybe", *leaf, *boxed, "boxed"]
        if kind == "node":
            return node
        inner = [f"{name}.{each}" for name in ("node", "other") for each in node]
        deep = ["deep.0", "deep.1.1", "deep.1.0.text", "deep.1.0.list", "array[1]", "array"]
        return [*inner, *deep]

    def _value(self, type_: str) -> str:
        pick = self._random
        if type_.startswith("Box<"):
            return f"Box::new({self._value(type_[4:-1])})"
        if type_ == "Leaf":
            text = pick.choice(("", "word", "naïve", 'a \\"b\\"'))
            letter = pick.choice(("'a'", "'ß'", "'🦀'"))
            flag = pick.choice(("true", "false"))
            items = ", ".join(str(pick.randint(0, 65535)) for _ in range(pick.randint(0, 3)))
            return (
                f"Leaf {{ byte: {pick.randint(0, 255)}, word: {pick.getrandbits(60)}, "
                f'text: "{text}".to_string(), list: vec![{items}], '
                f"letter: {letter}, flag: {flag} }}"
            )
        if type_ == "Node":
            maybe = f"Some({self._value('Leaf')})" if pick.random() < 0.5 else "None"
            return (
                f"Node {{ id: {pick.randint(-9, 9)}, leaf: {self._value('Leaf')}, "
                f'pair: ({pick.randint(0, 9)}, "p".repeat({pick.randint(0, 3)})), '
                f"boxed: {self._value('Box<Leaf>')}, maybe: {maybe} }}"
            )
        return (
            f"Root {{ node: {self._value('Node')}, other: {self._value('Box<Node>')}, "
            f"array: [{pick.randint(0, 9)}, 2, 3], "
            f"deep: ({pick.randint(0, 9)}, ({self._value('Leaf')}, {pick.randint(-99, 99)})) }}"
        )
