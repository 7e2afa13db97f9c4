"""Backtraces: which frames are shown, which are folded, and their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from crabtrap.frontends import describe
from crabtrap.frontends.console.branch_marks import branch_marks
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.printing import binding_lines, short_options
from crabtrap.frontends.console.recursion import Repetition, repetitions
from crabtrap.frontends.console.styled_text import Text
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import CallStack, StackFrame, Task
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json, JsonObject


_JSON_TEXT = 200


@dataclass(frozen=True, slots=True)
class ChosenFrames:
    """The frames that a backtrace shows.

    Attributes:
        frames: In order, innermost first.
        more: There are frames beyond them.
        end: Why the stack ends irregularly, ``""`` for its regular end or where cut.
        counted: The user has said how many; no recursion is folded then.
    """

    frames: Sequence[StackFrame]
    more: bool
    end: str
    counted: bool = True


@dataclass(frozen=True, slots=True)
class BacktraceStyle:
    """How the frames of a backtrace are shown.

    Attributes:
        full: Each with its local variables.
        values: With the values of arguments.
        selected: The frame that is marked, unless it is the innermost.
        task: The task that the thread runs, whose outermost frame is marked.
    """

    full: bool = False
    values: bool = True
    selected: int | None = None
    task: Task | None = None


def choose_frames(stack: CallStack, count: int | None) -> ChosenFrames:
    """Choose all frames, the innermost ``count``, or the outermost ``-count``."""
    if count is None:
        return ChosenFrames(stack.frames(), False, stack.backtrace_end_reason, counted=False)
    if count < 0:
        return ChosenFrames(stack.frames()[count:], False, stack.backtrace_end_reason)
    frames = stack.frames(0, count + 1)
    return ChosenFrames(frames[:count], len(frames) > count, "")


def backtrace_data(context: CommandContext, chosen: ChosenFrames, *, full: bool) -> JsonObject:
    """The frames for ``--json``; nothing is folded there."""
    rows: list[Json] = []
    options = short_options(_JSON_TEXT)
    for frame in chosen.frames if context.output.json else ():
        row = describe.frame(frame)
        session = context.session
        row["folded"] = frame.folded_reason or None
        row["arguments"] = [describe.binding(session, one, options) for one in frame.arguments()]
        if full:
            row["locals"] = [describe.binding(session, one, options) for one in frame.locals()]
        rows.append(row)
    return {"frames": rows, "more": chosen.more, "end": chosen.end or None}


def backtrace_lines(
    context: CommandContext, chosen: ChosenFrames, style: BacktraceStyle
) -> list[Text]:
    """The lines of a backtrace: one a frame, one for each run of folded frames or recursion."""
    lines: list[Text] = []
    selected = style.selected
    shown = [frame for frame in chosen.frames if not _folds(context, frame, selected)]
    width = len(str(shown[-1].index)) if shown else 1
    marks = branch_marks(chosen.frames, symbols=context.output.symbols)
    start = 0
    for fold in () if chosen.counted else _recursions(chosen.frames, selected):
        lines += _run_lines(context, chosen.frames[start : fold.start], width, style, marks)
        lines.append(_recursion_line(chosen.frames, fold, width))
        start = fold.stop
    lines += _run_lines(context, chosen.frames[start:], width, style, marks)
    if chosen.more:
        lines.append(Text(("(more frames follow)", "dim")))
    if chosen.end:
        lines.append(Text(("the stack ends here: ", "warning"), chosen.end))
    return lines


def _recursions(frames: Sequence[StackFrame], selected: int | None) -> Iterator[Repetition]:
    """Find the repetitions to leave out; the selected frame is never in one."""
    return repetitions([frame.index == selected or _code_place(frame) for frame in frames])


def _code_place(frame: StackFrame) -> tuple[object, ...]:
    """What is the same in each round of a recursion."""
    return frame.function, frame.pc, frame.path, frame.line


def _run_lines(
    context: CommandContext,
    run: Sequence[StackFrame],
    width: int,
    style: BacktraceStyle,
    marks: Mapping[int, str],
) -> list[Text]:
    def kind(frame: StackFrame) -> tuple[bool, str]:
        return _folds(context, frame, style.selected), marks.get(frame.index, "")

    lines: list[Text] = []
    for (folded, mark), group in groupby(run, kind):
        frames = list(group)
        if folded:
            lines.append(_folded_line(frames, width, mark))
            continue
        for frame in frames:
            lines.append(_frame_line(context, frame, width, style, mark))
            if style.full:
                lines += _local_lines(context, frame, width)
    return lines


def _folds(context: CommandContext, frame: StackFrame, selected: int | None) -> bool:
    """Whether a frame goes into a folded run.

    The selected frame never does.  Nor does the innermost, which shows what the thread waits
    for, unless a frame further out is selected, as after a panic; of a task that waits, it
    always shows that.
    """
    if context.preferences.std_frames or frame.index == selected:
        return False
    if frame.is_innermost and not (selected and frame.thread):
        return False
    return frame.folded_reason != ""


def _folded_line(frames: Sequence[StackFrame], width: int, mark: str) -> Text:
    reasons = ", ".join(dict.fromkeys(frame.folded_reason for frame in frames))
    first, last = frames[0].index, frames[-1].index
    numbers = f"#{first}" if first == last else f"#{first}-{last}"
    return Text((f"{'':<{width + 3}}{mark}… {numbers} {reasons}", "dim"))


def _recursion_line(frames: Sequence[StackFrame], fold: Repetition, width: int) -> Text:
    first, last = frames[fold.start].index, frames[fold.stop - 1].index
    what = "the frame above" if fold.cycle == 1 else f"the {fold.cycle} frames above"
    return Text(
        (f"{'':<{width + 3}}… #{first}-{last} {what}, {fold.rounds} times more", "dim"),
        (f"  (`backtrace {last + 1}` shows them)", "dim"),
    )


def _frame_line(
    context: CommandContext, frame: StackFrame, width: int, style: BacktraceStyle, mark: str
) -> Text:
    chosen = frame.index == style.selected != 0
    text = Text((f"#{frame.index:<{width}}", "number"), " ")
    arrow = "▶" if context.output.symbols else ">"
    text.add((arrow if chosen else " ", "marker"), (mark, "dim"))
    addresses = context.preferences.addresses
    text.add(frame_text(context, frame, address=addresses, values=style.values))
    if style.task is not None and frame.index == len(style.task.frames()) - 1:
        text.add((f"  ({style.task.title})", "dim"))
    return text.add((f"  (branch {frame.branch})", "dim")) if frame.branch else text


def _local_lines(context: CommandContext, frame: StackFrame, width: int) -> list[Text]:
    indent = " " * (width + 7)
    found = [line for one in frame.locals() for line in binding_lines(context, one)]
    return [Text(indent, line) for line in found or [Text(("no local variables", "dim"))]]
