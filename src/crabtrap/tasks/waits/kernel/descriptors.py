"""What the file descriptors of a program are, and who has their other ends."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.lazy import lazy
from crabtrap.tasks.waits.kernel.internet_sockets import internet_sockets
from crabtrap.tasks.waits.kernel.unix_sockets import unix_sockets
from crabtrap.tasks.waits.wait import Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.waits.kernel.unix_sockets import UnixSocket

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_PIPE = re.compile(r"pipe:\[\d+\]")
_EPOLL = "anon_inode:[eventpoll]"
_REGISTERED = re.compile(r"tfd: +(\d+) .*\bdata: +([0-9a-f]+)")
"""See ``proc_pid_fdinfo(5)``."""


class Descriptors:
    """The descriptors of a program at one stop; every table of the kernel is read once."""

    def __init__(self, process: Process) -> None:
        """Look at a program; of one on another machine little is known but numbers."""
        self._process = process

    def describe(self, fd: int) -> Descriptor:
        """Say what a descriptor is."""
        link = self._process.describe_descriptor(fd) or ""
        inode = _SOCKET.fullmatch(link)
        if inode is not None:
            return Descriptor(fd, "socket", self._socket(int(inode[1])) or link)
        if _PIPE.fullmatch(link):
            others = [each for each in self._owners.get(link, ()) if each != f"fd {fd}"]
            return Descriptor(fd, "pipe", ", ".join((link, *(f"also {each}" for each in others))))
        return Descriptor(fd, "", link)

    def registered(self, token: int) -> int | None:
        """Find the descriptor that a poller was given with some number to know it by.

        Runtimes use the address of what they keep about it.
        """
        return self._registered.get(token)

    def _socket(self, inode: int) -> str:
        internet = self._internet.get(inode)
        if internet is not None:
            return internet
        known = self._unix.get(inode)
        return "" if known is None else self._unix_text(known)

    def _unix_text(self, known: UnixSocket) -> str:
        if known.listens:
            return f"unix listening on {known.name}"
        own = f"unix {known.name}" if known.name else "unix"
        peer = self._unix.get(known.peer)
        if peer is None:
            return f"{own}, connected to none" if known.peer == 0 else own
        owners = " and ".join(self._owners.get(f"socket:[{peer.inode}]", ()))
        named = " of ".join(each for each in (peer.name, owners) if each)
        return f"{own} to {named}" if named else own

    @lazy
    def _internet(self) -> dict[int, str]:
        return dict(internet_sockets(self._process))

    @lazy
    def _unix(self) -> dict[int, UnixSocket]:
        return unix_sockets(self._process)

    @lazy
    def _owners(self) -> dict[str, list[str]]:
        """Who has sockets and pipes open, as far as the kernel lets us see."""
        found: dict[str, list[str]] = {}
        for fd in self._process.descriptors:
            link = self._process.describe_descriptor(fd)
            if link is not None and ":[" in link:
                found.setdefault(link, []).append(f"fd {fd}")
        for link, owner in _of_others(self._process.pid) if self._process.is_local else ():
            if owner not in found.setdefault(link, []):
                found[link].append(owner)
        return found

    @lazy
    def _registered(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for fd in self._process.descriptors:
            if self._process.describe_descriptor(fd) == _EPOLL:
                for number, token in _REGISTERED.findall(self._information(fd)):
                    found[int(token, 16)] = int(number)
        return found

    def _information(self, fd: int) -> str:
        try:
            raw = self._process.target.read_file(f"/proc/{self._process.pid}/fdinfo/{fd}")
        except CrabtrapError:
            return ""  # not to be read by us
        return raw.decode("ascii", "replace")


def _of_others(pid: int) -> Iterator[tuple[str, str]]:
    """Yield what other processes have open, those that we may look at."""
    for name in os.listdir("/proc"):
        if not name.isdecimal() or int(name) in (pid, os.getpid()):
            continue
        try:
            owner = f"process {name} {_text_of(f'/proc/{name}/comm')}"
            for fd in os.listdir(f"/proc/{name}/fd"):
                yield os.readlink(f"/proc/{name}/fd/{fd}"), owner
        except OSError:
            continue  # not ours, or it has just ended


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")
