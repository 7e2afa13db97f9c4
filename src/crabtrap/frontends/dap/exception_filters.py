"""What counts as an exception in a Rust program: panics, deadly signals, aborts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, UsageError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import Client, Session
    from crabtrap.frontends.dap import protocol


@dataclass(frozen=True, slots=True)
class PanicFilter:
    """Panics of one kind.

    Attributes:
        name: Its name on the wire.
        label: What users see.
        description: The same, at length.
        default: It is on where nobody has chosen.
        uncaught: Only those that nothing catches.
        own: Only those that the user's code has raised.
    """

    name: str
    label: str
    description: str
    default: bool = False
    uncaught: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Some signals; ``None`` for all that no other filter has."""

    name: str
    label: str
    description: str
    default: bool
    signals: tuple[str, ...] | None


PANICS = (
    PanicFilter("rust_panic", "Panics", "Stop where any panic is raised", default=True),
    PanicFilter(
        "rust_panic_own",
        "Panics of my code",
        "Stop where a panic is raised by your own crates, not inside of dependencies",
        own=True,
    ),
    PanicFilter(
        "rust_panic_uncaught",
        "Uncaught panics",
        "Stop where a panic is raised that ends its thread: no catch_unwind is around it",
        uncaught=True,
    ),
)

SIGNALS = (
    SignalFilter(
        "fatal_signals",
        "Faults",
        "Stop at SIGSEGV (as after a stack overflow), SIGBUS, SIGILL, SIGFPE and SIGSYS",
        default=True,
        signals=("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS"),
    ),
    SignalFilter(
        "abort",
        "Aborts",
        "Stop at SIGABRT: process::abort, a panic while panicking, a failed allocation",
        default=True,
        signals=("SIGABRT",),
    ),
    SignalFilter(
        "other_signals",
        "Other signals",
        "Stop at every other signal that is not part of normal operation",
        default=False,
        signals=None,
    ),
)

_NOBODYS = ("SIGTRAP", "SIGINT")
"""Signals that the debugger itself uses."""

_CONDITION = "a Rust expression, /REGEX/ for the message, or crate NAME"


def described_filters() -> list[protocol.ExceptionBreakpointsFilter]:
    """All filters, as ``initialize`` announces them."""
    panics: list[protocol.ExceptionBreakpointsFilter] = [
        {
            "filter": each.name,
            "label": each.label,
            "description": each.description,
            "default": each.default,
            "supportsCondition": True,
            "conditionDescription": _CONDITION,
        }
        for each in PANICS
    ]
    signals: list[protocol.ExceptionBreakpointsFilter] = [
        {
            "filter": each.name,
            "label": each.label,
            "description": each.description,
            "default": each.default,
        }
        for each in SIGNALS
    ]
    return panics + signals


class ExceptionFilters:
    """The filters that the client has chosen, as catchpoints and actions of signals."""

    def __init__(self, session: Session, client: Client) -> None:
        self._session = session
        self._client = client
        self._catchpoints: dict[tuple[str, str], int] = {}

    def choose(self, chosen: list[tuple[str, str]]) -> list[str]:
        """Have the program stop at these; return why not, each ``""`` where it does.

        Args:
            chosen: Names of filters, each with a condition or ``""``.
        """
        if self._client.breakpoints.panic_stop != "off":
            self._client.breakpoints.stop_at_panics("off")
        for key, number in tuple(self._catchpoints.items()):
            if key not in chosen:
                del self._catchpoints[key]
                if any(each.number == number for each in self._client.breakpoints):
                    self._client.breakpoints.remove(number)
        self._apply_signals({name for name, _ in chosen})
        return [self._add(*each) for each in chosen]

    def _add(self, name: str, condition: str) -> str:
        if any(each.name == name for each in SIGNALS):
            return ""
        found = next((each for each in PANICS if each.name == name), None)
        if found is None:
            return f"there is no filter {name!r}"
        if (name, condition) in self._catchpoints:
            return ""
        try:
            message, crate, expression = _parse_condition(condition)
            item = self._client.breakpoints.catch_panics(
                uncaught=found.uncaught,
                own=found.own,
                message=message,
                crate=crate,
                condition=expression,
            )
        except CrabtrapError as error:
            return str(error)
        self._catchpoints[name, condition] = item.number
        return item.problem

    def _apply_signals(self, names: set[str]) -> None:
        named = {signal for each in SIGNALS for signal in each.signals or ()}
        for _, name, action in self._session.signals:
            if name in _NOBODYS or (not action.show and name not in named):
                continue
            stop = any(
                each.name in names
                and (name in each.signals if each.signals is not None else name not in named)
                for each in SIGNALS
            )
            if stop != action.stop:
                self._session.signals.set(name, stop=stop)


def _parse_condition(text: str) -> tuple[str | None, str | None, str | None]:
    """Return what the message is to match, the crate, and the expression that a condition is.

    Raises:
        UsageError: It begins as a regular expression and does not end as one.

    Example:
        >>> _parse_condition("/index/"), _parse_condition("crate demo")
        (('index', None, None), (None, 'demo', None))
    """
    text = text.strip()
    if not text:
        return None, None, None
    if text.startswith("/"):
        if len(text) < 2 or not text.endswith("/"):
            raise UsageError(f"{text} is no regular expression", hint="/REGEX/")
        return text[1:-1], None, None
    word, _, rest = text.partition(" ")
    if word == "crate" and rest.strip():
        return None, rest.strip(), None
    return None, None, text
