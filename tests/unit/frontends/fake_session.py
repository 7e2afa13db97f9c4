"""A session made of plain data, for what is shown: no program, no debug information."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crabtrap import ThreadWork
from crabtrap.engine.machine import NotStarted, State, Stopped
from crabtrap.errors import NotFoundError
from crabtrap.events import Event, Interrupted, StopEvent
from crabtrap.session.history import ValueHistory
from crabtrap.symbols.source_files import SourceFile


@dataclass
class FakeType:
    name: str
    size: int = 4

    @property
    def qualified_name(self) -> str:
        return self.name


@dataclass
class FakeValue:
    """Its text is what the renderer would make of it."""

    text: str
    type: FakeType = field(default_factory=lambda: FakeType("i32"))
    absent: str | None = None

    @property
    def shape(self) -> FakeType:
        return self.type

    def read_bytes(self) -> bytes:
        return bytes(self.shape.size)


@dataclass
class FakeBinding:
    name: str
    value: FakeValue
    kind: str = "local"
    shadowed: bool = False
    line: int = 0


@dataclass
class FakeFrame:
    index: int
    function: str | None
    path: str | None = None
    line: int = 0
    bindings: Sequence[FakeBinding] = ()
    pc: int = 0x5555_5555_6A10
    module: str | None = "demo"
    column: int = 0
    inlined: bool = False
    is_user: bool = True
    folded_reason: str = ""
    cfa: int = 0x7FFE0000
    variables_unknown: str = ""
    loaded_module: None = None
    thread: FakeThread | None = None
    branch: str = ""

    @property
    def stack(self) -> FakeThread | None:
        return self.thread

    @property
    def caller(self) -> int | None:
        assert self.thread is not None
        return self.index + 1 if self.index + 1 < len(self.thread.stack) else None

    @property
    def is_innermost(self) -> bool:
        return self.index == 0

    def arguments(self) -> list[FakeBinding]:
        return [one for one in self.bindings if one.kind == "argument"]

    def locals(self) -> list[FakeBinding]:
        return [one for one in self.bindings if one.kind == "local"]


@dataclass
class FakeThread:
    index: int
    tid: int
    name: str
    stack: Sequence[FakeFrame]
    backtrace_end_reason: str = ""

    def __post_init__(self) -> None:
        self.put(self.stack)

    def put(self, stack: Sequence[FakeFrame]) -> None:
        """Have these frames and no others."""
        self.stack = stack
        for frame in stack:
            frame.thread = self

    @property
    def title(self) -> str:
        return f"thread {self.index}"

    def frame(self, index: int) -> FakeFrame:
        return self.stack[index]

    def frames(self, start: int = 0, count: int | None = None) -> Sequence[FakeFrame]:
        return self.stack[start:] if count is None else self.stack[start : start + count]


class FakeSources:
    """Texts by path."""

    def __init__(self) -> None:
        self.files: dict[str, SourceFile] = {}

    def find(self, path: str, _module: None = None) -> SourceFile:
        return self.files.get(path) or SourceFile(
            path, None, reason="file not found", hint="map its directory"
        )


class FakePresentation:
    """A value is shown as its text."""

    def render(self, value: FakeValue, options: object = None) -> str:
        return value.text

    def tree(self, value: FakeValue, options: object = None) -> dict[str, str]:
        return {"kind": "scalar", "text": value.text}


class FakeBreakpoints(dict[int, object]):
    def __iter__(self):
        return iter(list(self.values()))


class FakeSession:
    """Stops are given by the test; verbs answer with the next of them."""

    def __init__(self, threads: Sequence[FakeThread] = ()) -> None:
        self.threads = threads
        self.thread = threads[0] if threads else None
        self.frame = threads[0].stack[0] if threads else None
        self.breakpoints = FakeBreakpoints()
        self.sources = FakeSources()
        self.values = FakePresentation()
        self.variables: dict[str, FakeValue] = {}
        self.stops: list[StopEvent] = []
        self.listener: Callable[[Event], None] = lambda event: None
        self.interrupts = 0
        self.history = ValueHistory()
        self.launched = True
        self.state: State = NotStarted()
        if threads:
            self.state = Stopped(StopEvent(1, 1, threads[0].tid, (Interrupted(),)))

        self.task = self.running_task = None

    def work_of(self, thread: FakeThread) -> ThreadWork:
        """No thread runs a task."""
        return ThreadWork()

    @property
    def stack(self) -> FakeThread | None:
        return self.thread

    @property
    def is_stopped(self) -> bool:
        return isinstance(self.state, Stopped)

    def new_client(self, name: str) -> FakeSession:
        """It is its own only client."""
        return self

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        self.listener = listener

    def type_of(self, text: str) -> FakeType:
        return self.evaluate(text).type

    def evaluate(self, text: str) -> FakeValue:
        if text not in self.variables:
            raise NotFoundError("variable", text, tuple(self.variables))
        return self.variables[text]

    def select_frame(self, index: int) -> None:
        self.frame = self.thread.stack[index]

    def select_thread(self, index: int) -> None:
        self.thread = next(one for one in self.threads if index in (one.index, one.tid))
        self.frame = self.thread.stack[0]

    def resize_terminal(self, rows: int, columns: int) -> None:
        pass

    def interrupt(self) -> None:
        self.interrupts += 1

    def continue_(self, *, ignore: int = 0) -> StopEvent:
        return self.stops.pop(0)

    next = step = lambda self, count=1: self.stops.pop(0)
