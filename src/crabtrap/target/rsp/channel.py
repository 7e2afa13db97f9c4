"""The byte stream to and from a server: one socket, polled after a brief spin.

A ``KeyboardInterrupt`` may be raised between any two bytecode instructions.  For it never
to lose bytes that the kernel has already delivered, received data and counts of sent bytes
are stored by ``list.extend(map(...))``: system call and storing are one call of C code, and
signal handlers written in Python only run between bytecode instructions.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable
from time import perf_counter

RECEIVE_SIZE = 1 << 16
DEFAULT_SPIN = 150e-6 if len(os.sched_getaffinity(0)) > 1 else 0.0
"""Seconds to spin for a reply before sleeping; none where the server needs our only CPU.

A step, or a run to a near breakpoint, stops within 30-100 us, and waking a sleeper on another
CPU of a virtual machine takes 30 us more.
"""

_SIZES = (RECEIVE_SIZE,)


class Channel:
    """A connected stream socket, and the waits on it and on watched descriptors.

    Attributes:
        spin: Seconds to spin for a reply before sleeping.
        spins, sleeps: How often data came while spinning, and how often a poll was
            needed, for measurements.
    """

    __slots__ = (
        "_callbacks",
        "_poll_all",
        "_poll_socket",
        "_receive",
        "_send",
        "_socket",
        "_wake",
        "_waking",
        "sleeps",
        "spin",
        "spins",
    )

    def __init__(self, connection: socket.socket, *, spin: float = DEFAULT_SPIN) -> None:
        connection.setblocking(False)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._receive = connection.recv
        self._send = connection.send
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        # Other threads wait until it is closed, and do not write into what got its number; a
        # signal's handler in the thread that closes it does not wait.
        self._waking = threading.RLock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._poll_socket = select.poll()
        self._poll_socket.register(connection, select.POLLIN)
        self._poll_all = select.poll()
        self._poll_all.register(connection, select.POLLIN)
        self._poll_all.register(self._wake, select.POLLIN)
        self.spin = spin
        self.spins = 0
        self.sleeps = 0

    @property
    def is_local(self) -> bool:
        """Whether this is a unix socket, which stays on this machine and passes descriptors."""
        return self._socket.family == socket.AF_UNIX

    def send_into(self, sent: list[int], data: bytes) -> bool:
        """Send what the kernel accepts of ``data``, and append the number of bytes to ``sent``.

        Returns:
            False when the socket's buffer is full.

        Raises:
            OSError: The connection is broken.
        """
        try:
            sent.extend(map(self._send, (data,)))
        except BlockingIOError:
            return False
        return True

    def receive_into(self, chunks: list[bytes], spin: float) -> bool:
        """Append what has arrived to ``chunks``, ``b""`` at the end of the stream.

        Args:
            chunks: Received data; grows by one item.
            spin: Seconds to spin for data.

        Returns:
            False when nothing arrived.

        Raises:
            OSError: The connection is broken.
        """
        end = 0.0
        while True:
            try:
                chunks.extend(map(self._receive, _SIZES))
            except BlockingIOError:
                now = perf_counter()
                if not end:
                    end = now + spin
                if now >= end:
                    return False
            else:
                self.spins += 1
                return True

    def receive_descriptor(self, chunks: list[bytes], descriptors: list[int]) -> bool:
        """Like ``receive_into`` without spinning; append received descriptors, too."""
        received: list[tuple[bytes, list[int], int, object]] = []

        def take(size: int) -> tuple[bytes, list[int], int, object]:
            return socket.recv_fds(self._socket, size, 4, socket.MSG_CMSG_CLOEXEC)

        try:
            received.extend(map(take, _SIZES))
        except BlockingIOError:
            return False
        data, found, _, _ = received[0]
        descriptors.extend(found)
        chunks.append(data)
        return True

    def send_descriptors(self, data: bytes, descriptors: tuple[int, ...]) -> int:
        """Send ``data`` with descriptors (``SCM_RIGHTS``); return the number of bytes sent."""
        return socket.send_fds(self._socket, [data], list(descriptors))

    def sleep(self, seconds: float | None, *, writable: bool = False) -> bool:
        """Wait for the socket alone; return False when the time is up."""
        self.sleeps += 1
        events = select.POLLIN | (select.POLLOUT if writable else 0)
        self._poll_socket.modify(self._socket, events)
        return bool(self._poll_socket.poll(_milliseconds(seconds)))

    def sleep_watching(self, seconds: float | None) -> bool:
        """Wait for the socket, ``wake`` or a watched descriptor; call the latter's callback.

        Returns:
            False when the time was up.
        """
        self.sleeps += 1
        ready = self._poll_all.poll(_milliseconds(seconds))
        self._call_back(ready)
        return bool(ready)

    def serve_watched(self) -> None:
        """Call the callbacks of watched descriptors that are readable now."""
        if self._callbacks:
            self._call_back(self._poll_all.poll(0))

    def watch(self, fd: int, ready: Callable[[], None] | None) -> None:
        """Call ``ready`` when ``fd`` becomes readable or is closed; ``None`` ends it."""
        if ready is not None:
            self._callbacks[fd] = ready
            self._poll_all.register(fd, select.POLLIN)
        elif self._callbacks.pop(fd, None) is not None:
            self._poll_all.unregister(fd)

    def wake(self) -> None:
        """End the present or next ``sleep_watching``; safe in threads and signal handlers.

        Nobody waits on a closed channel: nothing is done there.
        """
        with self._waking:
            if self._wake >= 0:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Close the socket; may be repeated."""
        with self._waking:
            fd, self._wake = self._wake, -1  # first: a signal's handler may wake us in between
            if fd >= 0:
                os.close(fd)
        self._socket.close()

    def _call_back(self, ready: list[tuple[int, int]]) -> None:
        for fd, events in ready:
            if fd == self._wake:
                os.eventfd_read(fd)
            elif (callback := self._callbacks.get(fd)) is not None:
                if events & select.POLLNVAL:
                    self.watch(fd, None)
                else:
                    callback()


def _milliseconds(seconds: float | None) -> int | None:
    # Rounded up: with 0 for the last fraction, poll() would return at once again and again.
    return None if seconds is None else max(0, int(seconds * 1000) + 1) if seconds > 0 else 0
