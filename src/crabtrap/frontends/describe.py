"""Descriptions of stops, frames, values and breakpoints, for JSON and protocols.

Each is a dict of JSON types, made while the program is at the stop that it describes.
Addresses are hexadecimal strings, since many readers of JSON round numbers beyond 2**53.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from crabtrap import (
    Breakpoint,
    Catchpoint,
    Detached,
    Ended,
    NotStarted,
    Running,
    Stopped,
    Watchpoint,
    events,
)
from crabtrap.errors import CrabtrapError
from crabtrap.records import field_names

if TYPE_CHECKING:
    from crabtrap import (
        AnyStoppoint,
        Binding,
        BreakpointLocation,
        Client,
        RenderOptions,
        Runtime,
        Session,
        StackFrame,
        Task,
        Thread,
        Value,
    )

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

_KINDS: dict[type, str] = {
    events.Started: "started",
    events.BreakpointHit: "breakpoint",
    events.ConditionFailed: "condition-failed",
    events.WatchHit: "watchpoint",
    events.WatchScopeEnded: "watchpoint-scope",
    events.StepDone: "step",
    events.FrameUnwound: "unwound",
    events.CoroutineEnded: "async-ended",
    events.SignalReceived: "signal",
    events.Panicked: "panic",
    events.Interrupted: "interrupted",
    events.Forked: "fork",
    events.Executed: "exec",
    events.SyscallStop: "syscall",
    events.LibrariesChanged: "libraries",
    events.Exited: "exited",
}


def address(value: int | None) -> str | None:
    """A run-time address as JSON carries it."""
    return None if value is None else f"{value:#x}"


def record(thing: object) -> JsonObject:
    """A frozen event as a dict of its fields; fields named ``address`` become hexadecimal."""
    names = field_names(thing)
    if names is None:
        raise TypeError(f"{thing!r} is not an event")
    return {name: _plain(name, getattr(thing, name)) for name in names}


def reason(stop_reason: events.StopReason) -> JsonObject:
    """One reason of a stop, with its ``kind``."""
    return {"kind": _KINDS[type(stop_reason)], **record(stop_reason)}


def stop(client: Client, event: events.StopEvent) -> JsonObject:
    """A stop: its reasons, its thread and the frame it is in."""
    described: JsonObject = {
        "epoch": event.epoch,
        "pid": event.pid,
        "thread": event.thread or None,
        "reasons": [reason(one) for one in event.reasons],
    }
    if not isinstance(event.reasons[0], events.Exited):
        described["frame"] = frame(client.frame)
        running = client.running_task
        described["task"] = None if running is None else running.label
    return described


def state(session: Session) -> JsonObject:
    """Whether the program runs, and why it stopped or how it ended."""
    match session.state:
        case NotStarted():
            return {"state": "not-started"}
        case Stopped(event=event):
            return {
                "state": "stopped",
                "pid": event.pid,
                "reasons": [reason(one) for one in event.reasons],
            }
        case Running():
            return {"state": "running"}
        case Detached(pid=pid, lost=lost):
            return {"state": "detached", "pid": pid, "lost": lost}
        case Ended(event=event):
            return {"state": "exited", **reason(event.reasons[0])}


_EVENT_NAMES: dict[type, str] = {
    events.StopEvent: "stopped",
    events.Resumed: "resumed",
    events.OutputReceived: "output",
    events.LogMessage: "log",
    events.SignalReceived: "signal",
    events.BreakpointChanged: "breakpoint",
    events.ThreadsChanged: "threads",
    events.LibrariesChanged: "libraries",
    events.Notice: "notice",
    events.ProcessDetached: "detached",
    events.SelectionChanged: "selection",
    events.MemoryWritten: "memory-written",
    events.RegisterWritten: "register-written",
}


def event_name(event: events.Event) -> str:
    """The name an event has in JSON: "stopped", "output", ..."""
    if isinstance(event, events.StopEvent) and isinstance(event.reasons[0], events.Exited):
        return "exited"
    return _EVENT_NAMES[type(event)]


def frame(one: StackFrame) -> JsonObject:
    """One frame without its variables."""
    described: JsonObject = {
        "index": one.index,
        "address": address(one.pc),
        "function": one.function,
        "module": one.module,
        "path": one.path,
        "line": one.line or None,
        "column": one.column or None,
        "inlined": one.inlined,
        "user": one.is_user,
    }
    if one.thread is None:
        described |= {"caller": one.caller, "branch": one.branch or None}
    return described


def task(one: Task) -> JsonObject:
    """One task, and where it waits in the user's code."""
    own = next((each for each in one.frames() if each.is_user and each.path), None)
    return {
        "label": one.label,
        "number": one.number,
        "runtime": one.runtime,
        "name": one.name,
        "root": one.root,
        "state": one.state,
        "address": address(one.address),
        "waits_at": None if own is None else frame(own),
        "waits_for": [each.what for each in one.waits],
        "thread": None if one.thread is None else one.thread.index,
        "blocks": None if one.blocked_thread is None else one.blocked_thread.index,
    }


def runtime(one: Runtime) -> JsonObject:
    """One runtime, with its threads and how many tasks are in which state."""
    return {
        "library": one.library,
        "flavor": one.flavor,
        "address": address(one.address),
        "worker_count": one.worker_count,
        "workers": [each.index for each in one.workers],
        "threads": [each.index for each in one.threads],
        "tasks": dict(Counter(each.state for each in one.tasks)),
        "blocking_threads": one.blocking_threads,
        "idle_blocking_threads": one.idle_blocking_threads,
        "blocking_queue": one.blocking_queue,
    }


