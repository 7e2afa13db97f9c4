"""What libraries make of futures, as data: by names of types and fields.

What is not named here is looked through by the types of its fields alone.
"""

from __future__ import annotations

import re

from crabtrap.present.field_paths import Path
from crabtrap.records import dataclass


@dataclass(frozen=True, slots=True)
class LinkedItems:
    """A type that keeps what it waits for in linked lists.

    Attributes:
        type: Its path.
        lists: Paths to pointers to the first items.
        next: Path in an item to the pointer to the next.
        item: Path in an item to the future.
        is_newest_first: They are linked in the opposite order to that in which they came.
    """

    type: str
    lists: tuple[Path, ...]
    next: Path
    item: Path
    is_newest_first: bool = False


LINKED = {
    each.type: each
    for each in (
        LinkedItems(
            "futures_util::stream::futures_unordered::FuturesUnordered",
            lists=("head_all",),
            next="next_all",
            item="future",
            is_newest_first=True,
        ),
        LinkedItems(
            "tokio::task::join_set::JoinSet",
            lists=("inner.lists.data.data.notified.head", "inner.lists.data.data.idle.head"),
            next="pointers.next",
            item="value",
            is_newest_first=True,
        ),
    )
}

COLLECTIONS = frozenset(
    (
        "alloc::vec::Vec",
        "alloc::collections::vec_deque::VecDeque",
        "std::collections::hash::map::HashMap",
        "alloc::collections::btree::map::BTreeMap",
    )
)
"""Collections of std that may hold futures."""

NEVER_WAIT = frozenset(("futures_util::stream::iter::Iter", "futures_util::stream::empty::Empty"))
"""Streams that have all their items from the start."""

MAYBE_DONE = re.compile(r"(tokio|futures_util)::(.+::)?(Try)?MaybeDone")
"""A future, then its output (``ENDED``), then nothing."""
PENDING, ENDED = "Future", "Done"

POLL_FN = re.compile(r"(core|tokio|futures_util)::(.+::)?PollFn")
"""A future that is a closure; macros make one of several futures."""
BRANCHES, DISABLED = "futures", "disabled"
"""Variables of ``tokio::select!``: a tuple, and a mask of those of it that are not polled."""

SIDES: dict[str, dict[str, str]] = {
    "tokio::time::timeout::Timeout": {"delay": "timeout"},
    **{
        f"futures_util::stream::stream::{name}": {"stream": "source"}
        for name in ("buffer_unordered::BufferUnordered", "buffered::Buffered")
    },
}
"""Labels of fields that a type polls beside what it is about."""

WRAPPERS = {
    "core::pin::Pin": "pointer",
    "async_executor::AsyncCallOnDrop": "future",
    "async_std::task::builder::SupportTaskLocals": "future",
    "tracing::instrument::Instrumented": "inner",
    "core::mem::manually_drop::ManuallyDrop": "value",
}
"""What runtimes and libraries put around a future that is spawned, by the field that has it."""

_PLUMBING = re.compile(
    r"(core|tokio|futures_util)::(.+::)?(Poll|Maybe|TryMaybe)(Fn|Done)"
    r"|core::(option::Option|pin::Pin|mem::manually_drop::ManuallyDrop|future::ready::Ready)"
    r"|tokio::task::coop::.*|tokio::time::timeout::Timeout"
    r"|tokio::runtime::(io|task)::.*::(async_io|readiness).*"
    r"|tokio::sync::(mutex|rwlock|batch_semaphore)::\{impl#\d+\}::(lock|acquire|read|write)\w*"
    r"|tokio::sync::watch::(\{impl#\d+\}::)?changed\w*"
    r"|tokio::sync::mpsc::(.+::)?reserve\w*"
    r"|tokio::time::interval::\{impl#\d+\}::tick"
    r"|futures_util::(future|stream)::.+::(Map|MapErr|MapOk|Then|IntoFuture|IntoStream|Either|Fuse"
    r"|Next|TryNext|Select|Flatten|Collect|Fold|ForEach|OrderWrapper|Inspect|Abortable"
    r"|Buffered|BufferUnordered)"
    r"|(async_executor|async_std|async_global_executor|smol)::.*"
    r"|tracing::instrument::.*|tower(_\w+)?::.*|hyper(_util)?::.*|axum(_\w+)?::.*|reqwest::.*"
)


def is_plumbing(path: str) -> bool:
    """Whether a future is a library's means to an end, of no interest to most.

    Args:
        path: Of its function or type, without generic arguments.

    Example:
        >>> is_plumbing("tokio::sync::mutex::{impl#6}::lock"), is_plumbing("app::serve")
        (True, False)
    """
    return _PLUMBING.fullmatch(path) is not None
