"""Stoppoints as a session's file holds them, and how they become stoppoints again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crabtrap.engine.breakpoints.stoppoints import (
    PANIC_STOP,
    Breakpoint,
    Catchpoint,
    Watchpoint,
)
from crabtrap.errors import CrabtrapError, NotFoundError, RangeError, StateError
from crabtrap.symbols.linespec import render_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.breakpoints.stoppoints import AnyStoppoint
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.session.client import Client
    from crabtrap.session.core import Core

_COMMON = ("temporary", "hits", "ignore", "condition", "thread")
_OF_CATCHES = ("uncaught", "message", "crate", "own", "chosen")
_MOST_FRAMES = 1000


def describe(item: AnyStoppoint) -> dict[str, Any]:
    """Return what has to be known to add a stoppoint again, as JSON has it."""
    common = {name: getattr(item, name) for name in _COMMON}
    common |= {"number": item.number, "enabled": item.enabled, "commands": list(item.commands)}
    match item:
        case Breakpoint():
            spec = item.text if item.spec is None else render_spec(item.spec)
            own = {"spec": spec, "text": item.text, "log": item.log, "hardware": item.hardware}
            own["task"] = item.task
            own["every_poll"] = item.every_poll
            own["callback"] = item.callback is not None
        case Watchpoint():
            own = {"expression": item.expression, "kind": item.kind}
            own |= {"address": int(item.address), "size": item.size}
            own["scoped"] = item.scope_cfa is not None
            home = item.home
            own |= {"home": home.thread, "cfa": home.cfa} if home else {"home": 0, "cfa": 0}
        case Catchpoint():
            own = {"kind": item.kind, "which": list(item.names)}
            own |= {name: getattr(item, name) for name in _OF_CATCHES}
    return {"type": type(item).__name__, **common, **own}


def add(core: Core, client: Client, saved: dict[str, Any], *, held: bool) -> None:
    """Add a stoppoint with the number, the hits and all else that it had.

    Args:
        core: The core of the session.
        client: The client in whose name it is added.
        saved: What ``describe`` has returned.
        held: The program has stayed where it was since then.

    Raises:
        CrabtrapError: It cannot be added as it was.
    """
    points = client.breakpoints
    core.table.continue_from(saved["number"])
    match saved["type"]:
        case "Breakpoint":
            item = points.add(
                saved["spec"],
                hardware=saved["hardware"],
                log=saved["log"],
                task=saved["task"],
                every_poll=saved["every_poll"],
            )
            item.text = saved["text"]
        case "Watchpoint":
            frame = _find_frame(client, saved, held=held)
            item = points.watch(saved["expression"], kind=saved["kind"], frame=frame)
        case _:
            item = _catch(client, saved)
    for name in _COMMON:
        setattr(item, name, saved[name])
    item.commands = tuple(saved["commands"])
    points.enable(item.number, saved["enabled"])
    if isinstance(item, Catchpoint):
        item.chosen = saved["chosen"]
    if saved.get("callback"):
        core.notify(f"breakpoint {item.number} had a callback, which is lost: it stops at each hit")


def _catch(client: Client, saved: dict[str, Any]) -> AnyStoppoint:
    points = client.breakpoints
    if saved["number"] == PANIC_STOP:
        points.stop_at_panics("on")
        item = points[PANIC_STOP]
    else:
        item = points.catch(saved["kind"], *saved["which"])
    for name in _OF_CATCHES:
        setattr(item, name, saved[name])
    return item


def name_of(saved: dict[str, Any]) -> str:
    """Return how to call a stoppoint that could not be added."""
    kind = str(saved.get("type", "breakpoint")).lower()
    what = saved.get("text") or saved.get("expression") or saved.get("kind") or "?"
    return f"{kind} {saved.get('number', '?')} ({what})"


def _find_frame(client: Client, saved: dict[str, Any], *, held: bool) -> StackFrame | None:
    """Return the frame in which a watched expression means the bytes that it meant.

    Raises:
        StateError: There is none.
    """
    if saved["scoped"] and not held:
        raise StateError("it watched a variable of a function, and the program has run since")
    expected = (saved["address"], saved["size"])
    for frame in _candidates(client, saved):
        try:
            value = client.evaluate(saved["expression"], frame)
        except CrabtrapError:
            continue  # names of another function
        if (value.address, value.type.size) == expected:
            return frame
    raise StateError(f"the expression does not mean the bytes at {expected[0]:#x} any more")


def _candidates(client: Client, saved: dict[str, Any]) -> Iterator[StackFrame]:
    """Yield the frame of the watched expression, or where it needs none, the selected one."""
    if not saved["cfa"]:
        yield client.frame
        return
    try:
        thread = client.frame.process.thread(saved["home"])
        for index in range(_MOST_FRAMES):
            frame = thread.frame(index)
            if frame.cfa == saved["cfa"]:
                yield frame
    except (NotFoundError, RangeError):
        pass
    if not saved["scoped"]:
        yield client.frame
