"""Which static a name means, by scoping."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from crabtrap.engine.inspect.statics import Viewpoint, resolve_static
from crabtrap.errors import NotFoundError
from crabtrap.symbols.names import path_segments


@dataclass(frozen=True)
class Static:
    path: str
    declaration_path: str | None
    linkage_name: str | None = None


@dataclass(frozen=True)
class Statics:
    """The part of a module and its image that names are looked up in."""

    path: str
    statics: tuple[Static, ...] = field(default=())

    @property
    def image(self):
        return self

    def find_statics(self, query: str):
        wanted = path_segments(query)
        return tuple(s for s in self.statics if path_segments(s.path)[-len(wanted) :] == wanted)


USER, OTHER = "/home/u/app/src/main.rs", "/cargo/registry/src/x/lib.rs"
PROGRAM = Statics(
    "/home/u/app/target/debug/app",
    (
        Static("app::LIMIT", USER),
        Static("app::net::LIMIT", USER),
        Static("app::net::send::LIMIT", USER),
        Static("app::ONLY", USER),
        Static("app::one::TWICE", USER),
        Static("app::two::TWICE", USER),
        Static("gimli::read::name", OTHER),
        Static("gimli::LIMIT", OTHER),
    ),
)
LIBC = Statics("/lib/x86_64-linux-gnu/libc.so.6", (Static("name", "./login/utmp.c"),))
MODULES = (PROGRAM, LIBC)


def meant(name: str, function: str, module: Statics = PROGRAM) -> str | None:
    view = Viewpoint(function, module, lambda path: path == USER)  # type: ignore[arg-type]
    found = resolve_static(MODULES, name, view)  # type: ignore[arg-type]
    return None if found is None else found[1].path


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("app::net::send", "app::net::send::LIMIT"),
        ("app::net::send<u8>::{closure#0}", "app::net::send::LIMIT"),
        ("app::net::receive", "app::net::LIMIT"),
        ("app::main", "app::LIMIT"),
        ("gimli::read::entry", "gimli::LIMIT"),
    ],
)
def test_a_bare_name_is_looked_up_outward(function: str, expected: str):
    assert meant("LIMIT", function) == expected


def test_a_bare_name_is_never_a_librarys():
    assert meant("name", "app::main") is None
    assert meant("name", "") is None
    assert meant("name", "getutent", LIBC) == "name"
    assert meant("read::name", "app::main") == "gimli::read::name"


def test_a_name_of_the_users_that_is_the_only_one():
    assert meant("ONLY", "core::iter::map") == "app::ONLY"
    assert meant("ONLY", "") == "app::ONLY"
    with pytest.raises(NotFoundError) as caught:
        meant("TWICE", "app::main")
    assert "app::one::TWICE, app::two::TWICE" in caught.value.hint
