"""Everything that can go wrong, as one tree.

* CrabtrapError
  - UsageError                the request itself is off; the user can correct it
    + ParseError
    + NotFoundError
    + RangeError
  - StateError                right request, wrong moment or wrong target
    + UnsupportedError
    + StaleError
    + WrongThreadError
  - TargetError               the program, its kernel or the connection said no
    + MemoryFault
    + ProcessGone
    + RemoteError
    + LaunchError
  - DebugInfoError            a file does not say what is needed
    + MissingDebugInfo

Errors carry fields, not formatted text; ``str()`` gives one sentence naming the
cause, ``hint`` says what to try next.  Anything that is not a ``CrabtrapError``
is a bug.
"""

from __future__ import annotations


class CrabtrapError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        hint: What to try next, one sentence, or ``""``.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(CrabtrapError):
    """The request itself cannot be carried out as it was put."""


class ParseError(UsageError):
    """A command or an expression could not be read.

    Attributes:
        text: The whole input.
        start: First offending character, counted from 0.
        end: One past the last offending character; ``start <= end <= len(text)``.
    """

    def __init__(self, message: str, text: str, start: int, end: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.start = start
        self.end = end


class NotFoundError(UsageError):
    """A name is not known.

    Attributes:
        kind: What was looked for: "function", "variable", "thread", ...
        name: The name as it was given.
        close: Known names that look alike, best first.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        close: tuple[str, ...] = (),
        *,
        hint: str = "",
        message: str = "",
    ) -> None:
        if not hint and close:
            hint = f"did you mean {', '.join(close)}?"
        super().__init__(message or f"no {kind} named {name!r}", hint=hint)
        self.kind = kind
        self.name = name
        self.close = close


class RangeError(UsageError):
    """An index, a line or a count lies outside what exists."""


class StateError(CrabtrapError):
    """The request does not fit the present state of the program or of the session."""


class UnsupportedError(StateError):
    """This target cannot do that at all.

    Attributes:
        ability: The missing ability: "hardware watchpoints", "memory writes", ...
    """

    def __init__(self, ability: str, *, hint: str = "") -> None:
        super().__init__(f"this target does not support {ability}", hint=hint)
        self.ability = ability


class StaleError(StateError):
    """A thread, frame or value of an earlier stop was used after the program ran on."""


class WrongThreadError(StateError):
    """A session was used from a Python thread that does not own it."""


_PUT_BACK = "check what it had done by then: memory it changed and locks it took stay so"


class CallError(CrabtrapError):
    """A function of the program was called and did not return; its thread was put back.

    What it has done to memory stays: locks it holds are held, what it allocated is never freed.
    """

    def __init__(self, message: str, *, hint: str = _PUT_BACK) -> None:
        super().__init__(message, hint=hint)


class TargetError(CrabtrapError):
    """The program, the kernel or the connection refused."""


class MemoryFault(TargetError):
    """Bytes of the program could not be read or written.

    Attributes:
        address: First byte of the range asked for.
        size: Bytes asked for.
    """

    def __init__(self, address: int, size: int, *, detail: str = "", hint: str = "") -> None:
        text = f"cannot access {size} byte{'' if size == 1 else 's'} at {address:#x}"
        super().__init__(f"{text}: {detail}" if detail else text, hint=hint)
        self.address = address
        self.size = size


class ProcessGone(TargetError):
    """The program ended while something was asked of it.

    Attributes:
        status: Its wait status in words, for example ``"exited with code 3"``, or ``""``.
    """

    def __init__(self, status: str = "", *, hint: str = "") -> None:
        super().__init__(f"the program is gone{': ' + status if status else ''}", hint=hint)
        self.status = status


class RemoteError(TargetError):
    """The guard or another remote server answered with an error, or not at all.

    Attributes:
        packet: The request, shortened.
        code: ``errno``-like number of an ``Exx`` answer, or ``None``.
    """

    def __init__(
        self, message: str, *, packet: str = "", code: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.packet = packet
        self.code = code


class LaunchError(TargetError):
    """A program could not be started or attached to; ``hint`` names the way out."""


class DebugInfoError(CrabtrapError):
    """A file's debug information is damaged, contradictory or not what was expected."""


class MissingDebugInfo(DebugInfoError):
    """What was asked for needs debug information that the module does not have.

    Attributes:
        module: Path of the module.
    """

    def __init__(self, module: str, *, hint: str = "") -> None:
        super().__init__(f"{module} has no debug information for this", hint=hint)
        self.module = module
