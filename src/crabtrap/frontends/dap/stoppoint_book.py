"""The breakpoints that the client wants, and what has become of each.

A client sends all breakpoints of a file, or all of a kind, whenever one of them changes.  Those
that were there before stay as they are: with their numbers and hits, and never absent from a
program that runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.frontends.dap.hit_conditions import parse_hit_condition
from crabtrap.frontends.dap.moved_lines import why_too_far
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import Breakpoint, Client, Frame, Session
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.client_abilities import ClientAbilities


@dataclass(frozen=True, slots=True)
class Wish:
    """A breakpoint as the client wants it.

    Attributes:
        spec: Where: ``PATH:LINE``, a function, ``*ADDRESS``.
        line: That line, 0 for none.
        condition: Rust expression, or ``None``.
        hit_condition: Which hits stop, or ``None``.
        log: Text to log instead of stopping, or ``None``.
        hardware: Use a debug register.
    """

    spec: str
    line: int = 0
    condition: str | None = None
    hit_condition: str | None = None
    log: str | None = None
    hardware: bool = False


@dataclass(frozen=True, slots=True)
class DataWish:
    """A data breakpoint as the client wants it.

    Attributes:
        data: What ``dataBreakpointInfo`` has called the value.
        kind: "write", "read", "readWrite".
        condition: Rust expression, or ``None``.
        hit_condition: Which hits stop, or ``None``.
    """

    data: str
    kind: str = "write"
    condition: str | None = None
    hit_condition: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """What has become of a wish.

    Attributes:
        wish: What was wanted.
        number: The breakpoint's number, ``None`` where it cannot be set.
        error: Why not, ``""`` otherwise.
    """

    wish: Wish
    number: int | None
    error: str = ""


class StoppointBook:
    """The breakpoints of the client, in groups: one for each file and each other kind."""

    def __init__(self, session: Session, client: Client) -> None:
        self._session = session
        self._client = client
        self._groups: dict[str, list[Granted]] = {}
        self.changing = False
        """The client is changing them, and is told by the response what has become of them."""

    def replace(self, group: str, wishes: list[Wish]) -> list[Granted]:
        """Have the breakpoints of a group be these; return what has become of each, in order."""
        self.changing = True
        try:
            left = {index: each for index, each in enumerate(self._groups.get(group, ()))}
            granted = [self._kept(wish, left) or self._add(wish) for wish in wishes]
            for each in left.values():
                self._remove(each)
        finally:
            self.changing = False
        self._groups[group] = granted
        return granted

    def _kept(self, wish: Wish, left: dict[int, Granted]) -> Granted | None:
        """Take the breakpoint that fulfils a wish already from those that are left."""
        for index, each in left.items():
            if each.wish == wish and each.number is not None and self._find(each.number):
                return left.pop(index)
        return None

    def _add(self, wish: Wish) -> Granted:
        try:
            hits = parse_hit_condition(wish.hit_condition)
            added: list[Breakpoint] = []

            def judge(_frame: Frame) -> bool:
                return hits.test is None or hits.test(added[0].hits)

            item = self._client.breakpoints.add(
                wish.spec,
                condition=wish.condition,
                log=wish.log,
                ignore=hits.ignore,
                hardware=wish.hardware,
                callback=judge if hits.test is not None else None,
            )
        except CrabtrapError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return Granted(wish, None, f"{error}{hint}")
        too_far = why_too_far(self._session, item, wish.line) if wish.line else ""
        if too_far:
            self._client.breakpoints.remove(item.number)
            return Granted(wish, None, too_far)
        added.append(item)
        return Granted(wish, item.number)

    def _remove(self, granted: Granted) -> None:
        if granted.number is not None and self._find(granted.number):
            self._client.breakpoints.remove(granted.number)

    def _find(self, number: int) -> Breakpoint | None:
        from crabtrap import Breakpoint

        found = next((each for each in self._client.breakpoints if each.number == number), None)
        return found if isinstance(found, Breakpoint) else None

    def group_of(self, number: int) -> str | None:
        """The group of a breakpoint, ``None`` for one that is not the client's."""
        for group, granted in self._groups.items():
            if any(each.number == number for each in granted):
                return group
        return None

    def describe(self, granted: Granted, client: ClientAbilities) -> protocol.Breakpoint:
        """What the client is told of a breakpoint that it wanted."""
        if granted.number is None:
            return {"verified": False, "message": granted.error, "reason": "failed"}
        return self.describe_number(granted.number, client)

    def describe_number(self, number: int, client: ClientAbilities) -> protocol.Breakpoint:
        """What the client is told of a breakpoint that there is."""
        described: protocol.Breakpoint = {"id": number, "verified": False}
        item = self._find(number)
        if item is None:
            return described
        message = " ".join(filter(None, (item.problem, *item.notes)))
        if item.hint:
            message += f" ({item.hint})"
        if message:
            described["message"] = message
        if item.pending:
            described["reason"] = "failed"
            return described
        described["verified"] = True
        first = item.locations[0]
        if first.line is not None:
            described["line"] = client.line_to_client(first.line)
        described["instructionReference"] = f"{first.address:#x}"
        return described
