"""Threads: listed, selected, and commands run for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, NotFoundError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, parse_range
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.stack import show_frame
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.styled_text import Text, columns
from crabtrap.frontends.console.task_view import work_text

if TYPE_CHECKING:
    from crabtrap import Thread
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def info_threads(context: CommandContext, arguments: Arguments) -> Reply:
    """List threads: ``info threads [N…]``."""
    numbers = arguments.numbers()
    current = context.client.thread.tid
    threads = [
        thread for thread in context.session.threads if not numbers or thread.index in numbers
    ]
    data: list[Json] = [
        describe.thread(context.session, thread, current=thread.tid == current)
        for thread in threads
    ]
    rows = [] if context.output.json else [_row(context, thread, current) for thread in threads]
    return Reply({"threads": data}, columns(rows))


def _row(context: CommandContext, thread: Thread, current: int) -> tuple[Text, ...]:
    here = thread.tid == current
    arrow = "▶" if context.output.symbols else "*"
    mark = Text((arrow if here else " ", "marker"), (f" {thread.index:>2}", "number"))
    name = Text((thread.name or "-", "thread"))
    work = work_text(context.session.work_of(thread))
    used = len(mark.plain) + _LONGEST_NAME + 2 * _GAP + len(str(thread.tid)) + _GAP
    where = _where(context, thread, used)
    if work:
        where.add("  [", work, "]")
    return mark, Text((str(thread.tid), "dim")), name, where


def _where(context: CommandContext, thread: Thread, used: int) -> Text:
    """The innermost frame of user code, with its index if it is further out."""
    try:
        top = thread.frame(0)
        if top.is_user or context.preferences.std_frames:
            return frame_text(context, top, used=used)
        own = next((frame for frame in thread.frames(0, _LOOK_OUT) if frame.is_user), None)
    except CrabtrapError as error:
        return Text((f"<{error}>", "dim"))
    if own is None:
        return frame_text(context, top, used=used)
    number, inside = f"#{own.index} ", f"  in {top.function or hex(top.pc)}"
    used += len(number) + len(inside)
    return Text((number, "dim"), frame_text(context, own, used=used), (inside, "dim"))


_LOOK_OUT = 40
_LONGEST_NAME = 15  # TASK_COMM_LEN without its NUL; see prctl(2)
_GAP = 2


def thread(context: CommandContext, arguments: Arguments) -> Reply:
    """Select a thread and show it: ``thread [N]``, ``thread find NAME``."""
    if arguments.literal("find"):
        wanted = arguments.need_rest("a name")
        for one in context.session.threads:
            if wanted in one.name:
                context.client.select_thread(one.index)
                return _shown(context)
        raise NotFoundError("thread", wanted, hint="info threads")
    number = arguments.integer("a thread number")
    arguments.end()
    if number is not None:
        context.client.select_thread(number)
    elif context.client.task is not None:
        context.client.select_thread(context.client.thread.index)
    return _shown(context)


def _shown(context: CommandContext) -> Reply:
    reply = show_frame(context)
    selected = context.client.thread
    data = reply.data | {"thread": describe.thread(context.session, selected, current=True)}
    return Reply(data, [_title(selected), *reply.lines])


def _title(one: Thread) -> Text:
    name = f' "{one.name}"' if one.name else ""
    text = Text((f"Thread {one.index}{name}", "thread"))
    return text.add((f" (tid {one.tid})", "dim"))


def thread_apply(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Run a command for several threads: ``thread apply all|N… COMMAND``."""
    chosen = _chosen(context, arguments)
    command = arguments.need_rest("a command")
    before, frame = context.client.thread.tid, context.client.frame.index
    task = context.client.task
    for number, one in enumerate(chosen):
        if number:
            context.output.say()
        context.client.select_thread(one.index)
        context.output.event(
            "thread", {"index": one.index, "tid": one.tid, "name": one.name}, [_title(one)]
        )
        context.lines.run_nested(command)
    if task is not None and task.process is context.session.process:
        context.client.select_task(task)
        context.client.select_frame(frame)
    elif any(one.tid == before for one in context.session.threads):
        context.client.select_thread(before)
        context.client.select_frame(0 if task is not None else frame)
    return None


def _chosen(context: CommandContext, arguments: Arguments) -> list[Thread]:
    threads = list(context.session.threads)
    if arguments.literal("all"):
        return threads
    known = {one.index for one in threads}
    chosen: set[int] = set()
    while (word := arguments.rest.split(maxsplit=1)[:1]) and word[0][0].isdigit():
        span = parse_range(arguments.need_word("a thread number"))
        if span is None:
            arguments.fail("thread apply needs numbers and ranges of threads")
        if (missing := next((number for number in span if number not in known), None)) is not None:
            raise NotFoundError("thread", str(missing), hint="info threads")
        chosen.update(span)
    if not chosen:
        arguments.fail("thread apply needs `all` or thread numbers")
    return [one for one in threads if one.index in chosen]


GROUP = Group(
    "Threads",
    (
        Command(
            ("info threads", "thread list", "threads"),
            info_threads,
            "List the program's threads",
            ("info threads [NUMBER…]",),
            (("info threads", "each with where it is in your own code"),),
        ),
        Command(
            ("thread", "t", "thread select"),
            thread,
            "Select a thread and show where it is",
            ("thread [NUMBER]", "thread find NAME"),
            (("thread 2", "look at thread 2"), ("thread find worker", "the first with that name")),
        ),
        Command(
            ("thread apply",),
            thread_apply,
            "Run a command for several threads",
            ("thread apply all|NUMBER… COMMAND",),
            (
                ("thread apply all bt", "every backtrace"),
                ("thread apply 2-4 info locals", "variables of three threads"),
            ),
            completes="command",
        ),
    ),
)
