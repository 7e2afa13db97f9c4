"""The compiler of conditions to agent bytecode, so that false ones never wake the engine.

Compiled code gives exactly what ``evaluate`` gives.  Where it could not, as with floats,
most collections or calls, compiling fails with the reason, and the engine evaluates the
condition.  What is an error in ``evaluate``, as overflow or an index out of range, is a
fault of the bytecode: the target stops the program and reports it.
"""

from __future__ import annotations

from typing import Protocol

from crabtrap.errors import ParseError
from crabtrap.expr.agent.buffers import items_of, length_of, text_of
from crabtrap.expr.agent.loads import load, plain_inner
from crabtrap.expr.agent.numbers import (
    BITWISE,
    BOOL,
    Number,
    calculated,
    compared,
    constant,
    negated,
    wrapped,
)
from crabtrap.expr.agent.typed_parts import Typed, deref, layers
from crabtrap.expr.agent.variants import unwrap, variant_test
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.present.rules.rule import RuleBook
from crabtrap.records import dataclass, field
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, NotCompilableError, Storage, join

_MAX_TEXT = 64
"""Longest text compared in bytecode, in bytes."""


class AgentScope(Protocol):
    """The names at one code address, before any thread has stopped there."""

    def lookup(self, name: str) -> tuple[Type, Storage] | None:
        """Find a variable's or static's type, and where it is stored at that address."""
        ...

    def find_type(self, text: str) -> Type | None:
        """Find a type by any trailing path."""
        ...


@dataclass(frozen=True, slots=True)
class TextConstant:
    """A text literal."""

    data: bytes


Operand = Typed | Number | TextConstant


def compile_condition(text: str, scope: AgentScope, book: RuleBook) -> Code:
    """Compile a condition to code that pushes 1 where it holds and 0 where it does not.

    Raises:
        ParseError: The text is no expression.
        NotCompilableError: The engine has to evaluate it; the message says why.
    """
    compiler = Compiler(scope, book)
    return compiler.truth(parse(text))


def compile_site_condition(
    text: str | None,
    counter: int,
    ignore: int,
    scope: AgentScope,
    book: RuleBook,
    first: Code = (),
) -> bytes:
    """Compile all that a site tests: a condition, a count of hits, an ignore count.

    Args:
        text: The condition, ``None`` for none.
        counter: Trace state variable that counts hits with the condition true.
        ignore: Number of hits that do not stop the program.
        scope: The names at the site.
        book: The rules for library types.
        first: Code that pushes 0 where there is no hit, whatever the condition.

    Raises:
        ParseError, NotCompilableError: As ``compile_condition``.
    """
    no = asm.new_label()
    none = asm.Jump(no, conditional=True)
    condition = join(first, asm.LOG_NOT, none) if first else ()
    if text is not None:
        condition = join(condition, compile_condition(text, scope, book), asm.LOG_NOT, none)
    count = asm.read_counter(counter) + asm.constant(1) + asm.ADD + asm.write_counter(counter)
    stop = asm.constant(ignore) + asm.SWAP + asm.LESS_SIGNED
    return asm.assemble(join(condition, count + stop + asm.END, no, asm.constant(0) + asm.END))


def explain(text: str, scope: AgentScope, book: RuleBook) -> str:
    """Say why a condition cannot be compiled, ``""`` where it can."""
    try:
        compile_condition(text, scope, book)
    except (NotCompilableError, ParseError) as error:
        return str(error)
    return ""


