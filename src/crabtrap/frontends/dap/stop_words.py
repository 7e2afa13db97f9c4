"""Why the program stopped, in the words of the protocol and in a sentence for people."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, assert_never

from crabtrap import events
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.events import StopReason


@dataclass(frozen=True, slots=True)
class StopWords:
    """A reason to stop.

    Attributes:
        reason: The protocol's word for it.
        description: A clause that says it, without the place.
        text: What belongs to it: the message of a panic, the values of what changed.
    """

    reason: str
    description: str
    text: str = ""


def stop_words(reason: StopReason) -> StopWords:  # noqa: PLR0911, PLR0912, C901
    """Put a reason into words."""
    match reason:
        case events.Started(attached=attached):
            return StopWords("entry", "Attached" if attached else "Started")
        case events.BreakpointHit():
            return StopWords("breakpoint", "Breakpoint hit")
        case events.ConditionFailed(condition=condition, error=error):
            text = f"its condition {condition} cannot be evaluated: {error}"
            return StopWords("breakpoint", "Breakpoint reached", text)
        case events.WatchHit(expression=expression, old=old, new=new):
            change = new if old is None else f"{old} → {new}"
            return StopWords("data breakpoint", f"{expression} changed", f"{expression}: {change}")
        case events.WatchScopeEnded(expression=expression, last=last):
            text = "" if last is None else f"last: {last}"
            return StopWords("data breakpoint", f"{expression} went out of scope", text)
        case events.StepDone(return_value=value):
            return StopWords("step", "Stepped", "" if value is None else f"returned {value}")
        case events.CoroutineEnded(function=function, how=how):
            return StopWords("step", f"{function} has {how}")
        case events.FrameUnwound(function=function):
            return StopWords("step", f"{function} did not return: it panicked")
        case events.SignalReceived():
            return StopWords("exception", f"Signal {reason.name}", _signal_text(reason))
        case events.Panicked():
            return StopWords("exception", "Panic", panic_text(reason))
        case events.Interrupted():
            return StopWords("pause", "Paused")
        case events.Forked(child=child, vfork=vfork):
            return StopWords("fork", f"{'vforked' if vfork else 'Forked'} process {child}")
        case events.Executed(path=path):
            return StopWords("exec", f"Executes {path}")
        case events.SyscallStop(name=name, number=number, entered=entered):
            verb = "Call to" if entered else "Return from"
            return StopWords("syscall", f"{verb} {name or number}")
        case events.LibrariesChanged(loaded=loaded, unloaded=unloaded):
            return StopWords("libraries", "Libraries changed", " ".join((*loaded, *unloaded)))
        case events.Exited():
            return StopWords("exit", f"The program {reason.status}")
        case never:
            assert_never(never)


def panic_text(panic: events.Panicked) -> str:
    """The message of a panic, and where it was raised."""
    message = panic.message if panic.message is not None else "(its message cannot be read)"
    return message if panic.path is None else f"{message}\nat {panic.path}:{panic.line}"


def _signal_text(received: events.SignalReceived) -> str:
    text = f"{received.name}: {signal.strsignal(received.number) or 'a signal'}"
    if received.stack_overflow:
        return f"{text}, the stack has overflowed"
    if received.address is not None:
        text += f" at address {received.address:#x}"
    if received.sender is not None:
        text += f", sent by process {received.sender}"
    return text
