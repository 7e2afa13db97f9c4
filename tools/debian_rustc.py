"""Puts Debian's Rust compilers beside the machine's own, without installing them.

``python tools/debian_rustc.py DIRECTORY`` makes a runnable ``DIRECTORY/NAME/rustc`` for each
of ``COMPILERS``.  Their packages conflict with each other and with rustup's, so they are
downloaded and unpacked instead: no root is needed, nothing outside ``DIRECTORY`` changes.
What is there in the wanted version already is left alone.  Where apt's lists of packages are
missing or too old, lists of our own are fetched for the time being.

With ``--within SECONDS`` only a compiler that is not there at all is fetched, and where it
cannot be had in that time one line says why: for those who can do without.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

COMPILERS = {
    "rustc": ("rustc", 0),
    "rustc-web": ("rustc-web", 0),
    "rustc-web-oldest": ("rustc-web", -1),
}
"""Package, and which of the versions that apt knows, newest first."""

# As root, apt would drop to a user who may not write where we do, and warn of it.
_OPTIONS = ("APT::Sandbox::User=root", "Acquire::http::Timeout=20", "Acquire::Retries=1")
# These make up a compiler; of its other dependencies only what is not installed is taken.
_PARTS = re.compile(r"rustc|libstd-rust")
_DEPENDENCY = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+)(?::\w+)?\s*(?:\(=\s*([^)]+)\))?")
# Relative to the script, so that the directory can be moved.
_WRAPPER = """#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root/usr
LD_LIBRARY_PATH=$root/lib/$(uname -m)-linux-gnu exec "$root/bin/rustc" "$@"
"""


class CannotProvideError(Exception):
    """A compiler cannot be had; the text says why, first in one line."""


class OtherSystemError(CannotProvideError):
    """This is not the system whose compilers are meant, though it may have some like them."""


@dataclass(frozen=True, slots=True)
class Apt:
    """The commands of apt.

    Attributes:
        options: Settings, each ``NAME=VALUE``.
    """

    options: tuple[str, ...] = _OPTIONS

    def run(self, command: str, *arguments: str, directory: Path | None = None) -> str:
        """Run ``apt-get`` or ``apt-cache`` and return what it prints.

        Raises:
            CannotProvideError: It fails.
        """
        options = (f"--option={option}" for option in self.options)
        return _output(command, *options, *arguments, directory=directory)


def main() -> None:
    """Unpack each compiler that is not there yet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--within", type=int, metavar="SECONDS", help="else go on without")
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    directory: Path = options.directory.resolve()
    if options.within is None:
        try:
            provide(directory, COMPILERS)
        except CannotProvideError as error:
            sys.exit(str(error))
    elif missing := [name for name in COMPILERS if not (directory / name / "rustc").exists()]:
        try:
            with _limited(options.within):
                provide(directory, missing)
        except (CannotProvideError, OSError) as error:
            reason = str(error).partition("\n")[0]
            sys.stdout.write(f"going on without {', '.join(missing)} of Debian: {reason}\n")


