"""Random expressions over the variables of the program ``oracle``.

Most are well typed, by the table of methods; some have a part exchanged for one of another
type, so that the errors of types are compared, too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from crabtrap.errors import CrabtrapError
from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.methods.table import FAMILIES, Entry
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.typing.checker import check
from crabtrap.expr.typing.terms import (
    FLOATS,
    INTEGERS,
    SIGNED,
    Term,
    is_variable,
    shown,
    strip_references,
)
from crabtrap.expr.typing.type_text import parse_term, primitive_or_std
from crabtrap.symbols.types import Type
from tests.support.inferiors import WORKSPACE

DATA = WORKSPACE / "programs" / "oracle" / "src" / "data.rs"
_FUNCTION = re.compile(r"^pub fn (\w+)\(\) -> (.+?) \{", re.MULTILINE)
_USER = ("Point", "Color", "Shape", "Named")
_SIMPLE = [Term(n) for n in ("i32", "u8", "u64", "f64", "char", "bool", "usize", "String")]
_MISTAKES = 0.06
_MAX_STEPS = 3


def variables(path: Path = DATA) -> dict[str, Term]:
    """The variables of the oracle's program with their types."""

    def lookup(name: str, args: tuple[Term, ...]) -> Term | None:
        return Term(name) if name in _USER else primitive_or_std(name, args)

    text = path.read_text().replace("'static ", "").replace(", Fixed", "").replace("std::ops::", "")
    return {name: parse_term(type_, lookup) for name, type_ in _FUNCTION.findall(text)}


class _Names:
    """The generator's names, for the check of types."""

    calls = False

    def __init__(self, known: dict[str, Term]) -> None:
        self.known = known

    def variable(self, name: str) -> Term | None:
        return self.known.get(name)

    def path(self, text: str) -> Term | None:
        return None

    def dollar(self, name: str) -> Term | None:
        return None

    def history(self, number: int, from_end: bool) -> Term | None:
        return None

    def find_type(self, text: str) -> Type | None:
        return None

    def own_method(self, type_: Type, name: str) -> str | None:
        return None

    def can_call(self, type_: Type, name: str) -> bool:
        return False

    def is_shown(self, type_: Type) -> bool:
        return False

    def missing(self, path: str) -> tuple[str, str]:
        return f"no {path}", ""


