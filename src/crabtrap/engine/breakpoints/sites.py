"""Trapped addresses: who wants them, and keeping the target in step.

A ``Site`` exists as long as somebody owns it: a breakpoint, a plan, a catchpoint.
Owners come and go freely; ``SiteTable.flush`` sends the difference to the target in
one go, so that an address which one owner leaves and another takes is never touched.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from crabtrap.address import Address
from crabtrap.log import Log
from crabtrap.records import dataclass, field
from crabtrap.target.interface import SiteKind, SiteRequest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from crabtrap.target.interface import Control, SiteFailure

_log = Log("crabtrap.engine")

Owner = tuple[str, int]
"""Who wants a site: ``("breakpoint", 3)``, ``("plan", 0)``, ``("panic", 0)``, ..."""

_EXECUTION: tuple[SiteKind, ...] = ("software", "hardware")

_ALWAYS = b"\x22\x01\x27"
"""Agent expression ``const8 1; end``: stop whatever the other conditions say."""


class SiteKey(NamedTuple):
    """What makes two wishes the same trap."""

    kind: SiteKind
    address: Address
    size: int = 1


@dataclass(slots=True)
class Site:
    """One trapped place and its owners, each with its condition (``None`` = always)."""

    key: SiteKey
    owners: dict[Owner, bytes | None] = field(default_factory=dict[Owner, bytes | None])

    def request(self, *, evaluates_all: bool) -> SiteRequest:
        """What to ask of the target.

        A target that does not evaluate every condition at each hit would lose counts
        as soon as two owners share a site, so there it only gets the lone condition.
        """
        conditions = tuple(each for each in self.owners.values() if each is not None)
        unconditional = len(conditions) < len(self.owners)
        if unconditional and conditions:
            conditions = (*conditions, _ALWAYS) if evaluates_all else ()
        elif len(conditions) > 1 and not evaluates_all:
            conditions = ()
        return SiteRequest(self.key.kind, self.key.address, self.key.size, conditions)


class SiteTable:
    """All sites of a session, and what of them the target has been told."""

    def __init__(self) -> None:
        self._sites: dict[SiteKey, Site] = {}
        self._inserted: dict[SiteKey, SiteRequest] = {}
        self._failed: dict[SiteKey, str] = {}
        self._owned: dict[Owner, set[SiteKey]] = {}
        # Asked several times at every stop; forgotten with every change.
        self._execution: dict[int, tuple[Owner, ...]] = {}
        # Where the target may have something else than is wanted, in order of change.
        self._stale: dict[SiteKey, None] = {}
        # What it may have or not: something was raised when it was told.
        self._unsure: dict[SiteKey, SiteRequest] = {}

    # Whatever is raised between two lines: a key is stale before anything of it changes,
    # and an owner is known to own it before it does and until it does not any more.

    def acquire(self, key: SiteKey, owner: Owner, condition: bytes | None = None) -> None:
        """Make ``owner`` an owner of the site, creating it where needed."""
        self._changed(key)
        self._owned.setdefault(owner, set()).add(key)
        self._sites.setdefault(key, Site(key)).owners[owner] = condition

    def release(self, key: SiteKey, owner: Owner) -> None:
        """End one ownership; a site with no owner left is removed by the next flush."""
        owned = self._owned.get(owner)
        if owned is None or key not in owned:
            return
        self._changed(key)
        site = self._sites.get(key)
        if site is not None:
            site.owners.pop(owner, None)
            if not site.owners:
                del self._sites[key]
                self._failed.pop(key, None)
        owned.discard(key)

    def replace_owned(self, owner: Owner, keys: Iterable[SiteKey]) -> None:
        """Make ``keys`` exactly the sites of ``owner``, all unconditional."""
        wanted = set(keys)
        owned = self._owned.get(owner)
        if not wanted and not owned:
            return
        for key in (owned or set()) - wanted:
            self.release(key, owner)
        for key in wanted - (owned or set()):
            self.acquire(key, owner)

    def replace_conditional(self, owner: Owner, conditions: Mapping[SiteKey, bytes | None]) -> None:
        """Make the sites of ``owner`` exactly these, each with its condition."""
        for key in self._owned.get(owner, set()) - conditions.keys():
            self.release(key, owner)
        for key, condition in conditions.items():
            self.acquire(key, owner, condition)

    def release_all(self, owner: Owner) -> None:
        """End every ownership of ``owner``."""
        self.replace_owned(owner, ())

    def owners_at(self, address: Address) -> tuple[Owner, ...]:
        """Owners of execution sites at ``address``, software and hardware."""
        owners = self._execution.get(address)
        if owners is None:
            sites = (self._sites.get(SiteKey(kind, address)) for kind in _EXECUTION)
            owners = tuple(owner for site in sites if site is not None for owner in site.owners)
            self._execution[address] = owners
        return owners

    def _changed(self, key: SiteKey) -> None:
        self._execution.clear()
        self._stale[key] = None

    def watching(self, address: Address) -> tuple[Owner, ...]:
        """Owners of the data sites that cover ``address``."""
        return tuple(
            owner
            for key, site in self._sites.items()
            if key.kind not in _EXECUTION and key.address <= address < key.address + key.size
            for owner in site.owners
        )

    def condition_evaluated_by_target(self, address: Address, owner: Owner) -> bool:
        """Whether the target judged this owner's own condition before it stopped there."""
        for kind in _EXECUTION:
            key = SiteKey(kind, address)
            site, sent = self._sites.get(key), self._inserted.get(key)
            if site is not None and owner in site.owners:
                condition = site.owners[owner]
                return condition is not None and sent is not None and condition in sent.conditions
        return False

    @property
    def hardware_in_use(self) -> int:
        """Debug registers taken by the sites as they are wished for now."""
        return sum(1 for key in self._sites if key.kind != "software")

    @property
    def execution_addresses(self) -> frozenset[int]:
        """Addresses with a software or hardware execution site."""
        return frozenset(key.address for key in self._sites if key.kind in _EXECUTION)

    @property
    def failures(self) -> dict[SiteKey, str]:
        """Sites the target refused, with its reason."""
        return dict(self._failed)

    @property
    def inserted(self) -> tuple[SiteRequest, ...]:
        """What the target has been told and not told to take back."""
        return tuple(self._inserted.values())

    @property
    def is_stale(self) -> bool:
        """Whether the target may have something else than is wanted."""
        return bool(self._stale)

    def flush(self, control: Control, *, evaluates_all: bool) -> None:
        """Tell the target the difference between what it has and what is wanted."""
        if not self._stale:
            return
        after = dict(self._inserted)
        remove: list[SiteRequest] = []
        insert: list[SiteRequest] = []
        for key in self._stale:
            site, sent = self._sites.get(key), self._inserted.get(key)
            wanted = site.request(evaluates_all=evaluates_all) if site is not None else None
            if wanted == sent and key not in self._unsure:
                continue
            leftover = sent or self._unsure.get(key)
            if leftover is not None and leftover != wanted:
                remove.append(leftover)
                after.pop(key, None)
            if wanted is not None:
                insert.append(wanted)
                after[key] = wanted
                self._failed.pop(key, None)
        if remove or insert:
            _log.debug("sites: -%d +%d", len(remove), len(insert))
            self._tell(control, remove, insert, after, {})
        else:
            self._stale = {}

    def _tell(
        self,
        control: Control,
        remove: list[SiteRequest],
        insert: list[SiteRequest],
        after: dict[SiteKey, SiteRequest],
        stale: dict[SiteKey, None],
    ) -> None:
        """Send changes, after which ``after`` is inserted and ``stale`` is not as wanted."""
        try:
            failures = control.update_sites(remove, insert)
            self._inserted, self._stale, self._unsure = after, stale, {}
            self.note_failures(failures)
        except BaseException:
            # Whether the target has them is not known; they may be sent twice.
            unsure = {SiteKey(each.kind, each.address, each.size): each for each in remove}
            unsure |= {SiteKey(each.kind, each.address, each.size): each for each in insert}
            self._unsure |= unsure
            self._stale |= dict.fromkeys(unsure)
            self._inserted = {key: each for key, each in after.items() if key not in unsure}
            raise

    @contextmanager
    def suspended(self) -> Generator[None]:
        """Want nothing of what is wanted now, until the end; what is acquired meanwhile goes."""
        sites, owned = self._sites, self._owned
        try:
            self._swap({}, {})
            yield
        finally:
            self._swap(sites, owned)

    def _swap(self, sites: dict[SiteKey, Site], owned: dict[Owner, set[SiteKey]]) -> None:
        self._stale |= dict.fromkeys((*self._sites, *sites))
        self._execution, self._sites, self._owned = {}, sites, owned

    def lift_all(self, control: Control) -> None:
        """Take every trap out of memory, for targets that leave them in at a stop."""
        lifted = {**self._unsure, **self._inserted}
        if lifted:
            self._tell(control, list(lifted.values()), [], {}, dict.fromkeys(self._sites))

    def forget_inserted(self) -> None:
        """The program's memory is new (exec, exit): nothing is inserted any more."""
        self._stale = dict.fromkeys(self._sites)
        self._inserted, self._unsure = {}, {}

    def note_failures(self, failures: Iterable[SiteFailure]) -> None:
        """Remember what the target refused, for ``failures`` and to try again later."""
        for failure in failures:
            request = failure.request
            key = SiteKey(request.kind, request.address, request.size)
            self._stale[key] = None
            self._failed[key] = failure.message
            self._inserted.pop(key, None)
            _log.debug("site %#x refused: %s", request.address, failure.message)
