"""Events reach every listener, in order, whatever one of them does."""

from __future__ import annotations

import logging

import pytest

from crabtrap.engine.interrupts import Interrupts
from crabtrap.events import Event, Notice
from crabtrap.session.event_hub import EventHub

ONE, TWO, THREE = Notice("one"), Notice("two"), Notice("three")


def test_every_listener_hears_every_event_in_order() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []
    hub.subscribe(lambda event: heard.append(("a", event)))
    hub.subscribe(lambda event: heard.append(("b", event)))
    hub.publish(ONE)
    hub.publish(TWO)
    assert heard == [("a", ONE), ("b", ONE), ("a", TWO), ("b", TWO)]


def test_a_listener_that_raises_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []

    def bad(_event: Event) -> None:
        raise ValueError("mine")

    hub.subscribe(bad)
    hub.subscribe(heard.append)
    with caplog.at_level(logging.ERROR, "crabtrap.session"):
        hub.publish(ONE)
    hub.publish(TWO)
    assert heard == [ONE, TWO]
    assert caplog.records[0].exc_info is not None
    assert "a listener failed at Notice" in caplog.text


def test_what_a_listener_publishes_follows_the_present_event() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []

    def more(event: Event) -> None:
        heard.append(("first", event))
        if event == ONE:
            hub.publish(TWO)
            hub.publish(THREE)

    hub.subscribe(more)
    hub.subscribe(lambda event: heard.append(("second", event)))
    hub.publish(ONE)
    assert heard == [(who, event) for event in (ONE, TWO, THREE) for who in ("first", "second")]


def test_a_listener_cancelled_during_delivery_hears_no_more() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []
    cancels = []

    def first(_event: Event) -> None:
        for cancel in cancels:
            cancel()

    hub.subscribe(first)
    cancels.append(hub.subscribe(heard.append))
    hub.publish(ONE)
    assert heard == []
    cancels[0]()


def test_a_listener_that_cancels_itself_has_heard_the_event() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []

    def once(event: Event) -> None:
        heard.append(event)
        cancel()

    cancel = hub.subscribe(once)
    hub.publish(ONE)
    hub.publish(TWO)
    assert heard == [ONE]


def test_a_listener_subscribed_during_delivery_hears_the_next_event() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []

    def another(event: Event) -> None:
        if event == ONE:
            hub.subscribe(heard.append)

    hub.subscribe(another)
    hub.publish(ONE)
    assert heard == []
    hub.publish(TWO)
    assert heard == [TWO]


def test_the_same_listener_can_be_subscribed_twice() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []
    cancel = hub.subscribe(heard.append)
    hub.subscribe(heard.append)
    hub.publish(ONE)
    cancel()
    hub.publish(TWO)
    assert heard == [ONE, ONE, TWO]


def test_an_interrupt_in_a_listener_leaves_the_hub_in_order() -> None:
    hub, heard = EventHub(Interrupts(lambda: None)), []

    def interrupted(event: Event) -> None:
        if event == ONE:
            hub.publish(TWO)
            raise KeyboardInterrupt

    hub.subscribe(interrupted)
    hub.subscribe(heard.append)
    with pytest.raises(KeyboardInterrupt):
        hub.publish(ONE)
    hub.publish(THREE)
    assert heard == [TWO, THREE]
