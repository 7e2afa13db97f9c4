"""The origin of code: the user's own, the standard library's, or a dependency's.

Users may want different answers, so the ``UserCode`` policy can be replaced by settings.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function

Origin = Literal["user", "std", "dependency", "unknown"]

# Paths of the standard library's sources: in std's own build, in rustup's rust-src and on
# Debian; some toolchains' units of std have paths relative to the repository.
_STD = re.compile(
    r"""^(?:
        /rustc/[^/]+/
      | .*/lib/rustlib/(?:src/rust|rustc-src)/
      | /usr/src/rustc-[^/]+/
      | (?:\./|/build/[^/]*rustc[^/]*/)?library/
        (?:std|core|alloc|proc_macro|test|panic_\w+|backtrace|unwind|portable-simd
         |compiler-builtins|std_detect|stdarch|rtstartup|sysroot)/
      | /rust/deps/
    )""",
    re.VERBOSE,
)
_SYSTEM_LIBRARIES = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "[vdso]")
"""Directories of the distribution's own libraries, whose sources may have any path."""
_PACKAGE = re.compile(r".*?(?:/registry/src/[^/]+/[^/]+|/git/checkouts/[^/]+/[^/]+)/")
_DEPENDENCY = re.compile(
    r"(?:/registry/src/|/\.cargo/git/checkouts/|/git/checkouts/|^/usr/share/cargo/registry/)"
)
_STD_ROOTS = frozenset(("std", "core", "alloc", "compiler_builtins", "__rustc", "panic_unwind"))


@dataclass(frozen=True, slots=True)
class UserCode:
    """The policy of what counts as the user's own code.

    Attributes:
        user_paths: Path prefixes of the user's code; they win over all other rules.
        foreign_paths: Path prefixes of other code; they win over the built-in rules.
        dependencies_are_user: Show and step into dependencies, too.
    """

    user_paths: tuple[str, ...] = ()
    foreign_paths: tuple[str, ...] = ()
    dependencies_are_user: bool = False

    @staticmethod
    def everything() -> UserCode:
        """The policy by which all code with a known source is the user's."""
        return UserCode(user_paths=("",))  # every path begins with the empty prefix

    def origin_of_path(self, path: str | None) -> Origin:
        """Classify a source path as the debug information names it."""
        if path is None or not path:
            return "unknown"
        if any(path.startswith(prefix) for prefix in self.user_paths):
            return "user"
        if any(path.startswith(prefix) for prefix in self.foreign_paths):
            return "dependency"
        return _builtin_origin(path)

    def is_user_path(self, path: str | None) -> bool:
        """Whether code from ``path`` is the user's; code without a path is not."""
        origin = self.origin_of_path(path)
        return origin == "user" or (origin == "dependency" and self.dependencies_are_user)

    def origin_of_function(self, function: Function | None, path: str | None = None) -> Origin:
        """Classify a function by the file of its declaration, else by ``path``.

        A function that the compiler generated (drop glue, shims) has no declaration and
        belongs to the standard library when its crate does.
        """
        if function is None:
            return "unknown"
        if is_system_library(function.module.path):
            return "dependency"
        declared = function.declaration_path
        origin = self.origin_of_path(declared or path)
        if declared is None and crate_of(function.name) in _STD_ROOTS:
            return "std"
        return origin

    def is_user_function(self, function: Function | None, path: str | None = None) -> bool:
        """Whether ``function`` is the user's own; without debug information it is not."""
        origin = self.origin_of_function(function, path)
        return origin == "user" or (origin == "dependency" and self.dependencies_are_user)


def is_system_library(path: str) -> bool:
    """Whether a module belongs to the distribution, by the directory it is installed in."""
    return path.startswith(_SYSTEM_LIBRARIES)


def registry_package(path: str) -> str | None:
    """Return the directory of the package that a dependency's source is in, with a slash.

    Example:
        >>> registry_package("/home/u/.cargo/registry/src/index-1/rg-14.1.1/src/main.rs")
        '/home/u/.cargo/registry/src/index-1/rg-14.1.1/'
    """
    found = _PACKAGE.match(path)
    return found[0] if found is not None else None


def crate_of(path: str) -> str:
    """Return the crate that a Rust path begins with: ``core`` for ``<core::x::Y as T>::z``."""
    return path.lstrip("<&*").removeprefix("mut ").split("::", 1)[0].split("<", 1)[0]


@lru_cache(maxsize=4096)
def _builtin_origin(path: str) -> Origin:
    if _STD.match(path):
        return "std"
    return "dependency" if _DEPENDENCY.search(path) else "user"
