"""What the poll function of a coroutine tells that the coroutine's type does not.

The type has one name for all variables of that name, and says of an await in a macro where the
macro is.  The function that polls it describes every variable by itself, at its offset in the
coroutine, and where the future that is awaited was written.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.inspect.environments import environment_type
from crabtrap.records import dataclass
from crabtrap.symbols.names import path_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Case, Field, Type

AWAITED = "__awaitee"
_FIRST_STATE = "Unresumed"
_MAX_PLACES = 24
"""Most places in its scope at which a variable is looked for."""
_MAX_INSTANCES = 4

# Registers and memory as no program has them, so that what an address was made from shows.
_APART = 1 << 44
_REGISTERS = tuple((number + 1) * _APART for number in range(17))
_STACK_POINTER = 7
_FRAME = 18 * _APART
_POINTED = 19 * _APART


@dataclass(frozen=True, slots=True)
class KeptVariable:
    """A variable of a poll function that may be in the coroutine.

    Attributes:
        offset: Bytes from the coroutine's beginning; ``None`` where it is not known to be there.
        path, line: Where it is declared.
        ranges: The code that it can be used in.
        depth: Of its block.
    """

    name: str
    type: Type
    offset: int | None
    path: str | None
    line: int
    ranges: tuple[tuple[int, int], ...]
    depth: int

    def meets(self, other: KeptVariable) -> bool:
        """Whether there is code that can use both: the block of one is in that of the other."""
        return any(
            start < high and low < end for start, end in self.ranges for low, high in other.ranges
        )


class PollFunctions:
    """Looks up the poll functions of coroutines; remembers what it has found."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        """Look in some modules."""
        self._modules = {module.types: module for module in modules}
        self._known: dict[Type, tuple[KeptVariable, ...]] = {}

    def await_site(self, coroutine: Type, case: Case) -> tuple[str | None, int]:
        """Return where the await of a state is written, though it be in a macro.

        Returns:
            The source file as the debug information has it, and the line from 1 on.
        """
        first = coroutine.case(_FIRST_STATE)
        if first is None or case.path == first.path:
            return case.path, case.line
        awaited = self._awaited(coroutine, case)
        return (case.path, case.line) if awaited is None else (awaited.path, awaited.line)

    def same_named(self, coroutine: Type, case: Case, name: str) -> tuple[KeptVariable, ...]:
        """Return the variables of one name that are kept in a state, the outermost first.

        Returns:
            ``()`` where not all of them are known.
        """
        count = sum(field.name == name for field in _own_fields(coroutine, case))
        awaited = self._awaited(coroutine, case)
        if awaited is None:
            return ()
        passed = {(field.name, offset) for field, offset in _fields(coroutine, _FIRST_STATE)}
        found = [
            each
            for each in self._variables_of(coroutine)
            if each.name == name
            and each.offset is not None
            and (name, each.offset) not in passed
            and each.meets(awaited)
        ]
        found = list({each.offset: each for each in sorted(found, key=_nesting)}.values())
        return tuple(found) if len(found) == count else ()

    def _awaited(self, coroutine: Type, case: Case) -> KeptVariable | None:
        """The variable that holds what is awaited in a state: the same in order of its type."""
        cases = coroutine.cases.cases if coroutine.cases is not None else ()
        alike = [each for each in cases if _awaited_path(each) == _awaited_path(case)]
        variables = [
            each
            for each in self._variables_of(coroutine)
            if each.name == AWAITED and each.type.path == _awaited_path(case)
        ]
        found = list({(each.path, each.line, each.ranges[:1]): each for each in variables}.values())
        found.sort(key=_position)
        return found[alike.index(case)] if len(found) == len(alike) else None

    def _variables_of(self, coroutine: Type) -> tuple[KeptVariable, ...]:
        known = self._known.get(coroutine)
        if known is None:
            known = self._known[coroutine] = self._find_variables(coroutine)
        return known

    def _find_variables(self, coroutine: Type) -> tuple[KeptVariable, ...]:
        module = self._modules.get(coroutine.table) if coroutine.table is not None else None
        if module is None:
            return ()
        best: tuple[KeptVariable, ...] = ()
        for function in _instances(module, coroutine):
            found = tuple(_variables_in(module, function, coroutine))
            best = max(best, found, key=_how_many_are_placed)
        return best


def _instances(module: Module, coroutine: Type) -> Iterator[Function]:
    """The poll functions of a coroutine: with code of its own, or as it was inlined."""
    *scopes, name = path_segments(coroutine.path)
    query = "::".join((*scopes, name.replace("_env#", "#", 1)))
    found = 0
    for find in (module.find_code, module.find_inlined_code):
        for function in find(query):
            environment = environment_type(function, module)
            is_it = environment is not None and environment.same_as(coroutine)
            if is_it and found < _MAX_INSTANCES:
                found += 1
                yield function


def _variables_in(module: Module, function: Function, coroutine: Type) -> Iterator[KeptVariable]:
    """The variables of one instance of a poll function."""
    memory = _core.CallbackMemory(lambda _, size: _POINTED.to_bytes(8, "little")[:size])
    variables = module.image.variables(function.die)
    size = coroutine.size or 0
    places = {each.die: set(_places(module, each, memory, size)) for each in variables}
    base = _base(coroutine, [(each.name, places[each.die]) for each in variables])
    for variable in variables:
        offsets = {offset for register, offset in places[variable.die] if register == base}
        if variable.type is not None:
            yield KeptVariable(
                variable.name,
                module.types.type(variable.type),
                offsets.pop() if len(offsets) == 1 else None,
                variable.declaration_path,
                variable.declaration_line,
                variable.ranges,
                variable.depth,
            )


def _places(
    module: Module, variable: _core.Variable, memory: _core.Memory, size: int
) -> Iterator[tuple[int, int]]:
    """Where a variable may be: what its address is counted from, and by how much."""
    for pc in _some_code(module, variable) if variable.has_location else ():
        pieces = module.image.locate(
            variable.die, pc=pc, bias=0, registers=_REGISTERS, cfa=_FRAME, memory=memory
        )
        if len(pieces) == 1 and pieces[0].kind == "memory":
            base, offset = divmod(pieces[0].address, _APART)
            if offset < size and base - 1 != _STACK_POINTER:
                yield base, offset


def _some_code(module: Module, variable: _core.Variable) -> list[int]:
    found: list[int] = []
    for start, end in variable.ranges:
        rows = module.image.rows_between(start, end)
        found += [start, *(row.address for row in rows if start < row.address < end)]
    step = -(-len(found) // _MAX_PLACES) or 1
    return found[::step]


def _base(coroutine: Type, places: Sequence[tuple[str, set[tuple[int, int]]]]) -> int | None:
    """What most variables that are in the coroutine are counted from: its address."""
    known = {(field.name, offset) for field, offset in _fields(coroutine)}
    votes = Counter(
        base for name, each in places for base, offset in each if (name, offset) in known
    )
    return votes.most_common(1)[0][0] if votes else None


def _own_fields(coroutine: Type, case: Case) -> tuple[Field, ...]:
    first = coroutine.case(_FIRST_STATE)
    passed = len(first.type.fields) if first is not None else 0
    return case.type.fields[: len(case.type.fields) - passed]


def _fields(coroutine: Type, state: str = "") -> Iterator[tuple[Field, int]]:
    """The fields of one state or of all, each with its offset in the coroutine."""
    for case in coroutine.cases.cases if coroutine.cases is not None else ():
        if state in ("", case.name):
            for field in case.type.fields:
                yield field, case.offset + field.offset


def _awaited_path(case: Case) -> str | None:
    """The path of the type that is awaited in a state."""
    field = case.type.field(AWAITED)
    return None if field is None else field.type.path


def _how_many_are_placed(variables: tuple[KeptVariable, ...]) -> tuple[int, int]:
    return sum(each.offset is not None for each in variables), len(variables)


def _nesting(variable: KeptVariable) -> tuple[int, int]:
    return variable.depth, variable.line


def _position(variable: KeptVariable) -> tuple[int, tuple[tuple[int, int], ...]]:
    return variable.line, variable.ranges
