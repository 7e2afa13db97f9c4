"""Trapped addresses: their owners, and the difference to what the target has inserted.

A ``Site`` exists as long as it has an owner: a breakpoint, a plan, a catchpoint.
Acquiring and releasing sends nothing; ``SiteTable.flush`` sends the difference to the
target at once, so that an address which one owner releases and another acquires in
between is not touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crabtrap.address import Address
from crabtrap.log import Log
from crabtrap.records import dataclass, field
from crabtrap.target.interface import SiteKind, SiteRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crabtrap.symbols.code_rows import AddressRange
    from crabtrap.target.interface import Control, SiteFailure

_log = Log("crabtrap.engine")

Owner = tuple[str, int]
"""Owner of a site: ``("breakpoint", 3)``, ``("plan", 0)``, ``("panic", 0)``, ..."""

_EXECUTION: tuple[SiteKind, ...] = ("software", "hardware")

_ALWAYS = b"\x22\x01\x27"
"""Agent expression ``const8 1; end``: stop whatever the values of the other conditions."""


class SiteKey(NamedTuple):
    """Identity of a site: owners that acquire the same key share the trap."""

    kind: SiteKind
    address: Address
    size: int = 1


@dataclass(slots=True)
class Site:
    """One trapped address and its owners, each with its condition.

    Attributes:
        key: Kind, address and size.
        owners: Condition by owner, as an agent expression; ``None`` to stop always.
    """

    key: SiteKey
    owners: dict[Owner, bytes | None] = field(default_factory=dict[Owner, bytes | None])

    def request(self, *, evaluates_all: bool) -> SiteRequest:
        """Return the request for the target.

        A target that does not evaluate every condition at each hit (``evaluates_all``) would
        lose counts where owners share a site: it gets a condition only if there is one owner.
        """
        conditions = tuple(each for each in self.owners.values() if each is not None)
        unconditional = len(conditions) < len(self.owners)
        if unconditional and conditions:
            conditions = (*conditions, _ALWAYS) if evaluates_all else ()
        elif len(conditions) > 1 and not evaluates_all:
            conditions = ()
        return SiteRequest(self.key.kind, self.key.address, self.key.size, conditions)


Wanted = tuple[dict[SiteKey, Site], dict[Owner, set[SiteKey]]]
"""All sites, and those of every owner."""


class SiteTable:
    """All sites of a program, and which of them the target has inserted."""

    def __init__(self) -> None:
        self._sites: dict[SiteKey, Site] = {}
        self._inserted: dict[SiteKey, SiteRequest] = {}
        self._failed: dict[SiteKey, str] = {}
        self._owned: dict[Owner, set[SiteKey]] = {}
        # A cache for `owners_at`, which is called several times at every stop.
        self._execution: dict[int, dict[str, tuple[int, ...]]] = {}
        # Sites that the target may have in another state, in order of change.
        self._stale: dict[SiteKey, None] = {}
        # Sites that it may have or not: something was raised when they were sent.
        self._unsure: dict[SiteKey, SiteRequest] = {}

    # Whatever is raised between two lines: a key is stale before anything of it changes,
    # and an owner is known to own it before it does and until it does not any more.

    def acquire(self, key: SiteKey, owner: Owner, condition: bytes | None = None) -> None:
        """Make ``owner`` an owner of the site, which is created if there is none."""
        self._changed(key)
        self._owned.setdefault(owner, set()).add(key)
        self._sites.setdefault(key, Site(key)).owners[owner] = condition

    def release(self, key: SiteKey, owner: Owner) -> None:
        """End one ownership; the next flush removes a site without owners."""
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
        if not owned:
            del self._owned[owner]

    def replace_owned(self, owner: Owner, keys: Iterable[SiteKey]) -> None:
        """Make ``keys`` all the sites of ``owner``, without conditions."""
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
            site = self._sites.get(key)
            if site is None or owner not in site.owners or site.owners[owner] != condition:
                self.acquire(key, owner, condition)

    def release_all(self, owner: Owner) -> None:
        """End every ownership of ``owner``."""
        self.replace_owned(owner, ())

    def owners_at(self, address: Address) -> Mapping[str, tuple[int, ...]]:
        """Return the owners of execution sites at ``address``: their numbers by kind."""
        owners = self._execution.get(address)
        if owners is None:
            owners = self._execution[address] = {}
            for site_kind in _EXECUTION:
                site = self._sites.get(SiteKey(site_kind, address))
                if site is not None:
                    for kind, number in site.owners:
                        owners[kind] = (*owners.get(kind, ()), number)
        return owners

    def _changed(self, key: SiteKey) -> None:
        self._execution.clear()
        self._stale[key] = None

    def watching(self, address: Address) -> tuple[Owner, ...]:
        """Return the owners of the data sites that cover ``address``."""
        return tuple(
            owner
            for key, site in self._sites.items()
            if key.kind not in _EXECUTION and key.address <= address < key.address + key.size
            for owner in site.owners
        )

    def condition_evaluated_by_target(self, address: Address, owner: Owner) -> bool:
        """Whether the target evaluated this owner's condition before it reported the stop."""
        for kind in _EXECUTION:
            key = SiteKey(kind, address)
            site, sent = self._sites.get(key), self._inserted.get(key)
            if site is not None and owner in site.owners:
                condition = site.owners[owner]
                return condition is not None and sent is not None and condition in sent.conditions
        return False

    def condition_sent(self, owner: Owner) -> bool:
        """Whether the target evaluates this owner's condition at each of its sites."""
        sent = [(self._sites[key], self._inserted.get(key)) for key in self._owned.get(owner, ())]
        return bool(sent) and all(
            request is not None and site.owners[owner] in request.conditions
            for site, request in sent
        )

    @property
    def hardware_in_use(self) -> int:
        """Number of debug registers that the present sites need."""
        return sum(1 for key in self._sites if key.kind != "software")

    @property
    def execution_addresses(self) -> frozenset[int]:
        """Addresses with a software or hardware execution site."""
        return frozenset(key.address for key in self._sites if key.kind in _EXECUTION)

    @property
    def failures(self) -> dict[SiteKey, str]:
        """Reason by site, of the sites that the target refused."""
        return dict(self._failed)

    @property
    def inserted(self) -> tuple[SiteRequest, ...]:
        """Requests that the target has inserted and not removed."""
        return tuple(self._inserted.values())

    @property
    def is_stale(self) -> bool:
        """Whether the next ``flush`` may have something to send."""
        return bool(self._stale)

    def flush(self, control: Control, *, evaluates_all: bool) -> None:
        """Send the target the difference between its sites and the wanted ones."""
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
            self._send(control, remove, insert, after, {})
        else:
            self._stale = {}

    def _send(
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
            # Whether the target has them is unknown; sites may be sent twice.
            unsure = {SiteKey(each.kind, each.address, each.size): each for each in remove}
            unsure |= {SiteKey(each.kind, each.address, each.size): each for each in insert}
            self._unsure |= unsure
            self._stale |= dict.fromkeys(unsure)
            self._inserted = {key: each for key, each in after.items() if key not in unsure}
            raise

    @property
    def wanted(self) -> Wanted:
        """Everything that is wanted now, for ``restore``."""
        return self._sites, self._owned

    def suspend(self) -> None:
        """Want nothing of what is wanted now, until ``restore``."""
        self.restore(({}, {}))

    def restore(self, wanted: Wanted) -> None:
        """Want what was wanted before ``suspend``, and nothing else; may be repeated."""
        self._stale |= dict.fromkeys((*self._sites, *wanted[0]))
        self._execution, (self._sites, self._owned) = {}, wanted

    def lift_all(self, control: Control) -> None:
        """Remove every inserted site, for targets that leave traps in memory at a stop."""
        lifted = {**self._unsure, **self._inserted}
        if lifted:
            self._send(control, list(lifted.values()), [], {}, dict.fromkeys(self._sites))

    def forget_inserted(self) -> None:
        """Forget what is inserted: the program's memory is new (``execve``) or gone."""
        self._stale = dict.fromkeys(self._sites)
        self._inserted, self._unsure = {}, {}

    def forget_unmapped(self, ranges: Iterable[AddressRange]) -> None:
        """Forget what was inserted in memory that was unmapped since.

        Servers that keep a list of traps cannot remove those, say so or not, and take them
        for inserted when other memory is mapped there.
        """
        spans = tuple(ranges)
        for key in tuple(self._inserted):
            if any(start <= key.address < end for start, end in spans):
                del self._inserted[key]
                self._stale[key] = None

    def note_failures(self, failures: Iterable[SiteFailure]) -> None:
        """Record what the target refused, for ``failures`` and to try again later."""
        for failure in failures:
            request = failure.request
            key = SiteKey(request.kind, request.address, request.size)
            self._stale[key] = None
            self._failed[key] = failure.message
            self._inserted.pop(key, None)
            _log.debug("site %#x refused: %s", request.address, failure.message)