class Generator:
    """Makes expressions; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.variables = variables()
        self._templates = _templates()
        self._entries = [
            entry
            for section in std_methods().sections
            if not section.extension and not section.changes
            for entry in {
                e.name: e for s in section.methods for e in std_methods().named(_name(s))
            }.values()
            if entry.header == section.header
        ]

    def type_of(self, text: str, names: dict[str, Term] | None = None) -> Term | None:
        """The type that the check of types gives, ``None`` where it refuses."""
        try:
            tree = parse(text)
            return check(tree, _Names(self.variables | (names or {}))).of(tree)
        except CrabtrapError:
            return None

    def expression(self) -> str:
        """Make one expression, whose value has ``Debug``."""
        kind = self.random.random()
        if kind < 0.62:
            text = self._chain()
        elif kind < 0.82:
            text = self.operation(self.random.choice(_SIMPLE), 2, {})
        else:
            text = self._construct()
        type_ = self.type_of(text)
        if type_ is not None and type_.name == "Iter":
            text += self.random.choice(
                [".collect::<Vec<_>>()", ".count()", ".last()", ".next()", ".collect::<Vec<_>>()"]
            )
        return text

    # -- chains of methods -------------------------------------------------------
    def _chain(self) -> str:
        name = self.random.choice([*self.variables])
        return self._extend(name, self.variables[name], {}, self.random.randint(1, _MAX_STEPS))

    def _extend(self, text: str, type_: Term, names: dict[str, Term], steps: int) -> str:
        for _ in range(steps):
            entry = self._method_for(type_)
            if entry is None:
                return text
            called = self._call(text, type_, entry, names)
            found = self.type_of(called, names)
            if found is None:
                if self.random.random() < 0.4:
                    return called
                continue
            if found.name == "?" or "?" in str(found) or "_" in str(found):
                return called
            text, type_ = called, found
        return text

    def _method_for(self, type_: Term) -> Entry | None:
        layer: Term | None = type_
        found: list[Entry] = []
        for _ in range(4):
            if layer is None:
                break
            found += [e for e in self._entries if _may_own(e, layer)]
            layer = _inner(layer)
        if self.random.random() < 0.08 or not found:
            found = [e for e in self._entries if e.header == "impl Self"]
        if self.random.random() < _MISTAKES:
            found = self._entries
        found = [e for e in found if e.signature.receiver]
        return self.random.choice(found) if found else None

    def _call(self, text: str, type_: Term, entry: Entry, names: dict[str, Term]) -> str:
        generics = _matched(entry, strip_references(type_))
        generics["Self"] = strip_references(type_)
        arguments = [
            self.argument(_substituted(each, generics), names)
            for each in entry.signature.parameters
        ]
        turbofish = ""
        if entry.name in ("collect", "sum", "product", "parse", "partition"):
            turbofish = self._turbofish(entry.name, generics.get("T"))
        if re.match(r"-|\*|&|!|.* (?:[-+*/%&|^<>]|as|==|\.\.) ", text) or ".." in text:
            text = f"({text})"
        return f"{text}.{entry.name}{turbofish}({', '.join(arguments)})"

    def _turbofish(self, name: str, item: Term | None) -> str:
        if name == "parse":
            return f"::<{self.random.choice(['i32', 'u8', 'f64', 'bool', 'char', 'String', 'i8'])}>"
        if name in ("sum", "product"):
            inner = "i32" if item is None else shown(strip_references(item))
            return f"::<{inner}>"
        if name == "partition":
            return "::<Vec<_>, _>" if self.random.random() < 0.2 else "::<Vec<_>>"
        targets = ["Vec<_>"] * 4 + ["BTreeSet<_>", "HashSet<_>", "VecDeque<_>", "String"]
        if item is not None and item.name == "tuple" and len(item.args) == 2:
            targets += ["BTreeMap<_, _>", "HashMap<_, _>"] * 3
        if item is not None and item.name == "Option":
            targets += ["Option<Vec<_>>"] * 4
        if item is not None and item.name == "Result":
            targets += ["Result<Vec<_>, _>"] * 4
        if item is not None and strip_references(item).name in ("char", "str", "String"):
            targets += ["String"] * 3
        return f"::<{self.random.choice(targets)}>"

    # -- values of a type --------------------------------------------------------
    def argument(self, type_: Term, names: dict[str, Term], depth: int = 2) -> str:
        """Make an expression of a type, or now and then of another one."""
        if self.random.random() < _MISTAKES:
            type_ = self.random.choice(_SIMPLE)
        return self.value(type_, names, depth)

    def value(self, type_: Term, names: dict[str, Term], depth: int = 2) -> str:
        """Make an expression of a type."""
        if type_.name.startswith("impl "):
            return self._implementing(type_, names, depth)
        known = [n for n, t in {**self.variables, **names}.items() if t == type_]
        if known and self.random.random() < 0.35:
            return self.random.choice(known)
        if names and self.random.random() < 0.3:
            near = [n for n, t in names.items() if strip_references(t) == type_]
            if near:
                return "*" + self.random.choice(near)
        maker = _MAKERS.get(type_.name)
        if maker is not None:
            return maker(self, type_, names, depth)
        if type_.name in INTEGERS:
            return self._integer(type_, names, depth)
        if type_.name in FLOATS:
            return self._float(type_, names, depth)
        if known:
            return self.random.choice(known)
        return self.random.choice([*self.variables])

    def _implementing(self, type_: Term, names: dict[str, Term], depth: int) -> str:
        trait = type_.name.removeprefix("impl ")
        match trait:
            case "Pattern":
                return self.random.choice(
                    ["'l'", '"a"', '"ra"', "'r'", "char::is_whitespace", "|c| c > 'm'", '""',
                     "['a', 'b']", "&['o', ' '][..]", "|c: char| c.is_ascii_digit()", "word",
                     '"\\n"', "'ü'"]
                )  # fmt: skip
            case "BorrowOf":
                key = type_.args[0]
                if key.name == "String":
                    return self.random.choice(['"a"', '"b"', '"k"', '"zz"', "&text", "word"])
                return f"&{self.value(key, names, depth - 1)}"
            case "IntoIterator":
                item = type_.args[0] if type_.args else Term("i32")
                lists = [
                    n
                    for n, t in self.variables.items()
                    if t.name in ("Vec", "array", "VecDeque", "Option") and t.args[0] == item
                ]
                if item.name == "&":
                    lists = [
                        f"&{n}"
                        for n, t in self.variables.items()
                        if t.name in ("Vec", "array") and t.args[0] == item.args[0]
                    ]
                if is_variable(item) or item.name[0] in "%?" or not lists:
                    lists += ["&list", "1..", "&words", "text.chars()", "vec![1, 2]", "0..3u8"]
                return self.random.choice(lists)
            case "TextRange":
                return self.random.choice(["..3", "1..", "2..4", "..", "0..=2", "100..", "..=1"])
            case "RangeBounds":
                key = type_.args[0]
                a, b = self.value(key, names, 0), self.value(key, names, 0)
                return self.random.choice([f"{a}..{b}", f"{a}..", f"..={b}", f"{a}..={b}"])
            case _:
                return self._integer(Term("usize"), names, 0)

    def _integer(self, type_: Term, names: dict[str, Term], depth: int) -> str:
        if depth > 0 and self.random.random() < 0.3:
            return self.operation(type_, depth - 1, names)
        bits = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128}.get(type_.name[1:], 64)
        top = 2 ** (bits - (type_.name in SIGNED)) - 1
        number = self.random.choice([0, 1, 1, 2, 2, 3, 5, 7, 10, 31, 64, 100, top, top - 1])
        number = min(number, top)
        if type_.name in SIGNED and self.random.random() < 0.25:
            return f"-{number}"
        suffix = type_.name if self.random.random() < 0.2 and type_.name in INTEGERS else ""
        suffix = suffix.removeprefix("${integer}")
        return f"{number}{suffix}"

    def _float(self, type_: Term, names: dict[str, Term], depth: int) -> str:
        if depth > 0 and self.random.random() < 0.3:
            return self.operation(type_, depth - 1, names)
        text = self.random.choice(
            ["0.0", "1.0", "0.5", "0.1", "2.5", "-1.5", "1e10", "3.7", "-0.0", "0.3", "100.25"]
        )
        name = type_.name if type_.name in ("f32", "f64") else "f64"
        return self.random.choice([text, text, text, f"{name}::MAX", f"{name}::EPSILON"])

    def operation(self, type_: Term, depth: int, names: dict[str, Term]) -> str:
        """Make an operator's expression."""
        value = self.argument
        if type_.name in INTEGERS:
            op = self.random.choice(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"])
            right = Term("u32") if op in ("<<", ">>") else type_
            if self.random.random() < 0.15:
                other = self.random.choice(["u8", "f64", "i64", "f32", "char", "bool"])
                return f"({value(Term(other), names, depth - 1)}) as {type_.name}"
            return f"({value(type_, names, depth - 1)} {op} {value(right, names, depth - 1)})"
        if type_.name in FLOATS:
            op = self.random.choice(["+", "-", "*", "/", "%"])
            return f"({value(type_, names, depth - 1)} {op} {value(type_, names, depth - 1)})"
        if type_.name == "bool":
            return self.test(names, depth)
        if type_.name == "String":
            return self.random.choice(
                [
                    "text.clone() + word",
                    'format!("{:?}-{:>6}|{:<4}|{:^5}", list, a_u8, yes, a_char)',
                    'format!("{:.2} {:08.3} {:+} {:e}", a_f64, a_f32, a_i32, b_f64)',
                    'format!("{:#x} {:#b} {:o} {:#010x}", a_u8, b_u8, a_u16, a_i8)',
                    'format!("{point:?} {:#?}", pair)',
                    'format!("{word:>15}{:*^9}", 5)',
                    f'format!("{{}}", {value(self.random.choice(_SIMPLE), names, depth - 1)})',
                    f"{value(self.random.choice(_SIMPLE), names, depth - 1)}.to_string()",
                ]
            )
        return self.value(type_, names, 0)

    def test(self, names: dict[str, Term], depth: int) -> str:
        kind = self.random.random()
        value = self.argument
        if kind < 0.25 and depth > 0:
            op = self.random.choice(["&&", "||"])
            return f"({self.test(names, depth - 1)} {op} {self.test(names, depth - 1)})"
        if kind < 0.3:
            return f"!{self.test(names, 0)}"
        pool = [*_SIMPLE, *self.variables.values(), *names.values()]
        type_ = self.random.choice(pool)
        op = self.random.choice(["==", "!=", "<", "<=", ">", ">="])
        return f"({value(type_, names, depth - 1)} {op} {value(type_, names, depth - 1)})"

    # -- closures ----------------------------------------------------------------
    def closure(self, parameters: tuple[Term, ...], result: Term, names: dict[str, Term]) -> str:
        """Make a closure."""
        letters = "xyz"[: len(parameters)]
        inner = {**names, **dict(zip(letters, parameters, strict=True))}
        pattern = list(letters)
        for at, each in enumerate(parameters):
            plain = strip_references(each)
            if plain.name == "tuple" and len(plain.args) == 2 and self.random.random() < 0.5:
                pattern[at] = "(a, b)" if each == plain else "&(a, b)"
                inner.pop(letters[at])
                inner |= {"a": plain.args[0], "b": plain.args[1]}
            elif each.name == "&" and self.random.random() < 0.4:
                pattern[at] = f"&{letters[at]}"
                inner[letters[at]] = each.args[0]
        return f"|{', '.join(pattern)}| {self._body(result, inner, [*inner.keys() - names.keys()])}"

    def _body(self, result: Term, names: dict[str, Term], own: list[str]) -> str:
        own.sort()
        if result.name[0] in "$%?" or result.name in ("?", "_"):
            name = self.random.choice(own) if own else "0"
            return self._extend(
                name, names.get(name, Term("i32")), names, self.random.randint(0, 2)
            )
        if result.name == "Ordering" and len(own) >= 2:
            a, b = own[0], own[1]
            return self.random.choice([f"{a}.cmp({b})", f"{b}.cmp({a})", f"{a}.cmp(&{b})"])
        if result.name == "bool" and own:
            name = self.random.choice(own)
            plain = strip_references(names[name])
            stars = "*" * _depth(names[name])
            op = self.random.choice(["==", "<", ">", "!="])
            if self.random.random() < 0.7 and plain.name[0] not in "$%?":
                return f"{stars}{name} {op} {self.value(plain, {}, 0)}"
        return self.argument(result, names, 1)

    # -- templates ---------------------------------------------------------------
    def _construct(self) -> str:
        """Fill the holes of a template."""
        text = self.random.choice(self._templates)
        integer = self.random.choice(["i32", "u8", "u64", "usize", "i8"])

        def filled(match: re.Match[str]) -> str:
            hole = match.group(1)
            if not hole.startswith(":"):
                return self.random.choice(hole.split("¦"))
            match hole[1:]:
                case "type":
                    return integer
                case "test":
                    return self.test({}, 1)
                case name:
                    type_ = Term(integer if name == "int" else name)
                    return self.argument(type_, {}, 1)

        return _HOLE.sub(filled, text)


_HOLE = re.compile("«([^«»]*)»")


def _templates() -> list[str]:
    text = Path(__file__).with_name("templates.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _name(signature: str) -> str:
    match = re.search(r"fn (\w+)", signature)
    assert match is not None
    return match.group(1)


def _depth(type_: Term) -> int:
    depth = 0
    while type_.name in ("&", "&mut"):
        type_, depth = type_.args[0], depth + 1
    return depth


def _inner(type_: Term) -> Term | None:
    from crabtrap.expr.typing.deref import deref

    found = deref(type_)
    if found is None and type_.name == "array":
        return Term("slice", (type_.args[0],))
    if found is None and type_.name == "Range":
        return Term("Iter", (type_.args[0], Term("de")))
    return found


def _may_own(entry: Entry, type_: Term) -> bool:
    family = FAMILIES.get(entry.header)
    if family is not None:
        return type_.name in family
    return entry.header != "impl Self" and entry.owner_name == type_.name


def _matched(entry: Entry, type_: Term) -> dict[str, Term]:
    found: dict[str, Term] = {}

    def match(pattern: Term, term: Term) -> None:
        if pattern.name.startswith("%"):
            found[pattern.name[1:]] = term
            return
        for a, b in zip(pattern.args, term.args, strict=False):
            match(a, b)

    layer: Term | None = type_
    for _ in range(4):
        if layer is None:
            break
        if _may_own(entry, layer):
            match(entry.signature.owner, layer)
            break
        layer = _inner(layer)
    return found


def _substituted(term: Term, generics: dict[str, Term]) -> Term:
    if term.name.startswith("%"):
        return generics.get(term.name[1:], Term("?" + term.name))
    return Term(term.name, tuple(_substituted(each, generics) for each in term.args))


Maker = Callable[[Generator, Term, dict[str, Term], int], str]


def _text(g: Generator, _type: Term, _names: dict[str, Term], _depth: int) -> str:
    return g.random.choice(
        ['"a"', '"Hello"', '""', '"ünd"', '"12"', '"beta"', "word", "&text", "text.as_str()"]
    )


def _reference(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    inner = type_.args[0]
    if inner.name == "str":
        return _text(g, inner, names, depth)
    if inner.name == "slice":
        items = ", ".join(g.value(inner.args[0], names, depth - 1) for _ in range(2))
        lists = [n for n, t in g.variables.items() if t.name == "Vec" and t.args == inner.args]
        return g.random.choice([f"&[{items}]", *(f"&{name}" for name in lists), f"&[{items}][..]"])
    text = g.value(inner, names, depth - 1)
    return f"&{text}" if not text.startswith("|") else text


def _function(g: Generator, type_: Term, names: dict[str, Term], _depth: int) -> str:
    return g.closure(type_.args[:-1], type_.args[-1], names)


def _char(g: Generator, _type: Term, _names: dict[str, Term], _depth: int) -> str:
    return g.random.choice(["'a'", "'Z'", "'9'", "'é'", "' '", "'\\u{1c}'", "'ǆ'", "'\\n'"])


def _bool(g: Generator, _type: Term, names: dict[str, Term], depth: int) -> str:
    return g.test(names, depth - 1) if depth > 0 else g.random.choice(["yes", "no", "true"])


def _string(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    if depth > 0 and g.random.random() < 0.3:
        return g.operation(type_, depth - 1, names)
    return f"String::from({g.random.choice(['word', chr(34) + 'new' + chr(34)])})"


def _option(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    if g.random.random() < 0.25:
        return "None"
    return f"Some({g.value(type_.args[0], names, depth - 1)})"


def _result(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    at = int(g.random.random() < 0.4)
    return f"{('Ok', 'Err')[at]}({g.value(type_.args[at], names, depth - 1)})"


def _tuple(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    items = [g.value(each, names, depth - 1) for each in type_.args]
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _vector(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    items = ", ".join(g.value(type_.args[0], names, depth - 1) for _ in range(2))
    return f"vec![{items}]"


def _array(g: Generator, type_: Term, names: dict[str, Term], depth: int) -> str:
    count = int(type_.args[1].name) if type_.args[1].name.isdecimal() else 2
    return f"[{', '.join(g.value(type_.args[0], names, depth - 1) for _ in range(count))}]"


def _ordering(g: Generator, _type: Term, _names: dict[str, Term], _depth: int) -> str:
    return f"std::cmp::Ordering::{g.random.choice(['Less', 'Equal', 'Greater'])}"


def _any(g: Generator, _type: Term, names: dict[str, Term], depth: int) -> str:
    return g.value(g.random.choice(_SIMPLE), names, depth)


def _index(g: Generator, _type: Term, names: dict[str, Term], _depth: int) -> str:
    return g.random.choice(["0", "1", "2", "1..3", "..2", "9", "..", "3..=20", "a_usize"])


_MAKERS: dict[str, Maker] = {
    "&": _reference,
    "&mut": lambda g, t, n, d: "&mut " + g.value(t.args[0], n, d - 1),
    "fn": _function,
    "char": _char,
    "bool": _bool,
    "String": _string,
    "Option": _option,
    "Result": _result,
    "tuple": _tuple,
    "Vec": _vector,
    "array": _array,
    "Ordering": _ordering,
    "?%I": _index,
    **{f"?%{name}": _any for name in ("T", "U", "B", "E", "F", "A", "K", "V", "R")},
    "?%S": lambda g, t, n, d: '", "',
}
