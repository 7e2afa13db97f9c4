"""Random chains of iterator methods over the variables of ``data``."""

from __future__ import annotations

import random
from collections.abc import Callable

_INTEGERS = ("u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "usize", "isize", "u128", "i128")
_MOST_ADAPTORS = 4


class Generator:
    """Makes chains; most of them have a type."""

    def __init__(self, seed: int, variables: dict[str, str]) -> None:
        self.random = random.Random(seed)
        self.variables = variables
        self.item = ""
        self.references = 0
        self.is_sized = True
        self.names = 0

    def chain(self) -> str:
        """A chain with an end, or without one."""
        text = self._beginning()
        for _ in range(self.random.randrange(_MOST_ADAPTORS + 1)):
            text += self._adaptor()
        if self.random.random() < 0.15:
            return text
        return text + self._end()

    # -- beginnings ------------------------------------------------------------------------------
    def _beginning(self) -> str:
        self.references, self.is_sized = 1, True
        name, type_ = self.random.choice(list(self.variables.items()))
        if type_ == "map":
            return self._map(name)
        choice = self.random.random()
        if choice < 0.15:
            self.references, self.item = 0, self.random.choice(_INTEGERS[:10])
            low, high = self.random.randrange(5), self.random.randrange(40)
            dots = self.random.choice(("..", "..="))
            return f"({low}{self.item}{dots}{high})"
        if choice < 0.25 and type_ in _INTEGERS:
            self.item = f"[{type_}]"
            how = self.random.choice(("windows", "chunks", "chunks_exact"))
            return f"{name}.{how}({self.random.randrange(1, 5)})"
        if choice < 0.3:
            low, high = sorted((self.random.randrange(42), self.random.randrange(42)))
            name = f"{name}[{low}..{high}]" if name != "empty" else name
        self.item = type_
        return f"{name}.iter()"

    def _map(self, name: str) -> str:
        part = self.random.choice(("keys", "values", "iter"))
        self.is_sized = False
        if part == "iter":
            self.item, self.references = "(&u32, &u64)", 0
        else:
            self.item = "u32" if part == "keys" else "u64"
        return f"{name}.{part}()"

    # -- adaptors --------------------------------------------------------------------------------
    def _adaptor(self) -> str:
        options: list[Callable[[], str]] = [
            self._filter,
            self._filter,
            self._map_item,
            self._map_item,
        ]
        options += [self._count_adaptor] * 4 + [self._while, self._enumerate, self._zip]
        options += [self._filter_map]
        return self.random.choice(options)()

    def _count_adaptor(self) -> str:
        name = self.random.choice(("take", "skip", "step_by", "rev", "copied", "skip", "take"))
        if name == "copied":
            if not self.references:
                return ".fuse()"
            self.references -= 1
            return ".copied()"
        if name == "rev":
            return ".rev()" if self.is_sized else ".by_ref()"
        low = 1 if name == "step_by" else 0
        return f".{name}({self.random.randrange(low, 12)})"

    def _filter(self) -> str:
        self.is_sized = False
        return f".filter(|x| {self._test('x', self.references + 1)})"

    def _while(self) -> str:
        self.is_sized = False
        name = self.random.choice(("take_while", "skip_while"))
        return f".{name}(|x| {self._test('x', self.references + 1)})"

    def _filter_map(self) -> str:
        self.is_sized = False
        body = self._integer("x", self.references, 2)
        test = self._test("x", self.references)
        name = self.random.choice(("filter_map", "map_while"))
        self.item, self.references = "i64", 0
        return f".{name}(|x| if {test} {{ Some({body}) }} else {{ None }})"

    def _map_item(self) -> str:
        choice = self.random.random()
        if choice < 0.15 and self.item == "Point":
            self.item, self.references = "i32", 0
            return ".map(|p| p.x)"
        if choice < 0.3:
            body, test = self._integer("x", self.references, 1), self._test("x", self.references)
            self.item, self.references = "(i64, bool)", 0
            return f".map(|x| ({body}, {test}))"
        if choice < 0.4:
            self.references, self.item = 0, "bool"
            return f".map(|x| {self._test('x', self.references)})"
        body = self._integer("x", self.references, 3)
        self.item, self.references = "i64", 0
        return f".map(|x| {body})"

    def _enumerate(self) -> str:
        inner = "&" * self.references + self.item
        self.item, self.references = f"(usize, {inner})", 0
        return ".enumerate()"

    def _zip(self) -> str:
        inner = "&" * self.references + self.item
        self.item, self.references = f"({inner}, &i32)", 0
        tail = self.random.choice(("", ".rev()", ".skip(3)", ".step_by(2)", ".take(9)"))
        return f".zip(rising.iter(){tail})"

    # -- ends ------------------------------------------------------------------------------------
    def _end(self) -> str:
        references = self.references
        test = self._test("x", references)
        named = self._test("x", references + 1)
        key = self._integer("x", references + 1, 2)
        return self.random.choice(
            (
                ".count()",
                ".next()",
                ".last()",
                f".nth({self.random.randrange(9)})",
                f".any(|x| {test})",
                f".all(|x| {test})",
                f".position(|x| {test})",
                f".rposition(|x| {test})",
                f".find(|x| {named})",
                f".rfind(|x| {named})",
                f".min_by_key(|x| {key})",
                f".max_by_key(|x| {key})",
                ".min()",
                ".max()",
                f".map(|x| {self._integer('x', references, 2)}).sum::<i64>()",
                f".map(|x| {self._integer('x', references, 1)}).product::<i64>()",
                f".fold(0, |a, x| a ^ ({self._integer('x', references, 2)}))",
                f".map(|x| {self._integer('x', references, 2)}).reduce(|a, b| a.max(b))",
                ".is_sorted()",
                f".is_sorted_by_key(|x| {self._integer('x', references, 1)})",
                ".next_back()",
                ".collect::<Vec<_>>()",
                f".map(|x| {self._integer('x', references, 2)}).max_by(|a, b| b.cmp(a))",
            )
        )

    # -- expressions -----------------------------------------------------------------------------
    def _parts(self, name: str, references: int) -> list[tuple[str, str]]:
        """Expressions of scalars in an item, with their types."""
        stars = "*" * references
        item = self.item
        if item in (*_INTEGERS, "bool", "char", "f32", "f64"):
            return [(f"({stars}{name})" if stars else name, item)]
        if item == "Point":
            return [(f"{name}.x", "i32"), (f"{name}.on", "bool"), (f"{name}.y", "u64")]
        if item == "Option<u32>":
            return [(f"{name}.unwrap_or(7)", "u32"), (f"{name}.is_some()", "bool")]
        if item == "[u8; 4]":
            return [(f"{name}[{self.random.randrange(5)}]", "u8")]
        if item == "Colour":
            return [(f"({stars}{name} == Colour::Green)", "bool")]
        if item[0] == "[":
            inner = item[1:-1]
            at = self.random.randrange(4)
            return [(f"{name}[{at}]", inner), (f"{name}.len()", "usize")]
        if item[0] == "(":
            return self._tuple_parts(name, item)
        return []

    def _tuple_parts(self, name: str, item: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        depth, start, fields = 0, 1, list[str]()
        for at, char in enumerate(item):
            depth += (char in "([") - (char in ")]")
            if (char == "," and depth == 1) or (char == ")" and not depth):
                fields.append(item[start:at].strip())
                start = at + 1
        outer = self.item
        for at, text in enumerate(fields):
            self.item = text.lstrip("&")
            found += self._parts(f"{name}.{at}", len(text) - len(self.item))
        self.item = outer
        return found

    def _integer(self, name: str, references: int, depth: int) -> str:
        """An expression of type ``i64``."""
        pick = self.random.random()
        if depth == 0 or pick < 0.3:
            return self._leaf(name, references)
        a = self._integer(name, references, depth - 1)
        b = self._integer(name, references, depth - 1)
        small = self.random.randrange(1, 6)
        test = self._test(name, references)
        return self.random.choice(
            (
                f"({a} + {b})",
                f"({a} - {b})",
                f"({a} * {small})",
                f"({a} / {b})",
                f"({a} % {small})",
                f"({a} ^ {b})",
                f"({a} << {small})",
                f"{a}.wrapping_mul({b})",
                f"{a}.abs()",
                f"{a}.min({b})",
                f"{a}.checked_sub({b}).unwrap_or({small})",
                f"{a}.checked_div({b}).map_or(3, |q| q + {small})",
                f"(if {test} {{ {a} }} else {{ {b} }})",
                f"{{ let t = {a}; t + {small} }}",
                f"(match {a} {{ 0 => {b}, 1..=5 => {small}, t if t > 20 => t - 1, _ => 9 }})",
                f"({a} as u8 as i64)",
                f"({a}.signum() - {b}.rem_euclid({small}))",
                f"(if let Some(t) = {a}.checked_add({b}) {{ t }} else {{ {small} }})",
            )
        )

    def _leaf(self, name: str, references: int) -> str:
        parts = self._parts(name, references)
        if not parts or self.random.random() < 0.1:
            return f"{self.random.randrange(20)}i64"
        text, type_ = self.random.choice(parts)
        if type_ == "i64":
            return text
        if type_ == "char":
            return f"({text} as u32 as i64)"
        return f"({text} as i64)"

    def _test(self, name: str, references: int) -> str:
        parts = self._parts(name, references)
        text, type_ = self.random.choice(parts) if parts else ("3", "i32")
        number = self.random.randrange(12)
        if type_ == "bool":
            return self.random.choice(
                (text, f"!{text}", f"{text} && {self._leaf(name, references)} > 3")
            )
        if type_ == "char":
            return self.random.choice(
                (f"{text}.is_alphabetic()", f"{text} > 'b'", f"matches!({text}, 'a'..='z' | '0')")
            )
        if type_ in ("f32", "f64"):
            return self.random.choice(
                (f"{text} > {number}.5", f"{text}.is_nan()", f"{text}.abs() <= {text}.floor()")
            )
        relation = self.random.choice(("==", "!=", "<", "<=", ">", ">="))
        return self.random.choice(
            (
                f"{text} {relation} {number}",
                f"{text} % 3 == 1",
                f"matches!({text}, 2..=9 | 12)",
                f"(2..{number}).contains(&{text})",
                f"{text} > 4 || {self._leaf(name, references)} + 1 {relation} {number}",
                f"{text}.count_ones() > 1",
            )
        )
