"""Delivery of events to listeners."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.log import Log

if TYPE_CHECKING:
    from crabtrap.engine.interrupts import Interrupts
    from crabtrap.events import Event

_log = Log("crabtrap.session")

Listener = Callable[["Event"], None]
Cancel = Callable[[], None]


class EventHub:
    """Delivers every event to every listener.

    Events are delivered one after the other, each to the listeners in the order of their
    subscription; an event that a listener publishes is delivered after the present one.
    An exception of a listener affects neither the other listeners nor the publisher: it is
    logged, with its traceback, by ``crabtrap.session``.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        """Let ``interrupts`` through to the listeners."""
        self._interrupts = interrupts
        self._listeners: dict[object, Listener] = {}
        self._waiting: deque[Event] = deque()
        self._delivering = False

    def subscribe(self, listener: Listener) -> Cancel:
        """Have ``listener`` called with every event from now on.

        Returns:
            A function that ends the subscription; it may be called again.
        """
        key = object()
        self._listeners[key] = listener

        def cancel() -> None:
            self._listeners.pop(key, None)

        return cancel

    def publish(self, event: Event) -> None:
        """Deliver an event, after those being delivered now."""
        if not self._listeners:
            return
        self._waiting.append(event)
        if self._delivering:
            return
        try:
            self._delivering = True
            while self._waiting:
                self._deliver(self._waiting.popleft())
        finally:
            self._delivering = False

    def _deliver(self, event: Event) -> None:
        for key, listener in tuple(self._listeners.items()):
            if key not in self._listeners:
                continue  # cancelled by an earlier listener
            try:
                with self._interrupts.allowed():
                    listener(event)
            except Exception as error:
                _log.error("a listener failed at %s", type(event).__name__, error=error)