@dataclass(slots=True)
class Compiler:
    """Compiles the tree of one condition."""

    scope: AgentScope
    book: RuleBook
    bound: dict[str, Typed] = field(default_factory=dict[str, Typed])

    def truth(self, tree: nodes.Expression) -> Code:
        """Compile a ``bool``."""
        found = self.number(tree)
        if not found.is_bool:
            raise NotCompilableError("the condition is not a bool")
        return found.code

    def number(self, tree: nodes.Expression) -> Number:
        """Compile a scalar."""
        return self.scalar(self.operand(tree))

    def operand(self, tree: nodes.Expression) -> Operand:  # noqa: PLR0911 - per class
        """Compile a tree: to a number, a value in storage, or a text constant."""
        match tree:
            case nodes.Literal():
                return self._literal(tree)
            case nodes.Path():
                return self._path(tree)
            case nodes.Unary():
                return self._unary(tree)
            case nodes.Binary("&&" | "||"):
                return self._logical(tree)
            case nodes.Binary("==" | "!=" | "<" | "<=" | ">" | ">="):
                return self._comparison(tree)
            case nodes.Binary():
                return self._arithmetic(tree)
            case nodes.Cast(operand, type_):
                return self._cast(self.number(operand), type_)
            case nodes.FieldAccess(base, name):
                return self._field(base, name)
            case nodes.Index(base, index):
                return self._index(base, index)
            case nodes.MethodCall():
                return self._method(tree)
            case nodes.Matches():
                return self._matches(tree)
            case _:
                raise NotCompilableError(f"{type(tree).__name__} is evaluated by the engine")

    # -- atoms -------------------------------------------------------------------
    def _literal(self, tree: nodes.Literal) -> Operand:
        value = tree.value
        match tree.kind:
            case "bool":
                return Number((asm.constant(int(bool(value))),), BOOL, int(bool(value)))
            case "char":
                code = ord(str(value))
                return Number((asm.constant(code),), PRIMITIVES["char"], code)
            case "integer" | "byte":
                assert isinstance(value, int)  # as the parser promises
                type_ = PRIMITIVES.get(tree.suffix)
                return constant(value, type_)
            case "text":
                return TextConstant(str(value).encode("utf-8", "surrogatepass"))
            case "float" | "bytes":
                raise NotCompilableError(f"{tree.kind} literals are evaluated by the engine")

    def _path(self, tree: nodes.Path) -> Operand:
        if tree.is_name and tree.segments[0].name in self.bound:
            return self.bound[tree.segments[0].name]
        found = self.scope.lookup(tree.text)
        if found is not None:
            return Typed(*found)
        if len(tree.segments) > 1:
            owner = nodes.Path(tree.segments[:-1], tree.owner).text
            name = tree.segments[-1].name
            type_ = self.scope.find_type(owner)
            if type_ is not None and type_.strip().kind == "enum":
                numbers = dict(type_.strip().row.enumerators)
                if name in numbers:
                    size = type_.strip().size or 1
                    number = Number((), type_)
                    value = wrapped(numbers[name], size, number.signed)
                    return Number((asm.constant(value),), type_, value)
        raise NotCompilableError(f"{tree.text} is not a variable here")

    def scalar(self, operand: Operand) -> Number:
        """Load a scalar, behind references and in wrappers that are numbers to a reader."""
        match operand:
            case Number():
                return operand
            case TextConstant():
                raise NotCompilableError("a text is not a number")
            case Typed():
                return load(operand)

    # -- operators ---------------------------------------------------------------
    def _unary(self, tree: nodes.Unary) -> Operand:
        operand = self.operand(tree.operand)
        match tree.operator:
            case "*":
                if isinstance(operand, Typed):
                    return deref(operand)
                raise NotCompilableError("a number is not a pointer")
            case "&" | "&mut" | "&raw const" | "&raw mut":
                return operand
            case "!":
                return self._not(self.scalar(operand))
            case "-":
                return negated(self.scalar(operand))

    def _not(self, number: Number) -> Number:
        if number.is_bool:
            return Number(join(number.code, asm.LOG_NOT), BOOL)
        if number.type is None:
            raise NotCompilableError("the type of !literal is open")
        code = join(number.code, asm.BIT_NOT, asm.extend(number.size, number.signed))
        return Number(code, number.type)

    def _logical(self, tree: nodes.Binary) -> Number:
        left, right = self.truth(tree.left), self.truth(tree.right)
        done = asm.new_label()
        decided = asm.DUP if tree.operator == "||" else asm.DUP + asm.LOG_NOT
        return Number(
            join(left, decided, asm.Jump(done, conditional=True), asm.POP, right, done), BOOL
        )

    def _comparison(self, tree: nodes.Binary) -> Number:
        left, right = self.operand(tree.left), self.operand(tree.right)
        operator = tree.operator
        if isinstance(left, TextConstant):
            left, right = right, left
        if isinstance(right, TextConstant):
            if operator not in ("==", "!="):
                raise NotCompilableError("texts are ordered by the engine")
            code = self._text_equals(left, right.data)
            return Number(join(code, asm.LOG_NOT) if operator == "!=" else code, BOOL)
        return compared(operator, self.scalar(left), self.scalar(right))

    def _arithmetic(self, tree: nodes.Binary) -> Number:
        left, right = self.number(tree.left), self.number(tree.right)
        if left.is_bool and right.is_bool and tree.operator in BITWISE:
            return Number(join(left.code, right.code, BITWISE[tree.operator]), BOOL)
        for number in (left, right):
            if number.type is not None and number.type.strip().row.encoding not in (
                "signed",
                "unsigned",
            ):
                raise NotCompilableError(f"{number.type.name} has no arithmetic")
        return calculated(tree.operator, left, right)

    def _cast(self, number: Number, type_text: str) -> Number:
        type_ = PRIMITIVES.get(type_text)
        if type_ is None or type_.row.encoding not in ("signed", "unsigned"):
            raise NotCompilableError(f"casts to {type_text} are evaluated by the engine")
        signed = type_.row.encoding == "signed"
        if (type_.size or 16) > 8:
            raise NotCompilableError("128-bit numbers do not fit the bytecode")
        value = None if number.value is None else wrapped(number.value, type_.size or 8, signed)
        return Number(join(number.code, asm.extend(type_.size or 8, signed)), type_, value)

    # -- parts -------------------------------------------------------------------
    def typed(self, tree: nodes.Expression) -> Typed:
        """Compile a place expression: its value is stored somewhere."""
        operand = self.operand(tree)
        if isinstance(operand, Typed):
            return operand
        raise NotCompilableError("a computed value has no parts")

    def _field(self, base: nodes.Expression, name: str) -> Typed:
        typed = self.typed(base)
        for layer in layers(typed):
            known = layer.type.strip().field(name)
            if known is not None:
                return layer.at(known)
        raise NotCompilableError(f"{typed.type.name} has no field {name} of its own")

    def _index(self, base: nodes.Expression, index: nodes.Expression) -> Typed:
        typed, number = self.typed(base), self.number(index)
        if number.is_bool:
            raise NotCompilableError("a bool is no index")
        item, first, length = items_of(typed, self.book)
        position = number.code
        check = join(position, length, asm.LESS_UNSIGNED)
        stride = asm.constant(item.strip().size or 0)
        base_code = join(asm.unless_fault(check), first, position, stride, asm.MUL, asm.ADD)
        return Typed(item, asm.InMemory(base_code))

    def _text_equals(self, operand: Operand, wanted: bytes) -> Code:
        if len(wanted) > _MAX_TEXT:
            raise NotCompilableError(f"texts over {_MAX_TEXT} bytes are compared by the engine")
        if not isinstance(operand, Typed):
            raise NotCompilableError("only texts are compared with texts")
        data, length = text_of(operand, self.book)
        no, done = asm.new_label(), asm.new_label()
        code = _fail_unless(join(length, asm.constant(len(wanted)), asm.EQUAL), no)
        at = 0
        while at < len(wanted):
            size = next(size for size in (8, 4, 2, 1) if at + size <= len(wanted))
            part = asm.load(asm.InMemory(data, at), size, signed=False)
            number = int.from_bytes(wanted[at : at + size], "little")
            code = join(code, _fail_unless(join(part, asm.constant(number), asm.EQUAL), no))
            at += size
        yes = join(asm.constant(1), asm.Jump(done))
        return join(code, yes, no, asm.constant(0), done)

    # -- methods and patterns ----------------------------------------------------
    def _method(self, tree: nodes.MethodCall) -> Operand:
        if tree.arguments and tree.name != "load":
            raise NotCompilableError(f"{tree.name}(..) is evaluated by the engine")
        match tree.name:
            case "len":
                return Number(length_of(self.typed(tree.receiver), self.book), PRIMITIVES["usize"])
            case "is_empty":
                code = length_of(self.typed(tree.receiver), self.book)
                return Number(join(code, asm.LOG_NOT), BOOL)
            case "is_some" | "is_ok" | "is_none" | "is_err":
                name = tree.name.removeprefix("is_").capitalize()
                return Number(variant_test(self.typed(tree.receiver), name)[0], BOOL)
            case "is_null":
                code = self._load_pointer(self.typed(tree.receiver))
                return Number(join(code, asm.LOG_NOT), BOOL)
            case "unwrap":
                return unwrap(self.typed(tree.receiver))
            case "as_str" | "as_ref" | "as_slice" | "clone" | "load" | "get":
                return self._same(tree)
            case _:
                raise NotCompilableError(f"{tree.name}() is evaluated by the engine")

    def _same(self, tree: nodes.MethodCall) -> Operand:
        """The receiver, for methods that change nothing about where to read."""
        typed = self.typed(tree.receiver)
        if tree.name not in ("load", "get"):
            return typed
        if plain_inner(typed) is None:
            raise NotCompilableError(f"{tree.name}() is evaluated by the engine")
        return load(typed)

    def _load_pointer(self, typed: Typed) -> Code:
        if typed.type.strip().kind not in ("pointer", "reference"):
            raise NotCompilableError(f"{typed.type.name} is not a pointer")
        return asm.load(typed.storage, 8, signed=False)

    def _matches(self, tree: nodes.Matches) -> Number:
        no, done = asm.new_label(), asm.new_label()
        inner = Compiler(self.scope, self.book, dict(self.bound))
        code = inner.pattern(self.typed(tree.operand), tree.pattern, no)
        if tree.guard is not None:
            code = join(code, _fail_unless(inner.truth(tree.guard), no))
        yes = join(asm.constant(1), asm.Jump(done))
        return Number(join(code, yes, no, asm.constant(0), done), BOOL)

    def pattern(self, typed: Typed, pattern: nodes.Pattern, no: asm.Label) -> Code:
        """Compile a jump to ``no`` where the pattern does not match; bind its names."""
        match pattern:
            case nodes.Wildcard():
                return ()
            case nodes.Bind(name, None) if not name[:1].isupper():
                self.bound[name] = typed
                return ()
            case nodes.Bind(name, None):
                return _fail_unless(variant_test(typed, name)[0], no)
            case nodes.Constructor(nodes.Path() as path, None):
                return _fail_unless(variant_test(typed, path.segments[-1].name)[0], no)
            case nodes.Constructor(nodes.Path() as path, tuple() as items):
                return self._shape_pattern(typed, path.segments[-1].name, items, no)
            case nodes.Equals(value):
                return _fail_unless(self._equal_to(typed, value), no)
            case nodes.Between(start, end, inclusive):
                return self._between(typed, start, end, "<=" if inclusive else "<", no)
            case nodes.Reference(inner):
                return self.pattern(typed, inner, no)
            case _:
                raise NotCompilableError("this pattern is matched by the engine")

    def _equal_to(self, typed: Typed, tree: nodes.Expression) -> Code:
        wanted = self.operand(tree)
        if isinstance(wanted, TextConstant):
            return self._text_equals(typed, wanted.data)
        return compared("==", self.scalar(typed), self.scalar(wanted)).code

    def _between(
        self,
        typed: Typed,
        start: nodes.Expression | None,
        end: nodes.Expression | None,
        below: nodes.ComparisonOperator,
        no: asm.Label,
    ) -> Code:
        code: Code = ()
        number = self.scalar(typed)
        if start is not None:
            code = _fail_unless(compared(">=", number, self.number(start)).code, no)
        if end is not None:
            test = compared(below, number, self.number(end)).code
            code = join(code, _fail_unless(test, no))
        return code

    def _shape_pattern(
        self, typed: Typed, name: str, items: tuple[nodes.Pattern, ...], no: asm.Label
    ) -> Code:
        test, inside, case = variant_test(typed, name)
        if case is None or len(case.type.fields) != len(items):
            raise NotCompilableError(f"{name} has other fields")
        code = _fail_unless(test, no)
        for known, item in zip(case.type.fields, items, strict=True):
            code = join(code, self.pattern(inside.at(known), item, no))
        return code


def _fail_unless(code: Code, no: asm.Label) -> Code:
    return join(code, asm.LOG_NOT, asm.Jump(no, conditional=True))
