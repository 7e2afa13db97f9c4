"""Programs of functions that compute, branch, loop, call each other, and stop.

Every call is written ``frame!("f1" [a b] [c] call)``: where the program shows itself, that
notes the values of ``a`` and ``b`` for as long as the call lasts, and that ``c`` is lent to it.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from crabtrap.records import dataclass, field

PRELUDE = Path(__file__).with_name("prelude.rs")

_INTEGERS = ("u8", "u16", "u32", "u64", "i8", "i32", "i64", "usize", "u128")
_PLAIN = (*_INTEGERS, "bool", "char", "f64", "f32")
_COPIED = (
    *_PLAIN, "(u8, u64)", "(u32, bool)", "[u32; 4]", "&'static str", "Point", "Nest", "Choice",
    "Option<u32>", "Option<Point>", "Option<&'static str>", "Result<u8, i64>",
)  # fmt: skip
_OWNED = ("String", "Vec<u16>", "Box<Point>", "Owner", "Option<String>", "Vec<Point>")
_NAMES = ("alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta", "iota", "kappa")
_INLINING = ("#[inline(never)]", "#[inline(never)]", "", "#[inline]", "#[inline(always)]")


@dataclass(frozen=True, slots=True)
class _Variable:
    type: str
    mutable: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class _Function:
    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str


@dataclass(slots=True)
class _Body:
    """What is being written: the function, what is in scope, and how many closures it has."""

    name: str
    scope: dict[str, _Variable]
    closures: list[int] = field(default_factory=lambda: [0])
    lent: frozenset[str] = frozenset()

    def inner(self) -> _Body:
        return _Body(self.name, dict(self.scope), self.closures, self.lent)

    def of_type(self, type_: str) -> list[str]:
        return [name for name, one in self.scope.items() if one.type == type_]


class Generator:
    """Makes programs from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"optimised {seed}")
        self._stops = 0
        self._functions: list[_Function] = []
        self._written_through: set[str] = set()

    def program(self, count: int) -> str:
        """The text of a program of ``count`` functions."""
        self._stops = 0
        self._functions = []
        texts = [self._function(number) for number in reversed(range(count))]
        roots = [each for each in self._functions if self._random.random() < 0.6]
        calls = "\n".join(f"    let _ = {self._call(_Body('main', {}), each)};" for each in roots)
        return PRELUDE.read_text() + "\n".join(texts) + f"\nfn main() {{\n{calls}\n}}\n"

    # -- functions -------------------------------------------------------------------
    def _function(self, number: int) -> str:
        pick = self._random
        names = pick.sample(_NAMES, pick.randint(1, 4))
        self._written_through.clear()
        types = [self._parameter_type() for _ in names]
        parameters = tuple(zip(names, types, strict=True))
        result = pick.choice(_COPIED + _OWNED) if pick.random() < 0.7 else pick.choice(_INTEGERS)
        body = _Body(f"f{number}", {})
        for name, type_ in parameters:
            body.scope[name] = _Variable(type_, fixed=type_.startswith("&"))
        lines = self._statements(body, pick.randint(3, 8), 1)
        lines.append(f"    {self._expression(body, result, 2)}")
        listed = ", ".join(f"{name}: {type_}" for name, type_ in parameters)
        self._functions.append(_Function(f"f{number}", parameters, result))
        head = f"{pick.choice(_INLINING)}\nfn f{number}({listed}) -> {result} {{"
        return "\n".join([head, *map(self._without_written, lines), "}"])

    def _without_written(self, line: str) -> str:
        """Lend what the function writes to through a reference.

        Nobody else can look there meanwhile: such writes may be done at any time before the
        function returns, and what is in memory until then is no value of the program's.
        """

        def lend(match: re.Match[str]) -> str:
            names = match[1].split()
            shown = " ".join(n for n in names if n not in self._written_through)
            lent = " ".join(n for n in names if n in self._written_through)
            return f"[{shown}] [{' '.join((lent, match[2])).strip()}]"

        return re.sub(r"\[([\w ]*)\] \[([\w ]*)\]", lend, line) if "frame!" in line else line

    def _parameter_type(self) -> str:
        pick = self._random
        kind = pick.random()
        if kind < 0.5:
            return pick.choice(_COPIED)
        if kind < 0.6:
            return pick.choice(_OWNED)
        if kind < 0.7:
            return pick.choice(("&[u16]", "&[Point]", "&str"))
        by = pick.choice(("&", "&mut "))
        return f"{by}{pick.choice(_COPIED[len(_PLAIN) :] + _OWNED + _INTEGERS)}"

    # -- statements ------------------------------------------------------------------
    def _statements(self, body: _Body, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            lines += self._statement(body, depth)
        return ["    " * depth + line for line in lines]

    def _statement(self, body: _Body, depth: int) -> list[str]:
        pick = self._random
        kinds = [self._let] * 5 + [self._change] * 3 + [self._stop] * 3 + [self._use] * 2
        kinds += [self._call_statement] * 2
        if depth < 4:
            kinds += [self._branch, self._loop, self._match, self._closure, self._chain]
        return pick.choice(kinds)(body, depth)

    def _let(self, body: _Body, depth: int) -> list[str]:
        pick = self._random
        name = pick.choice(_NAMES)
        if pick.random() < 0.12 and (line := self._let_reference(body, name)):
            return [line]
        type_ = pick.choice(_COPIED if pick.random() < 0.75 else _OWNED)
        mutable = pick.random() < 0.5
        value = self._expression(body, type_, 3)
        body.scope[name] = _Variable(type_, mutable)
        return [f"let {'mut ' if mutable else ''}{name}: {type_} = {value};"]

    def _let_reference(self, body: _Body, name: str) -> str:
        """A reference to a variable, which stays as it is from then on."""
        others = [
            (other, one)
            for other, one in body.scope.items()
            if not one.type.startswith("&") and other != name and other not in body.lent
        ]
        if not others:
            return ""
        other, one = self._random.choice(others)
        body.scope[other] = _Variable(one.type, False, True)
        type_, value = f"&{one.type}", f"&{other}"
        slices = {"Vec<u16>": "&[u16]", "Vec<Point>": "&[Point]", "String": "&str"}
        if one.type in slices and self._random.random() < 0.6:
            type_, value = slices[one.type], f"&{other}[..]"
        body.scope[name] = _Variable(type_, fixed=True)
        return f"let {name}: {type_} = {value};"

    def _change(self, body: _Body, depth: int) -> list[str]:
        pick = self._random
        names = [n for n, one in body.scope.items() if self._is_changeable(one)]
        if not names:
            return self._let(body, depth)
        name = pick.choice(names)
        type_ = body.scope[name].type
        place = name
        if type_.startswith("&mut "):
            type_, place = type_.removeprefix("&mut "), f"(*{name})"
            self._written_through.add(name)
        if pick.random() < 0.6:
            part = self._part(type_)
            if part:
                type_, place = part[0], f"{place}{part[1]}"
        if type_ == "Vec<u16>" and pick.random() < 0.7:
            return [f"{place}.push({self._expression(body, 'u16', 2)});"]
        if type_ == "String" and pick.random() < 0.7:
            return [f"{place}.push({self._expression(body, 'char', 2)});"]
        if type_ in _INTEGERS and pick.random() < 0.5:
            value = self._expression(body, type_, 2)
            return [f"{place} = {place}.wrapping_add({value});"]
        return [f"{place} = {self._expression(body, type_, 2)};"]

    def _part(self, type_: str) -> tuple[str, str] | None:
        """Type and place of a part of a variable."""
        parts = {
            "Point": [("i32", ".x"), ("u8", ".y"), ("u64", ".z")],
            "Nest": [("u16", ".id"), ("Point", ".at"), ("i32", ".at.x"), ("bool", ".flag")],
            "Owner": [("Vec<u16>", ".list"), ("String", ".name"), ("u64", ".at.z")],
            "Box<Point>": [("i32", ".x"), ("u64", ".z")],
            "(u8, u64)": [("u8", ".0"), ("u64", ".1")],
            "(u32, bool)": [("u32", ".0"), ("bool", ".1")],
            "[u32; 4]": [("u32", "[1]"), ("u32", "[3]")],
        }.get(type_)
        return self._random.choice(parts) if parts else None

    def _is_changeable(self, one: _Variable) -> bool:
        return (one.mutable and not one.fixed) or one.type.startswith("&mut ")

    def _stop(self, body: _Body, depth: int) -> list[str]:
        self._stops += 1
        return [self._frame(body, f"at_stop({self._stops})") + ";"]

    def _use(self, body: _Body, depth: int) -> list[str]:
        names = [name for name in body.scope if name not in body.lent]
        return [f"keep(&{self._random.choice(names)});"] if names else []

    def _branch(self, body: _Body, depth: int) -> list[str]:
        pick = self._random
        number = pick.randint(1, 3)
        lines = [f"if {self._expression(body, 'bool', 3)} {{"]
        lines += self._statements(body.inner(), number, 1)
        if pick.random() < 0.6:
            lines += ["} else {", *self._statements(body.inner(), number, 1)]
        return [*lines, "}"]

    def _loop(self, body: _Body, depth: int) -> list[str]:
        inner = body.inner()
        name = self._random.choice(_NAMES)
        lists = [n for n in body.of_type("Vec<u16>") if n not in body.lent]
        if lists and self._random.random() < 0.5:
            of = self._random.choice(lists)
            head, type_ = f"for {name} in {of}.iter().take(3) {{", "&u16"
            inner.scope[of] = _Variable("Vec<u16>", False, True)
        else:
            type_ = self._random.choice(("u32", "usize", "u8"))
            limit = self._random.choice(("2", "3", f"opaque(3{type_})", f"opaque(1{type_})"))
            head = f"for {name} in 0{type_}..{limit} {{"
        inner.scope[name] = _Variable(type_, fixed=True)
        return [head, *self._statements(inner, self._random.randint(1, 4), 1), "}"]

    def _match(self, body: _Body, depth: int) -> list[str]:
        pick = self._random
        names = [n for n in body.of_type("Choice") if n not in body.lent]
        of = pick.choice(names) if names else self._expression(body, "Choice", 2)
        first, second = pick.sample(_NAMES, 2)
        arms = {
            f"Choice::One({first})": {first: "u32"},
            f"Choice::Two {{ left: {first}, right: {second} }}": {first: "u64", second: "Point"},
            f"{first} @ Choice::Far(_)": {first: "Choice"},
            "_": {},
        }
        lines = [f"match ({of}) {{"]
        for pattern, bound in arms.items():
            inner = body.inner()
            inner.scope |= {name: _Variable(type_) for name, type_ in bound.items()}
            lines.append(f"    {pattern} => {{")
            lines += self._statements(inner, pick.randint(0, 2), 2)
            lines.append("    }")
        return [*lines, "}"]

    def _closure(self, body: _Body, depth: int) -> list[str]:
        """A closure that is called where it is made: it may change what is around it."""
        pick = self._random
        inner = _Body(
            f"{body.name}::{{closure#{body.closures[0]}}}",
            {n: one for n, one in body.scope.items() if not one.type.startswith("&mut ")},
        )
        body.closures[0] += 1
        captured = [n for n, one in inner.scope.items() if one.type in _COPIED + _OWNED]
        changed = [n for n in captured if inner.scope[n].mutable and not inner.scope[n].fixed]
        changed = pick.sample(changed, min(len(changed), pick.randint(0, 2)))
        for name in captured:
            one = inner.scope[name]
            inner.scope[name] = _Variable(one.type, name in changed, name not in changed)
        parameter, result = pick.choice(_NAMES), pick.choice(_COPIED)
        type_ = pick.choice(_COPIED)
        inner.scope[parameter] = _Variable(type_)
        name = pick.choice(_NAMES)
        lines = [f"let {name}: {result} = {{"]
        before = _Body(body.name, body.scope, body.closures, body.lent | {*changed})
        given = self._expression(before, type_, 2)
        lines.append(f"    let mut call = |{parameter}: {type_}| -> {result} {{")
        lines += self._statements(inner, pick.randint(1, 4), 2)
        lines.append(f"        {self._expression(inner, result, 2)}")
        lines.append("    };")
        lines.append(f"    {self._frame(before, f'call({given})')}")
        body.scope[name] = _Variable(result)
        return [*lines, "};"]

    def _chain(self, body: _Body, depth: int) -> list[str]:
        """An iterator over a list, with a closure that stops."""
        lists = [n for n in body.of_type("Vec<u16>") if n not in body.lent]
        if not lists:
            return self._let(body, depth)
        pick = self._random
        of, name, item = pick.choice(lists), pick.choice(_NAMES), pick.choice(_NAMES)
        scope = {n: o for n, o in body.scope.items() if not o.type.startswith("&mut ")}
        scope = {n: _Variable(o.type, False, True) for n, o in scope.items()}
        inner = _Body(f"{body.name}::{{closure#{body.closures[0]}}}", scope)
        body.closures[0] += 1
        inner.scope[item] = _Variable("&u16", fixed=True)
        lines = [f"let {name}: u64 = {{"]
        ways = f"{of}.iter().take(3).map(call).sum::<u64>()"
        lines.append(f"    let call = |{item}: &u16| -> u64 {{")
        lines += self._statements(inner, pick.randint(1, 3), 2)
        lines.append(f"        {self._expression(inner, 'u64', 2)}")
        lines.append("    };")
        lines.append(f"    {self._frame(body, ways)}")
        body.scope[name] = _Variable("u64")
        return [*lines, "};"]

    def _call_statement(self, body: _Body, depth: int) -> list[str]:
        if not self._functions:
            return self._let(body, depth)
        called = self._random.choice(self._functions[-4:])
        call = self._call(body, called)
        name = self._random.choice(_NAMES)
        mutable = self._random.random() < 0.5
        body.scope[name] = _Variable(called.result, mutable)
        return [f"let {'mut ' if mutable else ''}{name}: {called.result} = {call};"]

    def _call(self, body: _Body, called: _Function) -> str:
        given: list[str] = []
        lent: set[str] = set()
        for _, type_ in called.parameters:
            if type_.startswith("&mut "):
                wanted = type_.removeprefix("&mut ")
                names = [
                    name
                    for name in body.of_type(wanted)
                    if self._is_changeable(body.scope[name]) and name not in lent | body.lent
                ]
                if names:
                    lent.add(names[0])
                    given.append(f"&mut {names[0]}")
                    continue
                given.append(f"&mut {{ {self._expression(_Body('', {}), wanted, 2)} }}")
            else:
                hidden = {n: one for n, one in body.scope.items() if n not in lent}
                given.append(self._expression(_Body("", hidden, lent=body.lent), type_, 2))
        # An argument that is read must not be lent by another one.
        text = ", ".join(given)
        read = {name for name in lent if text.count(name) > 1}
        if read:
            return self._call(_Body(body.name, {}, body.closures, body.lent), called)
        frame = _Body(body.name, body.scope, body.closures, body.lent | lent)
        return self._frame(frame, f"{called.name}({text})")

    def _frame(self, body: _Body, call: str) -> str:
        if body.name == "main":
            return call
        shown = " ".join(name for name in body.scope if name not in body.lent)
        lent = " ".join(name for name in body.scope if name in body.lent)
        return f'frame!("{body.name}" [{shown}] [{lent}] {call})'

    # -- expressions -----------------------------------------------------------------
    def _expression(self, body: _Body, type_: str, depth: int) -> str:
        pick = self._random
        names = [name for name in body.of_type(type_) if name not in body.lent]
        if names and pick.random() < 0.6:
            name = pick.choice(names)
            return name if type_ in _COPIED or type_.startswith("&") else f"{name}.clone()"
        if type_ in ("&[u16]", "&[Point]", "&str"):
            return self._slice(body, type_)
        if type_.startswith("&") and type_ != "&'static str":
            return self._reference(body, type_.removeprefix("&"), depth)
        if depth > 0 and pick.random() < 0.25:
            condition = self._expression(body, "bool", depth - 1)
            one, other = (self._expression(body, type_, depth - 1) for _ in range(2))
            return f"if {condition} {{ {one} }} else {{ {other} }}"
        if type_ in _INTEGERS:
            return self._integer(body, type_, depth)
        return self._other(body, type_, max(depth - 1, 0))

    def _slice(self, body: _Body, type_: str) -> str:
        whole = {"&[u16]": "Vec<u16>", "&[Point]": "Vec<Point>", "&str": "String"}[type_]
        names = [name for name in body.of_type(whole) if name not in body.lent]
        if names:
            return f"&{self._random.choice(names)}[..]"
        return f"&{self._expression(_Body('', {}), whole, 1)}[..]"

    def _reference(self, body: _Body, type_: str, depth: int) -> str:
        names = [name for name in body.of_type(type_) if name not in body.lent]
        if names:
            return f"&{self._random.choice(names)}"
        return f"&{{ {self._expression(body, type_, depth - 1)} }}"

    def _integer(self, body: _Body, type_: str, depth: int) -> str:
        pick = self._random
        literal = f"{pick.choice((0, 1, 7, pick.randint(0, 127)))}{type_}"
        if depth <= 0:
            return pick.choice((literal, f"opaque({literal})"))
        found = [
            (name, f".{path}")
            for name, one in body.scope.items()
            if name not in body.lent
            for path in _PATHS.get(one.type.removeprefix("&mut ").removeprefix("&"), ())
        ]
        kind = pick.random()
        if found and kind < 0.35:
            name, path = pick.choice(found)
            return f"({name}{path} as {type_})"
        numbers = [n for n, one in body.scope.items() if one.type in _INTEGERS]
        numbers = [name for name in numbers if name not in body.lent]
        if numbers and kind < 0.6:
            return f"({pick.choice(numbers)} as {type_})"
        if kind < 0.9:
            one, other = (self._expression(body, type_, depth - 1) for _ in range(2))
            if pick.random() < 0.2:
                return f"(({one}) ^ ({other}))"
            way = pick.choice(("add", "sub", "mul"))
            return f"({one}).wrapping_{way}({other})"
        return f"opaque({literal})"

    def _other(self, body: _Body, type_: str, depth: int) -> str:
        if type_.startswith("Option<"):
            template = self._random.choice((f"Some(@{type_[7:-1]}@)", "None"))
        elif type_ in _TEMPLATES:
            template = self._random.choice(_TEMPLATES[type_])
        else:  # a tuple
            template = f"({', '.join(f'@{each}@' for each in type_[1:-1].split(', '))})"
        return re.sub("@(.+?)@", lambda part: self._expression(body, part[1], depth), template)


_TEMPLATES: dict[str, tuple[str, ...]] = {
    "bool": (
        "((@u8@) < (@u8@))",
        "((@u32@) > (@u32@))",
        "((@i64@) == (@i64@))",
        "((@u64@) > (@u64@))",
        "((@i64@) < (@i64@))",
    ),
    "char": ("'x'", "((@u8@) as char)", "opaque('ß')"),
    "f32": ("((@i32@) as f32)", "opaque(1.5f32)"),
    "f64": ("((@i32@) as f64)", "opaque(1.5f64)"),
    "[u32; 4]": ("[@u32@, @u32@, @u32@, @u32@]",),
    "&'static str": ('"text"', "TEXTS[((@usize@) % 4) as usize]"),
    "Point": ("Point { x: @i32@, y: @u8@, z: @u64@ }",),
    "Nest": ("Nest { id: @u16@, at: @Point@, flag: @bool@ }",),
    "Choice": (
        "Choice::Nothing",
        "Choice::One(@u32@)",
        "Choice::Two { left: @u64@, right: @Point@ }",
        "Choice::Far(@i64@)",
        "opaque(Choice::One(@u32@))",
    ),
    "String": ("(@&'static str@).to_string()", "(@u32@).to_string()"),
    "Vec<u16>": ("vec![]", "vec![@u16@]", "vec![@u16@, @u16@]", "vec![@u16@; opaque(3)]"),
    "Vec<Point>": ("vec![]", "vec![@Point@, @Point@]"),
    "Box<Point>": ("Box::new(@Point@)",),
    "Owner": ("Owner { name: @String@, list: @Vec<u16>@, at: @Point@ }",),
    "Result<u8, i64>": ("Ok(@u8@)", "Err(@i64@)"),
}
"""Expressions of each type, with the types of others between ``@``."""

_PATHS: dict[str, tuple[str, ...]] = {
    "Point": ("x", "y", "z"),
    "Nest": ("id", "at.x", "at.z"),
    "Owner": ("at.x", "list.len()", "name.len()"),
    "(u8, u64)": ("0", "1"),
    "String": ("len()",),
    "Vec<u16>": ("len()",),
    "&'static str": ("len()",),
}
"""Paths to numbers in the types that have them."""
