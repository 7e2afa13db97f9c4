"""Tasks that nothing but their wakers leads to: those of executors that nobody has described.

Whatever waits has left a waker with somebody: two words, of which one points to a vtable and the
other to an object.  Where the functions in the vtable are generic over the object, they tell its
type; a future in it makes it a task.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.records import dataclass
from crabtrap.tasks.scan import find_words, read_column, writable_memory
from crabtrap.tasks.task_places import find_place, type_at
from crabtrap.tasks.vtables import find_vtables
from crabtrap.values import Memory, Value, ValueContext
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.futures import Await, FutureDecoder
    from crabtrap.tasks.layouts import TaskState
    from crabtrap.tasks.task_places import Place
    from crabtrap.tasks.vtables import Functions

_VTABLE = "core::task::wake::RawWakerVTable"
_WAKER = "core::task::wake::RawWaker"


@dataclass(frozen=True, slots=True)
class WakerLayout:
    """Wakers that a library makes of an object, as data.

    Attributes:
        name: What their tasks are called to be of.
        functions: In the vtable; generic over the object.
        objects: Pattern of the paths of objects that are tasks, those with a future in them.
    """

    name: str
    functions: Functions
    objects: str


_QUEUE = "futures_util::stream::futures_unordered::task::waker_ref"
_SHARED = "futures_task::waker"
WAKERS = (
    WakerLayout(
        "std::task::Wake",
        tuple(
            (field, f"alloc::task::raw_waker::{name}")
            for field, name in (
                ("clone", "clone_waker"),
                ("wake", "wake"),
                ("wake_by_ref", "wake_by_ref"),
                ("drop", "drop_waker"),
            )
        ),
        r".*",
    ),
    WakerLayout(
        "ArcWake",
        tuple(
            (field, f"{_SHARED}::{field}_arc_raw")
            for field in ("clone", "wake", "wake_by_ref", "drop")
        ),
        r".*",
    ),
    WakerLayout(
        "LocalPool",
        tuple(
            (field, f"{_QUEUE}::{field}_arc_raw")
            for field in ("clone", "wake", "wake_by_ref", "drop")
        ),
        # Of others, the future that has the collection is the task.
        r".*::Task<futures_task::future_obj::(Local)?FutureObj<.*",
    ),
)
"""All that are known."""


@dataclass(frozen=True, slots=True)
class WakerKind:
    """Wakers with one vtable.

    Attributes:
        vtable: The vtable's address.
        object: The type of what they point to.
        name: What their tasks are called to be of.
        pointer, data: Where a waker has these.
    """

    vtable: int
    object: Type
    name: str
    pointer: Place
    data: Place


@dataclass(frozen=True, slots=True)
class WakerTask:
    """A task that a waker leads to; see ``TaskSource``."""

    address: Address
    state: TaskState
    root: str
    runtime: str
    future: Value | None
    doubt: str = ""
    number: None = None
    kind: None = None
    other_roots: tuple[str, ...] = ()
    references: int = 0
    output: None = None
    scheduler: None = None
    blocked: None = None
    polls: str = r"$^"

    @property
    def label(self) -> str:
        """Its address."""
        return f"{self.address:#x}"


def find_waker_kinds(process: Process, module: Module) -> tuple[WakerKind, ...]:
    """Find the kinds of wakers of a module that tell the type of what they wake."""
    waker = type_at(module, _WAKER)
    pointer = find_place(waker, "vtable") if waker is not None else None
    data = find_place(waker, "data") if waker is not None else None
    if pointer is None or data is None:
        return ()
    return tuple(
        WakerKind(at, parts[0][0], layout.name, pointer, data)
        for layout in WAKERS
        for at, parts in (find_vtables(process, module, _VTABLE, layout.functions) or {}).items()
        if len(parts) == 1 and re.fullmatch(layout.objects, parts[0][0].path)
    )


def find_waker_tasks(
    process: Process,
    kinds: Iterable[WakerKind],
    decoder: FutureDecoder,
    known: set[int],
    polled: Container[int],
) -> Iterator[WakerTask]:
    """Find the tasks that wakers in memory lead to, in the order of their addresses.

    Args:
        process: The program.
        kinds: The kinds of wakers.
        decoder: Decodes the program's futures.
        known: Addresses of objects that are known as tasks.
        polled: Addresses of the futures that threads are in.
    """
    by_vtable = {kind.vtable: kind for kind in kinds if decoder.may_hold(kind.object)}
    places: dict[int, list[int]] = {}
    for at, vtable in find_words(process, writable_memory(process), list(by_vtable)):
        places.setdefault(vtable, []).append(at - by_vtable[vtable].pointer.offset)
    context = ValueContext(process.memory, process)
    for vtable, wakers in places.items():
        kind = by_vtable[vtable]
        for address in _objects(process, kind, wakers):
            if address not in known:
                value = Value(kind.object, Memory(Address(address)), context)
                yield _task(kind, value, decoder, polled)


def _objects(process: Process, kind: WakerKind, wakers: Sequence[int]) -> list[int]:
    found = {each for each in read_column(process, sorted(wakers), kind.data) if each}
    return sorted(each for each in found if each % max(kind.object.alignment, 1) == 0)


def _task(
    kind: WakerKind, value: Value, decoder: FutureDecoder, polled: Container[int]
) -> WakerTask:
    address = value.address or Address(0)
    try:
        future = decoder.find_future(value)
    except CrabtrapError as error:
        reason = why_unreadable(error)
        return WakerTask(address, "unknown", kind.object.name, kind.name, None, reason)
    if future is None:
        return WakerTask(address, "complete", kind.object.name, kind.name, None)
    awaited = decoder.decode(future)
    named = next((level for level in awaited.levels() if level.is_coroutine), awaited)
    is_polled = int(named.value.address or 0) in polled
    state, doubt = "running" if is_polled else _state(named), awaited.problem
    return WakerTask(address, state, named.name, kind.name, future, doubt)


def _state(level: Await) -> TaskState:
    match level.state:
        case "suspended":
            return "idle"
        case "not started":
            return "queued"
        case "returned" | "panicked":
            return "complete"
        case _:
            return "unknown"
