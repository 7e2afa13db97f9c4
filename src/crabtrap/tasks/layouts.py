"""How runtimes keep their tasks, as data: names of types, functions and fields.

Offsets come from the debug information, so that no version of a runtime is known here.
"""

from __future__ import annotations

from crabtrap.present.field_paths import Path
from crabtrap.records import dataclass


@dataclass(frozen=True, slots=True)
class TaskLayout:
    """How one runtime keeps a task.

    Attributes:
        runtime: Its name.
        poll: The generic function that a task's vtable has for polling it; its arguments are the
            future's type and the scheduler's.
        vtable: The type of the vtable.
        poll_field: The vtable's field that holds ``poll``.
        header: The type that a task begins with.
        vtable_field: The header's field that points to the vtable.
        cell: The type of a whole task, with ``{future}`` and ``{scheduler}`` for those types.
        state: Path in the cell to its state, a number of flags.
        identity: Path to its number, counted by the runtime.
        stage: Path to the future, its output or neither: an enum.
        references: The state shifted right by so much is how often the task is referred to.
        context: The runtime's thread-local.
        current: Path in it, or in what std's ``thread_local!`` has made of it, to the number of
            the task that the thread runs, an ``Option``.
        polls: Pattern of what the runtime calls to poll a task, around the task's own frames.
    """

    runtime: str
    poll: str
    vtable: str
    poll_field: str
    header: str
    vtable_field: str
    cell: str
    state: Path
    identity: Path
    stage: Path
    references: int
    context: str
    current: Path
    polls: str


TOKIO = TaskLayout(
    runtime="tokio",
    poll="tokio::runtime::task::raw::poll",
    vtable="tokio::runtime::task::raw::Vtable",
    poll_field="poll",
    header="tokio::runtime::task::core::Header",
    vtable_field="vtable",
    cell="tokio::runtime::task::core::Cell<{future}, {scheduler}>",
    state="header.state.val",
    identity="core.task_id",
    stage="core.stage",
    references=6,
    context="tokio::runtime::context::CONTEXT",
    current=tuple(
        f"{slot}current_task_id" for slot in ("", "val.", "state.__0.", "inner.__0.", "inner.")
    ),
    polls=r"tokio::runtime::task::(core|harness|raw)::(.*::)?poll\b",
)

LAYOUTS = (TOKIO,)
"""All that are known."""
