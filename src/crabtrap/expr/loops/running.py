"""Running loops: pieces of memory go in, values come out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.errors import CrabtrapError, MemoryFault
from crabtrap.expr import computed
from crabtrap.expr.loops import bases, chains
from crabtrap.expr.loops.loop_code import CannotLoopError, Node
from crabtrap.expr.loops.shapes import nodes_of, rebuilt
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.present.view import LazyItems, SequenceView
from crabtrap.values import Synthetic, Value
from crabtrap.values.decode import why_unreadable
from crabtrap.values.readers import BudgetError

if TYPE_CHECKING:
    from crabtrap.expr.evaluate import Evaluator

Progress = Callable[[int, int | None], None]

FEWEST = 256
"""For fewer items the general evaluator is as fast."""
_STEPS = 1 << 17
"""Most items between two looks at whether somebody wants the end."""
_FIRST_PIECE = 1 << 12
_LONGEST_PIECE = 1 << 20
_ROOM = 1 << 10
"""Most items that are made before they are asked for."""


def run(evaluator: Evaluator, tree: nodes.MethodCall, general: Callable[[], Value]) -> Value | None:
    """Evaluate a call by a loop; ``None`` where the general evaluator must.

    Args:
        evaluator: Has typed the tree.
        tree: The call of a method.
        general: Has the general evaluator evaluate it.

    Raises:
        EvaluationError: It has no value, as the general evaluator says.
    """
    if evaluator.caller is not None or not chains.is_chain(evaluator, tree):
        return None
    try:
        loop = chains.outer_chain(evaluator, tree, FEWEST)
    except CannotLoopError:
        return None
    except CrabtrapError as error:
        why_unreadable(error)
        return None  # whoever evaluates it item by item says what is wrong
    if loop.is_lazy:
        return _lazily(loop, general(), evaluator.progress)
    try:
        running = _Running(loop, evaluator.progress)
        running.finish()
        return rebuilt(loop.result, running.word)
    except CannotLoopError:
        return None


def _lazily(loop: chains.Loop, general: Value, progress: Progress) -> Value:
    """The iterator that the general evaluator has made, with its items made by a loop."""
    content = general.location.content if isinstance(general.location, Synthetic) else None
    if not isinstance(content, SequenceView) or not isinstance(content.items, LazyItems):
        return general
    items = content.items
    return computed.sequence(
        dataclasses.replace(items, begin=lambda: _items(loop, items, progress)), general.type.name
    )


def _items(loop: chains.Loop, general: LazyItems, progress: Progress) -> Iterator[Value]:
    words = tuple(nodes_of(loop.result))
    given = 0
    try:
        for emitted in _Running(loop, progress).emitted():
            # An item that is the same for all has no words, and is emitted as a 0.
            found = dict(zip(words, emitted, strict=False))
            yield rebuilt(loop.result, found.__getitem__)
            given += 1
    except CannotLoopError:
        yield from islice(general.begin(), given, None)


class _Running:
    """A loop that is under way."""

    def __init__(self, loop: chains.Loop, progress: Progress) -> None:
        numbers, start, code = loop.numbers, loop.start, loop.code
        self._loop = loop
        self._progress = progress
        self._source = start.source
        self._stride = 1 if start.source is None else start.source.stride
        length = 0 if start.source is None else start.source.length
        self._count = numbers.count
        self._first, self._data = 0, b""
        self._size = _FIRST_PIECE
        self._core = _core.Loop(
            code.nodes,
            code.chains,
            code.registers,
            code.tables,
            (numbers.start, numbers.step, numbers.count, start.width, length),
        )
        self._words = max(len(tuple(nodes_of(loop.result))), 1)

    def finish(self) -> None:
        """Run to the end.

        Raises:
            CannotLoopError: Only the general evaluator knows what happens.
            EvaluationError: What it says happens.
        """
        for _ in self.emitted():
            pass

    def emitted(self) -> Iterator[list[int]]:
        """Run, and yield the words of each item that is emitted.

        More are made than are asked for, but what is wrong with one is only raised when it is.

        Raises:
            CannotLoopError: Only the general evaluator knows what happens.
            EvaluationError: What it says happens.
        """
        room, status = 1, ""
        while status != "done":
            status, detail = self._core.feed(self._first, self._stride, self._data, _STEPS, room)
            emitted = self._core.take_emitted()
            for at in range(0, len(emitted), self._words):
                yield emitted[at : at + self._words]
            self._go_on(status, detail)
            room = min(room * 4, _ROOM)

    def word(self, node: Node) -> int:
        """The word of a node as things are.

        Raises:
            CannotLoopError: It has none.
        """
        found = self._core.evaluate(node, self._first, self._stride, self._data)
        if found is None:
            raise CannotLoopError
        return found

    def _go_on(self, status: str, detail: int) -> None:
        match status:
            case "needs":
                self._read(detail)
            case "failed":
                self._fail(detail)
            case "done":
                self._check_count()
            case _:
                pass
        self._progress(self._core.done, None if self._loop.start.is_open else self._count)

    def _fail(self, node: Node) -> None:
        """Raise what the general evaluator raises for the item that the loop has stopped at."""
        fail = self._loop.code.failures.get(node)
        if fail is not None:
            fail(self.word)
        raise CannotLoopError

    def _check_count(self) -> None:
        """Give up where a range without an end was gone over as far as is sensible."""
        if self._loop.start.is_open and self._core.done >= bases.MOST_COUNTED:
            raise EvaluationError(
                f"more than {bases.MOST_COUNTED} items", self._loop.tree.span, hint="use .take(n)"
            )

    def _read(self, item: int) -> None:
        """Read a piece of memory that has an item, and those that come after it."""
        source, step = self._source, self._loop.numbers.step
        assert source is not None  # others need nothing
        width = self._loop.start.width
        count = max(self._size // self._stride, width)
        if abs(step) * self._stride > self._size:
            count = width
        low, high = (item, item + count) if step > 0 else (item + width - count, item + width)
        low, high = max(low, 0), min(high, source.length)
        self._size = min(self._size * 4, _LONGEST_PIECE)
        try:
            data = source.read(low, high)
        except (MemoryFault, BudgetError):
            low, high = item, min(item + width, source.length)
            try:
                data = source.read(low, high)
            except (MemoryFault, BudgetError) as error:
                raise CannotLoopError from error
        self._first, self._data = low, data
