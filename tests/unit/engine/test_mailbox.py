"""Functions of other threads, carried out by the one that owns the session."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from crabtrap.engine.door import Door
from crabtrap.engine.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(Door())


def test_functions_are_called_in_the_order_in_which_they_were_posted(mailbox: Mailbox) -> None:
    called: list[int] = []
    futures = [mailbox.post(lambda n=n: called.append(n)) for n in range(3)]
    assert mailbox
    mailbox.run_posted()
    assert called == [0, 1, 2]
    assert all(each.done() for each in futures)
    assert not mailbox


def test_the_result_is_the_posters(mailbox: Mailbox) -> None:
    good, bad = mailbox.post(lambda: 5), mailbox.post(lambda: 1 // 0)
    mailbox.run_posted()
    assert good.result(0) == 5
    with pytest.raises(ZeroDivisionError):
        bad.result(0)


def test_an_interrupt_is_everybodys_and_the_rest_waits(mailbox: Mailbox) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    first, second = mailbox.post(interrupted), mailbox.post(lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        mailbox.run_posted()
    assert isinstance(first.exception(0), KeyboardInterrupt)
    assert not second.done()
    assert mailbox.wait(0)
    mailbox.run_posted()
    assert second.result(0) == 2


def test_what_is_cancelled_before_its_call_is_not_called(mailbox: Mailbox) -> None:
    called: list[int] = []
    future = mailbox.post(lambda: called.append(1))
    assert future.cancel()
    mailbox.run_posted()
    assert called == []


def test_what_is_posted_by_a_posted_function_comes_next_time(mailbox: Mailbox) -> None:
    inner = []
    mailbox.post(lambda: inner.append(mailbox.post(lambda: 1)))
    mailbox.run_posted()
    assert not inner[0].done()
    mailbox.run_posted()
    assert inner[0].result(0) == 1


def test_a_posted_function_that_serves_others_is_not_called_again(mailbox: Mailbox) -> None:
    called: list[str] = []

    def outer() -> None:
        called.append("outer")
        mailbox.run_posted()

    first, second = mailbox.post(outer), mailbox.post(lambda: called.append("inner"))
    mailbox.run_posted()
    assert called == ["outer", "inner"]
    assert first.done()
    assert second.done()
    mailbox.run_posted()


def test_whoever_waits_is_woken_by_a_post(mailbox: Mailbox) -> None:
    woken: list[int] = []
    wake = lambda: woken.append(1)  # noqa: E731
    mailbox.add_waker(wake)
    mailbox.post(lambda: None)
    assert woken == [1]
    mailbox.remove_waker(wake)
    mailbox.remove_waker(wake)
    mailbox.post(lambda: None)
    assert woken == [1]


def test_a_post_of_another_thread_ends_the_wait(mailbox: Mailbox) -> None:
    assert not mailbox.wait(0)
    poster = threading.Thread(target=mailbox.post, args=(lambda: 1,))
    poster.start()
    assert mailbox.wait(20)
    poster.join()
    mailbox.run_posted()
    assert not mailbox.wait(0)


def test_nobody_waits_for_ever_for_a_mailbox_that_is_closed(mailbox: Mailbox) -> None:
    future = mailbox.post(lambda: 1)
    mailbox.close()
    with pytest.raises(CancelledError):
        future.result(0)
    assert not mailbox


def test_posted_functions_can_be_cancelled_while_they_run() -> None:
    door = Door()
    mailbox = Mailbox(door)
    future = mailbox.post(door.cancel)
    mailbox.run_posted()
    assert future.result(0) is True
    door.check()
