"""The exceptions of the package.

* CrabtrapError
  - UsageError                the request is wrong; the user can correct it
    + ParseError
    + NotFoundError
      . KeyMissingError       also a KeyError
    + RangeError
      . IndexRangeError       also an IndexError
  - StateError                the request is impossible in this state or on this target
    + UnsupportedError
    + StaleError
    + WrongThreadError
    + StillRunningError
  - CancelledError            what was under way was cancelled
  - ShortageError             the system has no more memory, descriptors or room
  - CallError                 a function called in the program did not return
  - TargetError               the program, the kernel or the connection failed
    + MemoryFault
    + ProcessGone
    + RemoteError
    + LaunchError
  - DebugInfoError            debug information is missing or damaged
    + MissingDebugInfo

Errors have fields for programs; ``str()`` is one sentence with the cause, and ``hint`` says
what to try next.  Any other exception is a bug.
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
    """The request is wrong."""


class ParseError(UsageError):
    """A command or an expression could not be parsed.

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
        name: The name as the user wrote it.
        close: Similar names that are known, best first.
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


class KeyMissingError(NotFoundError, KeyError):
    """A value has no such field, or a map no such key: ``value["name"]``."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr of it


class RangeError(UsageError):
    """An index, a line or a count is out of range."""


class IndexRangeError(RangeError, IndexError):
    """A sequence of the program has no such item: ``value[9]``."""


class StateError(CrabtrapError):
    """The request is impossible in the present state of the program or of the session."""


class UnsupportedError(StateError):
    """The target does not support the request.

    Attributes:
        ability: What is not supported: "hardware watchpoints", "system call stops", ...
    """

    def __init__(self, ability: str, *, hint: str = "") -> None:
        super().__init__(f"this target does not support {ability}", hint=hint)
        self.ability = ability


class StaleError(StateError):
    """A thread, frame or value of an earlier stop was used after the program was resumed."""


class WrongThreadError(StateError):
    """A session was used from another Python thread than its own."""


class StillRunningError(StateError):
    """The program did not stop in the time it was given; it runs on and can be waited for.

    Attributes:
        timeout: Seconds it was given.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(
            f"the program has not stopped within {timeout:g} s",
            hint="it runs on: wait for it, or interrupt it",
        )
        self.timeout = timeout


class CancelledError(CrabtrapError):
    """A search or an evaluation was cancelled; nothing has changed by it."""


_PUT_BACK = "check what it had done by then: memory it changed and locks it took stay so"


class ShortageError(CrabtrapError):
    """The system has no more memory, descriptors, processes or room."""


class CallError(CrabtrapError):
    """A function called in the program did not return; its thread's registers were restored.

    Its other effects remain: memory it changed, locks it took, allocations.
    """

    def __init__(self, message: str, *, hint: str = _PUT_BACK) -> None:
        super().__init__(message, hint=hint)


class TargetError(CrabtrapError):
    """The program, the kernel or the connection failed."""


class MemoryFault(TargetError):
    """Bytes of the program could not be read or written.

    Attributes:
        address: First byte of the requested range.
        size: Bytes requested.
    """

    def __init__(self, address: int, size: int, *, detail: str = "", hint: str = "") -> None:
        text = f"cannot access {size} byte{'' if size == 1 else 's'} at {address:#x}"
        super().__init__(f"{text}: {detail}" if detail else text, hint=hint)
        self.address = address
        self.size = size


class ProcessGone(TargetError):
    """The program has ended, before or during the request.

    Attributes:
        status: How it ended, for example ``"exited with code 3"``, or ``""``.
    """

    def __init__(self, status: str = "", *, hint: str = "") -> None:
        super().__init__(f"the program is gone{': ' + status if status else ''}", hint=hint)
        self.status = status


class RemoteError(TargetError):
    """The guard or another remote server replied with an error, or not at all.

    Attributes:
        packet: The beginning of the request.
        code: The number in an ``Exx`` reply, or ``None``.
    """

    def __init__(
        self, message: str, *, packet: str = "", code: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.packet = packet
        self.code = code


class ConnectionLost(RemoteError):
    """The connection to the guard or another server has ended, and with it the debugging."""


class LaunchError(TargetError):
    """A program could not be started or attached to."""


class DebugInfoError(CrabtrapError):
    """A file's debug information is missing, damaged or contradictory."""


class MissingDebugInfo(DebugInfoError):
    """A module does not have the debug information that the request needs.

    Attributes:
        module: Path of the module.
    """

    def __init__(self, module: str, *, hint: str = "") -> None:
        super().__init__(f"{module} has no debug information for this", hint=hint)
        self.module = module
