"""The action for each signal, as the command ``handle`` sets it."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.errors import NotFoundError, UsageError
from crabtrap.records import dataclass, replace
from crabtrap.signal_names import LAST, signal_name


@dataclass(frozen=True, slots=True)
class SignalAction:
    """One row of ``info signals``.

    Attributes:
        stop: The program stops visibly.
        show: The signal is reported to the user.
        pass_: The signal is delivered to the program.
    """

    stop: bool
    show: bool
    pass_: bool


_STOP = SignalAction(stop=True, show=True, pass_=True)
_QUIET = SignalAction(stop=False, show=False, pass_=True)
_OURS = SignalAction(stop=True, show=True, pass_=False)

# Signals of normal operation, which gdb passes silently by default, too, and the two that
# the C library reserves (cancellation and setxid, nptl(7)).
_EVERYDAY = frozenset(
    ("SIGALRM", "SIGCHLD", "SIGURG", "SIGIO", "SIGVTALRM", "SIGPROF", "SIGWINCH")
) | {"SIG32", "SIG33"}


def parse_signal(text: str) -> int:
    """Return the number of a signal given as ``SIGINT``, ``INT``, ``int`` or ``2``.

    Raises:
        NotFoundError: There is no such signal.
    """
    wanted = text.upper()
    if wanted.isdigit() and 1 <= int(wanted) <= LAST:
        return int(wanted)
    if not wanted.startswith("SIG"):
        wanted = f"SIG{wanted}"
    for number in range(1, LAST + 1):
        if signal_name(number) == wanted:
            return number
    raise NotFoundError("signal", text)


class SignalTable:
    """The action for every signal; starts with gdb's defaults."""

    def __init__(self) -> None:
        self._actions: dict[int, SignalAction] = {}
        for number in range(1, LAST + 1):
            name = signal_name(number)
            if name in ("SIGTRAP", "SIGINT"):
                self._actions[number] = _OURS
            else:
                self._actions[number] = _QUIET if name in _EVERYDAY else _STOP
        self._revision = 0

    @property
    def revision(self) -> int:
        """Number of changes so far; the target is updated when it has grown."""
        return self._revision

    @staticmethod
    def name(number: int) -> str:
        """Name of a Linux signal: ``SIGSEGV``, ``SIG32``, ``SIGRTMIN+3``."""
        return signal_name(number)

    @staticmethod
    def parse(text: str) -> int:
        """Number of a signal given as ``SIGINT``, ``INT``, ``int`` or ``2``.

        Raises:
            NotFoundError: There is no such signal.
        """
        return parse_signal(text)

    def action(self, number: int) -> SignalAction:
        """Return the action for signal ``number``, 1 to 64."""
        return self._actions[number]

    def __iter__(self) -> Iterator[tuple[int, str, SignalAction]]:
        for number, action in sorted(self._actions.items()):
            yield number, signal_name(number), action

    def set(
        self,
        signal: str,
        *,
        stop: bool | None = None,
        show: bool | None = None,
        pass_: bool | None = None,
    ) -> SignalAction:
        """Change one signal's action; ``None`` leaves a part as it is.

        As in gdb, stopping implies showing, and not showing implies not stopping.

        Raises:
            NotFoundError: There is no such signal.
            UsageError: ``stop`` without ``show`` was asked for.
        """
        if stop and show is False:
            raise UsageError("a signal that stops is also shown", hint="use nostop noprint")
        number = parse_signal(signal)
        old = self._actions[number]
        new = replace(
            old,
            stop=stop if stop is not None else (False if show is False else old.stop),
            show=show if show is not None else (True if stop else old.show),
            pass_=old.pass_ if pass_ is None else pass_,
        )
        self._actions[number] = new
        self._revision += 1
        return new

    def silent(self) -> tuple[int, ...]:
        """Return the signals that the target may deliver without a report (``QPassSignals``)."""
        return tuple(n for n, a in self._actions.items() if a == _QUIET)
