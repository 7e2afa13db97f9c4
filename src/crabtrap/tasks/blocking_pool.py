"""Which calls wait for a thread of a runtime's pool for blocking ones, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import find_part
from crabtrap.tasks.std_items import items_of
from crabtrap.tasks.waits.pointers import pointer_in
from crabtrap.tasks.waits.wait import QueuePlace
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.address import Address
    from crabtrap.tasks.runtime_layouts import RuntimeLayout
    from crabtrap.values import Value


def places_in_pool(layout: RuntimeLayout, handle: Value, most: int) -> dict[Address, QueuePlace]:
    """Find the places of queued calls by the addresses of their tasks.

    Args:
        layout: Of the runtime.
        handle: The pointer to its handle.
        most: How many there can be; a longer queue is damaged.
    """
    try:
        queued = list(_queued(layout, handle, most))
    except CrabtrapError as error:
        why_unreadable(error)
        return {}  # another layout, or a queue that was just being changed
    return {
        address: QueuePlace(number, len(queued)) for number, address in enumerate(queued, start=1)
    }


def _queued(layout: RuntimeLayout, handle: Value, most: int) -> Iterator[Address]:
    queue = find_part(handle, layout.blocking_calls)
    for item in () if queue is None else items_of(queue, most):
        task = find_part(item, layout.blocking_task)
        pointer = None if task is None else pointer_in(task)
        if pointer is not None:
            yield pointer.pointer_address()
