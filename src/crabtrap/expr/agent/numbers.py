"""Numbers in agent bytecode: comparisons and arithmetic, exact or not compiled."""

from __future__ import annotations

from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, NotCompilableError, join

BOOL = PRIMITIVES["bool"]

BITWISE: dict[str, bytes] = {"&": asm.BIT_AND, "|": asm.BIT_OR, "^": asm.BIT_XOR}


@dataclass(frozen=True, slots=True)
class Number:
    """Code that pushes a scalar, extended to 64 bits.

    Attributes:
        type: Its type; ``None`` for a literal that takes any.
        value: Its value where it is a constant.
    """

    code: Code
    type: Type | None
    value: int | None = None

    @property
    def is_bool(self) -> bool:
        """Whether it is a ``bool``."""
        return self.type is not None and self.type.strip().row.encoding == "bool"

    @property
    def signed(self) -> bool:
        """Whether its type is signed, as that of a literal is."""
        if self.type is None:
            return True
        shape = self.type.strip()
        if shape.kind == "enum":
            return shape.target is not None and shape.target.strip().row.encoding == "signed"
        return shape.row.encoding == "signed"

    @property
    def size(self) -> int:
        """Size of its type in bytes; 8 for a literal."""
        return 8 if self.type is None else self.type.strip().size or 8


def constant(value: int, type_: Type | None) -> Number:
    """Compile a constant.

    Raises:
        NotCompilableError: It needs more than 64 bits.
    """
    if not -(1 << 63) <= value < 1 << 64:
        raise NotCompilableError("numbers over 64 bits do not fit the bytecode")
    return Number((asm.constant(value),), type_, value)


def wrapped(value: int, size: int, signed: bool) -> int:
    """Cut a number to ``size`` bytes, in two's complement."""
    value &= (1 << 8 * size) - 1
    return value - (1 << 8 * size) if signed and value >> (8 * size - 1) else value


def checked_top(code: Code) -> Code:
    """Pop the truth that ``code`` leaves above its value, and fault where it is false."""
    good = asm.new_label()
    return join(code, asm.Jump(good, conditional=True), asm.FAULT, asm.POP, good)


def compared(operator: str, left: Number, right: Number) -> Number:
    """Compile a comparison, exact in 64 bits."""
    _check_kinds(left, right)
    signed = _common_sign(left, right)
    less = asm.LESS_SIGNED if signed else asm.LESS_UNSIGNED
    both, flipped = join(left.code, right.code), join(right.code, left.code)
    codes: dict[str, Code] = {
        "==": join(both, asm.EQUAL),
        "!=": join(both, asm.EQUAL, asm.LOG_NOT),
        "<": join(both, less),
        ">": join(flipped, less),
        "<=": join(flipped, less, asm.LOG_NOT),
        ">=": join(both, less, asm.LOG_NOT),
    }
    return Number(codes[operator], BOOL)


def _check_kinds(left: Number, right: Number) -> None:
    encodings = [
        "" if n.type is None or n.type.strip().kind == "enum" else n.type.strip().row.encoding
        for n in (left, right)
    ]
    for kind in ("bool", "char"):
        if (encodings[0] == kind) != (encodings[1] == kind):
            raise NotCompilableError(f"{kind} is compared with {kind} only")


def _common_sign(left: Number, right: Number) -> bool:
    """Whether to compare as signed.

    Raises:
        NotCompilableError: 64 bits cannot hold both ranges.
    """
    for a, b in ((left, right), (right, left)):
        if a.value is not None and a.type is None:
            if not b.signed and b.size == 8 and a.value < 0:
                raise NotCompilableError("a negative number is compared with an unsigned one")
            if b.signed and a.value >= 1 << 63:
                raise NotCompilableError("the literal is beyond the other side's type")
            return b.signed
    if left.signed == right.signed:
        return left.signed
    wide = left if not left.signed else right
    if wide.size == 8:
        raise NotCompilableError("u64 and a signed number are compared by the engine")
    return True


def negated(number: Number) -> Number:
    """Compile ``-number`` of a signed number."""
    if number.value is not None and number.type is None:
        return constant(-number.value, None)
    if number.type is None or not number.signed:
        raise NotCompilableError("the negative of an unsigned number")
    return calculated("-", constant(0, None), number)


def calculated(operator: str, left: Number, right: Number) -> Number:
    """Compile arithmetic; a result that overflows its type is a fault."""
    if left.value is not None and right.value is not None:
        raise NotCompilableError("constants are folded by the engine")
    if operator in ("<<", ">>"):
        raise NotCompilableError("shifts are evaluated by the engine")
    type_ = _common_type(left, right)
    signed, size = Number((), type_).signed, type_.strip().size or 8
    both = join(left.code, right.code)
    if operator in BITWISE:
        return Number(join(both, BITWISE[operator]), type_)
    if operator in ("/", "%"):
        return Number(_divided(operator, both, right, signed), type_)
    plain = {"+": asm.ADD, "-": asm.SUB, "*": asm.MUL}[operator]
    if size < 8 and (operator != "*" or size <= 4):
        result = join(both, plain, asm.DUP + asm.DUP, asm.extend(size, signed), asm.EQUAL)
        return Number(checked_top(result), type_)
    if signed or operator == "*":
        raise NotCompilableError("64-bit overflow is checked by the engine")
    return Number(_wide_unsigned(operator, left.code, right.code), type_)


def _divided(operator: str, both: Code, divisor: Number, signed: bool) -> Code:
    if signed and divisor.value is None:
        raise NotCompilableError("signed division overflows in one case; the engine checks it")
    if divisor.value == -1:
        raise NotCompilableError("division by -1 may overflow")
    opcodes = {
        ("/", True): asm.DIV_SIGNED,
        ("/", False): asm.DIV_UNSIGNED,
        ("%", True): asm.REM_SIGNED,
        ("%", False): asm.REM_UNSIGNED,
    }
    return join(both, opcodes[operator, signed])


def _wide_unsigned(operator: str, left: Code, right: Code) -> Code:
    """64-bit unsigned addition or subtraction that faults on overflow."""
    good = asm.new_label()
    if operator == "+":
        # right, sum; the sum is less than an operand only where it wrapped
        total = join(right, left, asm.pick(1), asm.ADD)
        test = asm.DUP + asm.pick(2) + asm.LESS_UNSIGNED + asm.LOG_NOT
        jump = asm.Jump(good, conditional=True)
        return join(total, test, jump, asm.FAULT, asm.POP, good, asm.SWAP + asm.POP)
    test = asm.pick(1) + asm.pick(1) + asm.LESS_UNSIGNED + asm.LOG_NOT
    jump = asm.Jump(good, conditional=True)
    return join(left, right, test, jump, asm.FAULT, asm.POP, good, asm.SUB)


def _common_type(left: Number, right: Number) -> Type:
    if left.type is None or right.type is None:
        type_ = left.type or right.type
        literal = left if left.type is None else right
        if type_ is None:
            raise NotCompilableError("the type of a literal is open")
        size, signed = type_.strip().size or 8, Number((), type_).signed
        if literal.value is not None and wrapped(literal.value, size, signed) != literal.value:
            raise NotCompilableError(f"{literal.value} is out of range for {type_.name}")
        return type_
    a, b = left.type.strip(), right.type.strip()
    if (a.row.encoding, a.size) != (b.row.encoding, b.size):
        raise NotCompilableError(f"{left.type.name} and {right.type.name} are different types")
    return left.type
