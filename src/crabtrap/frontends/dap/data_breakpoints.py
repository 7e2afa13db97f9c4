"""Data breakpoints: values that the program is to stop at when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, UsageError
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.hit_conditions import parse_hit_condition
from crabtrap.frontends.dap.memory_requests import parse_reference
from crabtrap.frontends.dap.stoppoint_book import DataWish

if TYPE_CHECKING:
    from crabtrap import StackFrame, WatchKind
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply

_MOST_BYTES = 32
"""What four debug registers cover."""

_KINDS: dict[str, WatchKind] = {"write": "write", "read": "read", "readWrite": "access"}


def data_breakpoint_info(adapter: Adapter, arguments: Arguments) -> Reply:
    """Whether a value can be watched, and what it is called from now on."""
    try:
        expression, frame = _named(adapter, arguments)
        value = adapter.client.evaluate(expression, frame)
    except CrabtrapError as error:
        return {"dataId": None, "description": str(error)}
    size = value.type.size or 0
    if value.address is None or not size:
        return {"dataId": None, "description": f"{expression} is not in memory"}
    if size > _MOST_BYTES:
        text = f"{expression} has {size} bytes, and debug registers cover {_MOST_BYTES}"
        return {"dataId": None, "description": f"{text}: watch one part of it"}
    is_static = adapter.client.declaration(expression) is not None if frame is None else False
    data = expression if is_static else f"{value.address:#x} {expression}"
    adapter.watched_places[data] = (expression, frame)
    return {
        "dataId": data,
        "description": expression,
        "accessTypes": ["write", "readWrite"],
        "canPersist": is_static,
    }


def _named(adapter: Adapter, arguments: Arguments) -> tuple[str, StackFrame | None]:
    """Return the expression that is meant, and its frame.

    Raises:
        UsageError: Nothing in Rust names it, or no number has so many bytes.
    """
    name = arguments.text("name")
    if arguments.flag("asAddress"):
        size = arguments.number_or("bytes", 8)
        if size not in (1, 2, 4, 8, 16):
            raise UsageError(f"{size} bytes at an address cannot be watched: 1, 2, 4, 8 or 16 can")
        return f"*({parse_reference(name):#x}usize as *const u{size * 8})", None
    reference = arguments.number_or("variablesReference", 0)
    if not reference:
        return name, adapter.frame(arguments.number_or_none("frameId"))
    container = adapter.references.container(reference)
    expression = container.expression(name)
    if not expression:
        raise UsageError(f"{name} cannot be watched: no expression names it")
    return expression, container.frame


def set_data_breakpoints(adapter: Adapter, arguments: Arguments) -> Reply:
    """Replace the data breakpoints; those that stay keep their numbers."""
    wishes = [
        DataWish(
            each.text("dataId"),
            each.text_or("accessType", "write"),
            each.text_or("condition", "").strip() or None,
            each.text_or_none("hitCondition"),
        )
        for each in arguments.objects("breakpoints")
    ]
    kept = adapter.watched
    there = {each.number for each in adapter.client.breakpoints}
    for wish, number in tuple(kept.items()):
        if wish not in wishes or number not in there:
            del kept[wish]
            if number in there:
                adapter.client.breakpoints.remove(number)
    return {"breakpoints": [_set(adapter, wish) for wish in wishes]}


def _set(adapter: Adapter, wish: DataWish) -> protocol.Breakpoint:
    if wish not in adapter.watched:
        try:
            adapter.watched[wish] = _add(adapter, wish)
        except CrabtrapError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return {"verified": False, "message": f"{error}{hint}", "reason": "failed"}
    return {"id": adapter.watched[wish], "verified": True}


def _add(adapter: Adapter, wish: DataWish) -> int:
    expression, frame = adapter.watched_places.get(wish.data, (wish.data, None))
    hits = parse_hit_condition(wish.hit_condition)
    if hits.test is not None:
        raise UsageError("a data breakpoint counts hits from one on", hint=">=5")
    kind = _KINDS.get(wish.kind)
    if kind is None:
        raise UsageError(f"no access is {wish.kind!r}", hint=", ".join(_KINDS))
    stoppoints = adapter.client.breakpoints
    item = stoppoints.watch(expression, kind=kind, condition=wish.condition, frame=frame)
    if hits.ignore:
        stoppoints.set_ignore(item.number, hits.ignore)
    return item.number


HANDLERS = (
    Handler(
        "dataBreakpointInfo",
        data_breakpoint_info,
        {"supportsDataBreakpoints": True, "supportsDataBreakpointBytes": True},
    ),
    Handler("setDataBreakpoints", set_data_breakpoints, shown=True),
)
