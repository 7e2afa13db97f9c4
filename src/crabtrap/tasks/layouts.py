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
        running: It is being polled.
        queued: It is to be polled.
        kept: Somebody has a handle of it that is not counted.
        references: The state shifted right by so much is how often the task is referred to.
    """

    complete: int
    cancelled: int
    running: int
    queued: int
    kept: int
    references: int

    def count(self, state: int) -> int:
        """How often a task is referred to."""
        return (state >> self.references) + bool(state & self.kept)

    def name(self, state: int) -> TaskState:
        """What a task does."""
        if state & self.complete:
            return "cancelled" if state & self.cancelled else "complete"
        if state & self.running:
            return "running"
        return "queued" if state & self.queued else "idle"


@dataclass(frozen=True, slots=True)
class TaskLayout:
    """How one runtime keeps a task.

    Attributes:
        runtime: Its name.
        vtable: The type of the vtable that a task's header points to.
        functions: Generic functions in the vtable, each by the path of its field; the arguments
            of each are the types of the task's parts, the future's first.
        header: The type that a task begins with.
        vtable_field: The header's field that points to the vtable.
        state: Path in the header to its state, a number of flags.
        flags: What they mean.
        cell: The type of a whole task, with ``{0}``, ``{1}`` … for the types of its parts; ``""``
            where the vtable says where the parts are.
        identity: Path in the cell to its number, counted by the runtime.
        owner: Path in the cell to whom it belongs; 0 in what was copied before it did.
        unowned: Futures of tasks that belong to nobody.
        stage: Path in the cell to the future, its output or neither: an enum.
        future_offset, output_offset: Paths in the vtable to where these are in a task.
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
    future_offset: Path = ""
    output_offset: Path = ""
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

LAYOUTS = (TOKIO,)
"""All that are known."""
