"""Statics and thread-locals by name; on every live back end."""

import pytest

from crabtrap.errors import NotFoundError
from tests.support.backends import Backend
from tests.support.inferiors import build, require_profile
from tests.support.stopped import Stopped

PROFILES = [
    "debug",
    "dwarf5",
    "v0",
    "no-pie",
    "debian-rustc",
    "debian-rustc-web",
    "debian-rustc-web-oldest",
]


def at(backend: Backend, package: str, marker: str, profile: str = "debug") -> Stopped:
    require_profile(profile)
    inferior = build(package, profile)
    stopped = Stopped(backend, inferior.path)
    stopped.run_to(f"main.rs:{inferior.marker(marker)}")
    return stopped


def number(value) -> int:
    """The integer inside an atomic or a cell."""
    return value.integer()


@pytest.mark.parametrize("profile", PROFILES)
def test_statics_are_found_by_trailing_path(backend: Backend, profile: str):
    frame = at(backend, "basics", "statics", profile).thread.frame(0)
    for name in ("COUNTER", "basics::COUNTER", "crate::COUNTER"):
        assert number(frame.lookup(name)) == 10
    assert frame.lookup("MUTABLE").scalar() == -4
    with pytest.raises(NotFoundError):
        frame.lookup("NO_SUCH_STATIC")


@pytest.mark.parametrize("profile", PROFILES)
def test_thread_local_of_the_program(backend: Backend, profile: str):
    thread = at(backend, "basics", "thread_locals", profile).thread
    value = thread.frame(0).lookup("EAGER")
    assert value.absent is None
    assert number(value) == 42
    assert thread.thread_pointer is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_thread_local_of_each_thread(guard: Backend, profile: str):
    stopped = at(guard, "basics", "thread_locals", profile)
    first = stopped.thread
    location = stopped.resolve(f"main.rs:{build('basics').marker('thread_locals')}")[0]
    stopped.break_at(location.address)
    stopped.go()
    second = stopped.thread
    assert second.tid != first.tid
    assert number(second.frame(0).lookup("EAGER")) == 42
    main = second.process.thread(first.tid)
    assert number(main.frame(0).lookup("EAGER")) == 42
    assert main.frame(0).lookup("EAGER").address != second.frame(0).lookup("EAGER").address


def test_thread_local_of_a_library_loaded_later(backend: Backend):
    inferior = build("dynlib")
    stopped = Stopped(backend, inferior.path)
    stopped.run_to(f"main.rs:{inferior.marker('call')}")
    library = stopped.table.find_named("libplugin.so")
    assert library is not None
    # Nothing in this thread has touched it, so it does not exist yet.
    frame = stopped.thread.frame(0)
    assert (
        frame.lookup("DEPTH").absent == "this thread has not used the library's thread-locals yet"
    )
    thread = stopped.run_to("plugin::work")
    assert number(thread.frame(0).lookup("DEPTH")) == 1
    assert number(thread.frame(0).lookup("CALLS")) == 1