def thread(session: Session, one: Thread, *, current: bool) -> JsonObject:
    """One thread with its innermost frame."""
    described: JsonObject = {
        "index": one.index,
        "tid": one.tid,
        "name": one.name,
        "current": current,
    }
    work = session.work_of(one)
    described["work"] = work.kind or None
    described["task"] = None if work.task is None else work.task.label
    try:
        described["frame"] = frame(one.frame(0))
    except CrabtrapError as error:
        described["frame"] = None
        described["reason"] = str(error)
    return described


def location(one: BreakpointLocation) -> JsonObject:
    """One location of a breakpoint."""
    return {
        "address": address(one.address),
        "path": one.path,
        "line": one.line,
        "function": one.function,
        "inlined": one.inlined,
        "module": one.module.name if one.module is not None else None,
    }


def ignored_hits(one: AnyStoppoint) -> int:
    """How many of the next hits are ignored."""
    return max(0, one.ignore - one.hits)


def stoppoint(one: AnyStoppoint) -> JsonObject:
    """One breakpoint, watchpoint or catchpoint."""
    described: JsonObject = {
        "number": one.number,
        "enabled": one.enabled,
        "temporary": one.temporary,
        "hits": one.hits,
        "ignore": ignored_hits(one),
        "condition": one.condition,
        "thread": one.thread,
        "commands": list(one.commands),
    }
    match one:
        case Breakpoint():
            described |= _breakpoint(one)
        case Watchpoint():
            described |= _watchpoint(one)
        case Catchpoint():
            described["kind"] = "catchpoint"
            described["event"] = one.kind
            described["names"] = one.names
            described["problem"] = one.problem or None
            if one.kind == "panic":
                described |= {
                    "uncaught": one.uncaught,
                    "message": one.message,
                    "crate": one.crate,
                    "own": one.own,
                    "condition_failures": one.failures,
                    "condition_failure": one.failure or None,
                }
    return described


def _breakpoint(one: Breakpoint) -> JsonObject:
    return {
        "kind": "breakpoint" if one.log is None else "log",
        "spec": one.text,
        "hardware": one.hardware,
        "task": one.task or None,
        "log": one.log,
        "pending": one.pending,
        "problem": one.problem or None,
        "hint": one.hint or None,
        "notes": list(one.notes),
        "condition_unjudged": [
            {"location": location(each.location), "reason": str(each.error)}
            for each in one.unjudged
        ],
        "condition_where": _condition_evaluator(one),
        "condition_failures": one.failures,
        "condition_failure": one.failure or None,
        "locations": [location(where) for where in one.locations],
    }


def _condition_evaluator(one: Breakpoint) -> str | None:
    """Who evaluates the condition, if there is one."""
    if one.condition is None:
        return None
    return "target" if one.on_target else "debugger"


def _watchpoint(one: Watchpoint) -> JsonObject:
    return {
        "kind": "watchpoint",
        "access": one.kind,
        "expression": one.expression,
        "address": address(one.address),
        "size": one.size,
        "value": one.old_text or None,
    }


def tree(session: Session, value: Value, options: RenderOptions) -> JsonObject:
    """A value as nested dicts."""
    # The renderer returns JSON types, too; only its declared type is wider.
    return cast("JsonObject", session.values.tree(value, options))


def binding(session: Session, one: Binding, options: RenderOptions) -> JsonObject:
    """A variable with its value as a tree; a failure to read is part of the description."""
    described: JsonObject = {
        "name": one.name,
        "kind": one.kind,
        "line": one.line,
        "shadowed": one.shadowed,
        "type": one.value.type.qualified_name,
    }
    try:
        described["value"] = tree(session, one.value, options)
        described["text"] = session.values.render(one.value, options)
    except CrabtrapError as error:
        described |= {"value": None, "text": None, "error": str(error)}
    return described


def short_path(path: str, directory: str) -> str:
    """A source path without the part that readers need not see.

    Args:
        path: As the debug information names it.
        directory: Paths below it are shown relative to it.

    Example:
        >>> short_path("/home/me/demo/src/main.rs", "/home/me")
        'demo/src/main.rs'
        >>> short_path("/rustc/59807616e1/library/std/src/rt.rs", "/home/me")
        'std/src/rt.rs'
        >>> short_path("/root/.cargo/registry/src/index.crates.io-6f/rayon-1.8.0/src/lib.rs", "/")
        'rayon-1.8.0/src/lib.rs'
    """
    if path.startswith("/rustc/") or "/rustlib/src/rust/library/" in path:
        return path.partition("/library/")[2] or path
    registry = path.partition("/registry/src/")[2]
    if registry:
        return registry.partition("/")[2]
    if directory != "/" and path.startswith(f"{directory}/"):
        return path[len(directory) + 1 :]
    return path


def _plain(name: str, value: object) -> Json:
    match value:
        case None | bool() | float() | str():
            return value
        case int():
            return address(value) if name == "address" else value
        case bytes():
            return value.decode("utf-8", "replace")
        case tuple():
            return [_plain(name, item) for item in cast("tuple[object, ...]", value)]
        case _:
            raise TypeError(f"{name} holds {value!r}, which JSON cannot")
