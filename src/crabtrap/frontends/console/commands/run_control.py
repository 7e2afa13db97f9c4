"""Commands that resume the program: ``continue``, steps, and runs to a location."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands import launching
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.program_runs import go, require_program
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext


def continue_(context: CommandContext, arguments: Arguments) -> Reply:
    """Let the program run; with N, stop at the Nth hit: ``continue [N]``."""
    count = arguments.count()
    require_program(context)
    return go(context, lambda: context.client.continue_(ignore=count - 1))


def step(context: CommandContext, arguments: Arguments) -> Reply:
    """Step to another line, into the user's functions: ``step [N]``."""
    count = arguments.count()
    require_program(context)
    return go(context, lambda: context.client.step(count))


def next_(context: CommandContext, arguments: Arguments) -> Reply:
    """Step to another line, over calls: ``next [N]``."""
    count = arguments.count()
    require_program(context)
    return go(context, lambda: context.client.next(count))


def stepi(context: CommandContext, arguments: Arguments) -> Reply:
    """Execute instructions: ``stepi [N]``."""
    count = arguments.count()
    require_program(context)
    return _instruction(context, go(context, lambda: context.client.step_instruction(count)))


def nexti(context: CommandContext, arguments: Arguments) -> Reply:
    """Execute instructions, over calls: ``nexti [N]``."""
    count = arguments.count()
    require_program(context)
    return _instruction(context, go(context, lambda: context.client.next_instruction(count)))


def _instruction(context: CommandContext, reply: Reply) -> Reply:
    """Add the next instruction to the reply of a step by instructions."""
    if reply.data["state"] != "stopped":
        return reply
    (found, *_) = context.session.memory.disassemble(context.client.pc, count=1)
    line = Text(("   => ", "marker"), (f"{found.address:#x}", "address"), "  ", found.text)
    return Reply(reply.data | {"instruction": found.text}, [line])


def finish(context: CommandContext, arguments: Arguments) -> Reply:
    """Run until the selected frame returns: ``finish``."""
    arguments.end()
    require_program(context)
    context.output.say(("Run until exit from ", "dim"), frame_text(context, context.client.frame))
    return go(context, context.client.finish)


def async_(context: CommandContext, arguments: Arguments) -> Reply:
    """Step in an async function, and in no other: ``async VERB [N]``."""
    verb = arguments.literal(*_IN_ASYNC)
    if verb is None:
        arguments.fail(f"async takes one of {', '.join(_IN_ASYNC)}")
    require_program(context)
    context.client.need_async()
    return _IN_ASYNC[verb](context, arguments)


def until_resumed(context: CommandContext, arguments: Arguments) -> Reply:
    """Run until the selected async function goes on after an await: ``async until-resumed``."""
    arguments.end()
    return go(context, context.client.until_resumed)


_IN_ASYNC = {"next": next_, "step": step, "finish": finish, "until-resumed": until_resumed}


def until(context: CommandContext, arguments: Arguments) -> Reply:
    """Run to a later line, or to a location in this frame: ``until [LOCATION]``."""
    spec = arguments.take_rest() or None
    require_program(context)
    return go(context, lambda: context.client.until(spec))


def advance(context: CommandContext, arguments: Arguments) -> Reply:
    """Run to a location: ``advance LOCATION``."""
    spec = arguments.need_rest("a location")
    require_program(context)
    return go(context, lambda: context.client.advance(spec))


def jump(context: CommandContext, arguments: Arguments) -> Reply:
    """Continue at another location: ``jump LOCATION``."""
    spec = arguments.need_rest("a location")
    require_program(context)
    return go(context, lambda: context.client.jump(spec))


GROUP = Group(
    "Running",
    (
        *launching.STARTING,
        Command(
            ("continue", "c", "fg", "process continue", "thread continue"),
            continue_,
            "Let the program go on",
            ("continue [COUNT]",),
            (
                ("continue", "until something stops it"),
                ("continue 3", "pass the breakpoint it is at twice more, stop at the third hit"),
            ),
            repeats="line",
        ),
        Command(
            ("step", "s", "thread step-in"),
            step,
            "Go to the next line, into functions of your own",
            ("step [COUNT]",),
            (("step", "one line"), ("step 5", "five lines")),
            "The standard library and dependencies are stepped through, not into: a closure\n"
            "of yours that they call is entered. `set my-code off` steps into everything.",
            repeats="line",
        ),
        Command(
            ("next", "n", "thread step-over"),
            next_,
            "Go to the next line of this function, over calls",
            ("next [COUNT]",),
            (("next", "one line"),),
            "From a function's end it goes to the nearest caller that is your code; where there\n"
            "is none, as at the end of a thread, the program runs on, and a note says so.",
            repeats="line",
        ),
        Command(
            ("finish", "fin", "thread step-out"),
            finish,
            "Run until the selected frame returns and show what it returned",
            ("finish",),
            (("finish", "leave the current function"),),
            "With a frame selected by `up` or `frame`, it leaves that one.",
            repeats="line",
        ),
        Command(
            ("async",),
            async_,
            "Step in an async function: next, step, finish and until-resumed",
            ("async next|step [COUNT]", "async finish", "async until-resumed"),
            (
                ("async next", "as `next`, and an error outside of async functions"),
                ("async until-resumed", "run until the function goes on after an await"),
            ),
            "`next`, `step` and `finish` do the same by themselves in a frame of an async\n"
            "function: they stay in its task, over awaits that are not ready and from thread to\n"
            "thread, and say when it was dropped. With a task selected that waits, they begin\n"
            "where it waits.",
            repeats="line",
        ),
        Command(
            ("until", "u", "thread until"),
            until,
            "Go on to a later line, not back to the start of a loop",
            ("until [LOCATION]",),
            (("until", "leave a loop"), ("until 42", "run to line 42 or the end of this frame")),
            completes="location",
            repeats="line",
        ),
        Command(
            ("advance",),
            advance,
            "Run to a location",
            ("advance LOCATION",),
            (("advance 42", "run to line 42"), ("advance parse", "run to the function parse")),
            completes="location",
        ),
        Command(
            ("stepi", "si", "thread step-inst"),
            stepi,
            "Execute one instruction",
            ("stepi [COUNT]",),
            (("stepi", "one instruction"),),
            repeats="line",
        ),
        Command(
            ("nexti", "ni", "thread step-inst-over"),
            nexti,
            "Execute one instruction, over calls",
            ("nexti [COUNT]",),
            (("nexti", "one instruction"),),
            repeats="line",
        ),
        Command(
            ("jump", "j"),
            jump,
            "Go on from another location",
            ("jump LOCATION",),
            (("jump 17", "go on from line 17"),),
            "Nothing is undone or initialised on the way; stay inside the function.",
            completes="location",
        ),
        *launching.ATTACHING_AND_ENDING,
    ),
)
