import pytest

from crabtrap.engine.inspect.user_code import UserCode, crate_of
from crabtrap.symbols.code_rows import Function
from tests.support.fake_image import FakeFunction, FakeImage, fake_module

CASES = [
    ("/home/me/app/src/main.rs", "user"),
    ("src/main.rs", "user"),
    ("/home/me/library/core/src/lib.rs", "user"),
    ("/rustc/59807616e1fa/library/core/src/option.rs", "std"),
    ("library/std/src/panicking.rs", "std"),
    ("/usr/src/rustc-1.63.0/library/std/src/rt.rs", "std"),
    ("/root/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs", "std"),
    ("/rust/deps/hashbrown-0.16.1/src/raw/mod.rs", "std"),
    ("/root/.cargo/registry/src/index.crates.io-1949/regex-1.0.0/src/lib.rs", "dependency"),
    ("/home/me/.cargo/git/checkouts/tokio-0/abc/tokio/src/lib.rs", "dependency"),
    ("/usr/share/cargo/registry/memchr-2.5.0/src/lib.rs", "dependency"),
    (None, "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("path", "origin"), CASES)
def test_paths_are_distinguished(path: str | None, origin: str) -> None:
    assert UserCode().origin_of_path(path) == origin
    assert UserCode().is_user_path(path) == (origin == "user")


def test_settings_override_the_rules() -> None:
    policy = UserCode(
        user_paths=("/rustc/",), foreign_paths=("/home/me/vendor/",), dependencies_are_user=True
    )
    assert policy.is_user_path("/rustc/abc/library/core/src/option.rs")
    assert policy.origin_of_path("/home/me/vendor/x/src/lib.rs") == "dependency"
    assert policy.is_user_path("/root/.cargo/registry/src/x/y.rs")
    assert not UserCode(foreign_paths=("/home/me/vendor/",)).is_user_path("/home/me/vendor/x.rs")


def function(name: str, declared: str | None) -> Function:
    image = FakeImage(
        functions=(FakeFunction(name, ((0x1000, 0x1010),), declaration_path=declared),)
    )
    found = fake_module(image).function_at(fake_module(image).address(0x1000))
    assert found is not None
    return found


def test_functions_are_distinguished_by_declaration() -> None:
    policy = UserCode()
    assert policy.is_user_function(function("app::main", "/home/me/app/src/main.rs"))
    assert not policy.is_user_function(function("app::main", "/rustc/abc/library/core/src/x.rs"))
    assert policy.is_user_function(function("app::made", None), "/home/me/app/src/main.rs")
    shim = function("core::ptr::drop_in_place<app::Item>", None)
    assert policy.origin_of_function(shim, "/home/me/app/src/main.rs") == "std"
    assert policy.origin_of_function(None, "/home/me/app/src/main.rs") == "unknown"


def test_crate_of_a_path() -> None:
    assert crate_of("core::ops::f") == "core"
    assert crate_of("<core::x::Y as app::T>::f") == "core"
    assert crate_of("<&mut app::X>::f") == "app"
