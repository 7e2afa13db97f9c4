"""Who waits for whom, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import Thread
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import Await, Diagnosis, Frame, Hold, Link, Task, Wait


def waiter_text(who: Task | Thread) -> Text:
    """``task 7 app::handle``."""
    if isinstance(who, Thread):
        return Text(("thread ", "thread"), (str(who.index), "number"), " ", (who.name, "thread"))
    return Text((who.title, "thread"), " ", (who.name, "function"))


def wait_lines(one: Wait) -> list[Text]:
    """What is waited for, and below it who can end that."""
    lines = [Text("  => ").add(_resource(one))]
    lines += [Text("       ").add(_holder(each)) for each in one.holders]
    lines += [Text("       ", ("for ", "dim")).add(_joined(task)) for task in one.joined]
    if one.by and not one.holders and one.resource is not None:
        role = " or ".join(one.by)
        lines.append(
            Text((f"       no {role} is known: none is in a variable of a task or thread", "dim"))
        )
    return lines


def waiter_line(who: Task | Thread, where: Await | Frame | None) -> Text:
    """Who waits, and where."""
    return waiter_text(who).add(_place(where))


def diagnosis_lines(one: Diagnosis) -> list[Text]:
    """What is wrong, with everybody who is part of it."""
    count = len(one.links)
    head = f"{one.kind} of {count}:" if count > 1 else f"{one.kind}:"
    more = f" {one.detail}" if one.detail else ""
    lines = [Text((head, "error" if one.is_deadlock else "warning"), more)]
    for link in one.links:
        lines += _link_lines(link)
    for stuck in one.behind:
        lines.append(Text(("  behind it: ", "dim")).add(waiter_text(stuck.who)))
    return lines


def _link_lines(link: Link) -> list[Text]:
    where = link.waits[0].where if link.waits else None
    lines = [Text("  ").add(waiter_line(link.who, where))]
    for hold in link.holds:
        name = f" ({_variable(hold)})"
        lines.append(Text("    has ").add(_what(hold.resource.what, hold.resource.address), name))
    for wait in link.waits:
        lines.append(Text("    waits for ").add(_resource(wait)))
        lines += [Text("      ").add(_joined(task)) for task in wait.joined]
    return lines


def _variable(hold: Hold) -> str:
    if hold.unpolled:
        return f"its future {hold.name}, which nobody polls"
    return hold.name or ("a field" if hold.certain else "a word on its stack")


def _resource(one: Wait) -> Text:
    text = Text(one.what) if one.address is None else _what(one.what, one.address)
    rest = one.text_of_details
    return text.add(f", {rest}") if rest else text


def _what(what: str, address: int) -> Text:
    return Text(what, " ", (f"{address:#x}", "address"))


def _holder(hold: Hold) -> Text:
    verb = {"guard": "held by "}.get(hold.role, f"{hold.role}: ")
    sure = "" if hold.certain else "probably "
    text = Text((sure + verb, "dim")).add(waiter_text(hold.who))
    return text.add(" (", _variable(hold), ")").add(_place(hold.where))


def _joined(who: Task | Thread) -> Text:
    text = waiter_text(who)
    if isinstance(who, Thread):
        return text
    on = f" on thread {who.thread.index}" if who.thread is not None else ""
    queued = f", {who.place.text} for a thread" if who.place is not None else ""
    return text.add(f", {who.state}{on}{queued}")


def _place(where: Await | Frame | None) -> Text:
    if where is None or not where.path:
        return Text()
    return Text(" at ").add(location_text(where.path, where.line))
