"""Which variant of an enum is live, in agent bytecode."""

from __future__ import annotations

from crabtrap.expr.agent.loads import load_scalar
from crabtrap.expr.agent.numbers import wrapped
from crabtrap.expr.agent.typed_parts import Typed, is_live, layers
from crabtrap.symbols.types import Case
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, NotCompilableError, join


def variant_test(typed: Typed, name: str) -> tuple[Code, Typed, Case | None]:
    """Compile the test whether a variant is live; return the variant's fields, too."""
    for layer in layers(typed):
        shape = layer.type.strip()
        if shape.cases is not None:
            case = shape.case(name)
            if case is None:
                raise NotCompilableError(f"{layer.type.name} has no variant {name}")
            inside = Typed(case.type, asm.narrow(layer.storage, case.offset, 0))
            return is_live(layer, shape.cases, case), inside, case
        if shape.kind == "enum":
            numbers = dict(shape.row.enumerators)
            if name not in numbers:
                raise NotCompilableError(f"{layer.type.name} has no variant {name}")
            size = shape.size or 1
            number = load_scalar(layer)
            wanted = wrapped(numbers[name], size, number.signed)
            return join(number.code, asm.constant(wanted), asm.EQUAL), layer, None
    raise NotCompilableError(f"{typed.type.name} is read by the engine")


def unwrap(typed: Typed) -> Typed:
    """Return the value in a ``Some`` or ``Ok``; any other variant is a fault."""
    cases = typed.type.strip().cases
    known = () if cases is None else cases.cases
    names = {"Some", "Ok"} & {case.name for case in known}
    if not names:
        raise NotCompilableError(f"{typed.type.name} cannot be unwrapped")
    test, inside, case = variant_test(typed, names.pop())
    if case is None or not isinstance(typed.storage, asm.InMemory):
        raise NotCompilableError("it is not in memory")
    payload = inside.at(case.type.fields[0])
    base = join(asm.unless_fault(test), asm.address(payload.storage))
    return Typed(payload.type, asm.InMemory(base))