def provide(directory: Path, names: Iterable[str]) -> None:
    """Unpack compilers into directories of their names, all or those before the first failure.

    Args:
        directory: Where to.
        names: Keys of ``COMPILERS``.

    Raises:
        CannotProvideError: One cannot be had.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise CannotProvideError(
            "Debian's compilers need apt-get and dpkg, which this machine does not have"
        )
    try:
        _provide_all(Apt(), directory, names)
    except OtherSystemError:
        raise
    except CannotProvideError:
        with _own_lists() as apt:
            _provide_all(apt, directory, names)


def find_versions(apt: Apt, package: str) -> tuple[str, ...]:
    """Return the versions of a package that apt can download, newest first."""
    listed = apt.run("apt-cache", "madison", package)
    return tuple(line.split("|")[1].strip() for line in listed.splitlines() if "Packages" in line)


def find_parts(apt: Apt, package: str, version: str) -> tuple[str, ...]:
    """Return ``name=version`` of a compiler's package and of all that it needs and lacks.

    Args:
        apt: What knows the packages.
        package: Name of a Debian package.
        version: Its version, in Debian's notation.
    """
    found: dict[str, str] = {}
    waiting = [(package, version)]
    while waiting:
        name, wanted = waiting.pop()
        if name in found or (not _PARTS.match(name) and name in _installed()):
            continue
        fields = _read_control(apt, name, wanted)
        found[name] = fields["Version"]
        waiting += parse_dependencies(fields.get("Depends", ""))
    return tuple(f"{name}={version}" for name, version in sorted(found.items()))


def parse_dependencies(text: str) -> list[tuple[str, str]]:
    """Parse a ``Depends`` field into names and exact versions.

    Of alternatives the first is taken; a version that is only bounded is left to apt.

    Example:
        >>> parse_dependencies("libc6 (>= 2.34), libstd-rust-dev (= 1.63.0-2), gcc | cc")
        [('libc6', ''), ('libstd-rust-dev', '1.63.0-2'), ('gcc', '')]
    """
    matches = (_DEPENDENCY.match(part.partition("|")[0]) for part in text.split(","))
    return [(match[1], match[2] or "") for match in matches if match]


@cache
def _installed() -> frozenset[str]:
    """Names of the packages that are installed, and of those they provide."""
    query = "${db:Status-Status}\t${Package}, ${Provides}\n"
    listed = _output("dpkg-query", "--show", f"--showformat={query}")
    lines = (line.partition("\t") for line in listed.splitlines())
    return frozenset(
        re.sub(r"\s.*", "", name.strip())  # without a version
        for status, _, names in lines
        if status == "installed"
        for name in names.split(",")
    )


def _read_control(apt: Apt, name: str, version: str) -> dict[str, str]:
    wanted = f"{name}={version}" if version else name
    shown = apt.run("apt-cache", "show", "--no-all-versions", wanted)
    lines = (line.partition(": ") for line in shown.splitlines() if line[:1] != " ")
    return {field: value for field, _, value in lines}


@contextmanager
def _own_lists() -> Generator[Apt]:
    """An apt with lists of packages that it fetched just now, beside the machine's."""
    with tempfile.TemporaryDirectory() as temporary:
        lists, files = Path(temporary, "lists"), Path(temporary, "files")
        (lists / "partial").mkdir(parents=True)
        (files / "archives" / "partial").mkdir(parents=True)
        places = (f"Dir::State::Lists={lists}", f"Dir::Cache={files}")
        apt = Apt((*_OPTIONS, *places, "APT::Update::Error-Mode=any"))
        apt.run("apt-get", "--quiet=2", "update")
        yield apt


@contextmanager
def _limited(seconds: int) -> Generator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError(f"it is not there after {seconds} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _output(*command: str, directory: Path | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=directory)
    if done.returncode != 0:
        said = done.stderr.strip() or f"status {done.returncode}"
        words = [word for word in command if not word.startswith("-")]
        raise CannotProvideError(f"{' '.join(words)}: {said}")
    return done.stdout


def _provide_all(apt: Apt, directory: Path, names: Iterable[str]) -> None:
    packages = dict.fromkeys(package for package, _ in COMPILERS.values())
    known = {package: find_versions(apt, package) for package in packages}
    if unknown := [package for package, versions in known.items() if not versions]:
        kind = CannotProvideError if unknown == [*packages] else OtherSystemError
        raise kind(f"apt knows no package {unknown[0]}, which Debian 12 (bookworm) has")
    for name in names:
        package, which = COMPILERS[name]
        _provide(apt, directory / name, find_parts(apt, package, known[package][which]))


def _provide(apt: Apt, directory: Path, parts: tuple[str, ...]) -> None:
    contents = "".join(f"{part}\n" for part in parts)
    listing = directory / "packages"
    if listing.is_file() and listing.read_text() == contents:
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Beside its final place: it appears there whole or not at all.
    with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
        made = Path(temporary) / "made"
        apt.run("apt-get", "--quiet=2", "download", *parts, directory=Path(temporary))
        _unpack(sorted(Path(temporary).glob("*.deb")), made / "root")
        (made / "rustc").write_text(_WRAPPER)
        (made / "rustc").chmod(0o755)
        said = subprocess.run(
            [made / "rustc", "--version"], check=False, capture_output=True, text=True
        )
        if said.returncode != 0:
            raise CannotProvideError(
                f"what was unpacked from {', '.join(parts)} does not run:\n{said.stderr}"
            )
        (made / "packages").write_text(contents)
        shutil.rmtree(directory, ignore_errors=True)
        made.rename(directory)
    sys.stdout.write(f"{directory / 'rustc'}: {said.stdout}")


def _unpack(files: list[Path], root: Path) -> None:
    root.mkdir(parents=True)
    for file in files:
        _output("dpkg", "--extract", str(file), str(root))


if __name__ == "__main__":
    main()
