"""How runtimes keep their tasks, as data: names of types, functions and fields.

Offsets come from the debug information, so that no version of a runtime is known here.
"""

from __future__ import annotations

from typing import Literal

from crabtrap.present.field_paths import Path
from crabtrap.records import dataclass

TaskState = Literal["idle", "queued", "running", "complete", "cancelled", "unknown"]


@dataclass(frozen=True, slots=True)
class StateFlags:
    """What the flags of a task's state mean; each a mask, 0 where there is none.

    Attributes:
        complete: It has ended.
        cancelled: It has been told to end, or has ended so.
        running: It is being polled; 0 where only the thread's stack tells.
        queued: It is to be polled.
        kept: Somebody has a handle of it that is not counted.
        closed: It is not polled any more, and its output, if there was one, has been taken.
        references: The state shifted right by so much is how often the task is referred to.
    """

    complete: int
    cancelled: int
    running: int
    queued: int
    kept: int
    references: int
    closed: int = 0

    def count(self, state: int) -> int:
        """How often a task is referred to."""
        return (state >> self.references) + bool(state & self.kept)

    def name(self, state: int) -> TaskState:
        """What a task does."""
        if state & self.complete:
            return "cancelled" if state & self.cancelled else "complete"
        if state & self.closed:
            return "cancelled"
        if state & self.running:
            return "running"
        return "queued" if state & self.queued else "idle"


@dataclass(frozen=True, slots=True)
class TaskLayout:
    """How one runtime keeps a task.

    Attributes:
        runtime: Its name.
        vtable: The type of the vtable that a task's header points to; ``""`` where it points to
            the function itself, the only one.
        functions: Generic functions in the vtable, each by the path of its field; the arguments
            of each are the types of the task's parts, the future's first.
        header: The type that a task begins with; with ``{0}`` … as in ``cell``.
        vtable_field: The header's field that points to the vtable.
        state: Path in the header to its state, a number of flags.
        flags: What they mean.
        cell: The type of a whole task, with ``{0}``, ``{1}`` … for the types of its parts; ``""``
            where the vtable says where the parts are.
        identity: Path in the cell to its number, counted by the runtime.
        owner: Path in the cell to whom it belongs; 0 in what was copied before it did.
        unowned: Futures of tasks that belong to nobody.
        stage: Path in the cell to the future, its output or neither: an enum.
        handle: A type with pointers to the parts of a task, for those without a cell; with
            ``{0}`` … as in ``cell``.
        future, output: The field of ``handle`` that points there, and the path in the vtable to
            where that is in a task.
        kept_future: Path in the cell to the future, of those that keep it in no enum.
        symbols: Pattern of the symbols of a runtime that has no thread-local to be known by.
        context: The runtime's thread-local.
        current: Path in it, or in what std's ``thread_local!`` has made of it, to the number of
            the task that the thread runs, an ``Option``.
        polls: Pattern of what the runtime calls to poll a task, around the task's own frames.
    """

    runtime: str
    vtable: str
    functions: tuple[tuple[str, str], ...]
    header: str
    vtable_field: str
    state: Path
    flags: StateFlags
    cell: str = ""
    identity: Path = ""
    owner: Path = ""
    unowned: str = ""
    stage: Path = ""
    handle: str = ""
    future: tuple[str, Path] = ("", "")
    output: tuple[str, Path] = ("", "")
    kept_future: Path = ""
    symbols: str = ""
    context: str = ""
    current: Path = ""
    polls: str = ""


THREAD_LOCAL_SLOTS = ("", "val.", "state.__0.", "inner.__0.", "inner.")
"""What is around a thread-local in the variables that versions of std make of it."""

TOKIO = TaskLayout(
    runtime="tokio",
    vtable="tokio::runtime::task::raw::Vtable",
    functions=(
        ("poll", "tokio::runtime::task::raw::poll"),
        ("dealloc", "tokio::runtime::task::raw::dealloc"),
        ("try_read_output", "tokio::runtime::task::raw::try_read_output"),
        ("drop_join_handle_slow", "tokio::runtime::task::raw::drop_join_handle_slow"),
        ("shutdown", "tokio::runtime::task::raw::shutdown"),
    ),
    header="tokio::runtime::task::core::Header",
    vtable_field="vtable",
    state="state.val",
    flags=StateFlags(complete=2, cancelled=32, running=1, queued=4, kept=0, references=6),
    cell="tokio::runtime::task::core::Cell<{0}, {1}>",
    identity="core.task_id",
    owner="header.owner_id",
    unowned="tokio::runtime::blocking::task::BlockingTask",
    stage="core.stage",
    context="tokio::runtime::context::CONTEXT",
    current=tuple(f"{slot}current_task_id" for slot in THREAD_LOCAL_SLOTS),
    polls=r"tokio::runtime::task::(core|harness|raw)::(.*::)?poll\b",
)

ASYNC_TASK = TaskLayout(
    runtime="async-task",
    vtable="async_task::raw::TaskVTable",
    functions=(
        ("run", "async_task::raw::RawTask::run"),
        ("destroy", "async_task::raw::RawTask::destroy"),
        ("drop_future", "async_task::raw::RawTask::drop_future"),
        ("clone_waker", "async_task::raw::RawTask::clone_waker"),
    ),
    header="async_task::header::Header<{3}>",
    vtable_field="vtable",
    state="state",
    flags=StateFlags(complete=4, cancelled=0, running=2, queued=1, kept=16, references=8, closed=8),
    handle="async_task::raw::RawTask<{0}, {1}, {2}, {3}>",
    future=("future", "layout_info.offset_f"),
    output=("output", "layout_info.offset_r"),
    symbols=r"^<?async_task::raw::RawTask<",
    polls=r"async_task::raw::(RawTask<.*>|\{impl#\d+\})::run\b",
)
"""What smol, async-std and others spawn."""

MONOIO = TaskLayout(
    runtime="monoio",
    vtable="monoio::task::raw::Vtable",
    functions=(
        ("poll", "monoio::task::raw::poll"),
        ("dealloc", "monoio::task::raw::dealloc"),
        ("try_read_output", "monoio::task::raw::try_read_output"),
        ("drop_join_handle_slow", "monoio::task::raw::drop_join_handle_slow"),
    ),
    header="monoio::task::core::Header",
    vtable_field="vtable",
    state="state",
    flags=StateFlags(complete=2, cancelled=0, running=1, queued=4, kept=0, references=5),
    cell="monoio::task::core::Cell<{0}, {1}>",
    stage="core.stage.stage",
    symbols=r"^monoio::task::raw::",
    polls=r"monoio::task::(core|harness|raw)::(.*::)?poll\b",
)

EMBASSY = TaskLayout(
    runtime="embassy",
    vtable="",
    functions=(("", "embassy_executor::raw::TaskStorage::poll"),),
    header="embassy_executor::raw::TaskHeader",
    vtable_field="poll_fn",
    state="state",
    flags=StateFlags(complete=0, cancelled=0, running=0, queued=2, kept=1, references=2),
    cell="embassy_executor::raw::TaskStorage<{0}>",
    kept_future="future",
    symbols=r"^<?embassy_executor::raw::TaskStorage<",
    polls=r"embassy_executor::raw::(TaskStorage<.*>|\{impl#\d+\})::poll\b",
)
"""Tasks in statics; what has ended no longer points to the function that polls it."""

LAYOUTS = (TOKIO, ASYNC_TASK, MONOIO, EMBASSY)
"""All that are known."""
