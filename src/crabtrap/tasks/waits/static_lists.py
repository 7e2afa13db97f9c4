"""Which entry of a list in a static is waited for: such a list tells by places what things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.statics import find_statics, value_of_static
from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import find_part
from crabtrap.signal_names import signal_name
from crabtrap.tasks.std_items import items_of
from crabtrap.tasks.waits.pointers import pointed
from crabtrap.tasks.waits.wait import Resource
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.waits.wait_rules import PlaceRule
    from crabtrap.values import Value

_MOST_ITEMS = 1000


def place_in_list(rules: Iterable[PlaceRule], process: Process, resource: Resource | None) -> str:
    """Say which entry something is, by the first rule that fits; ``""`` where none does."""
    if resource is None:
        return ""
    for rule in rules:
        try:
            for number, item in enumerate(_items(rule, process), start=int(rule.from_one)):
                if _is_same(rule, item, resource):
                    return signal_name(number) if rule.signals else str(number)
        except CrabtrapError as error:
            why_unreadable(error)
    return ""


def _items(rule: PlaceRule, process: Process) -> Iterator[Value]:
    for module, variable in find_statics(process.modules, rule.static):
        found = find_part(value_of_static(process, None, module, variable), rule.items)
        if found is not None:
            yield from items_of(found, _MOST_ITEMS)


def _is_same(rule: PlaceRule, item: Value, resource: Resource) -> bool:
    found = find_part(item, rule.same)
    value = None if found is None else pointed(found)
    if value is None or value.address is None:
        return False
    return Resource("", value.address, value.shape.size or 0).meets(resource)
