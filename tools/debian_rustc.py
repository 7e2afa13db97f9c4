"""Puts Debian's Rust compilers beside the machine's own, without installing them.

``python tools/debian_rustc.py DIRECTORY`` makes a runnable ``DIRECTORY/NAME/rustc`` for each
of ``COMPILERS``.  Their packages conflict with each other and with rustup's, so they are
downloaded and unpacked instead: no root is needed, nothing outside ``DIRECTORY`` changes.
What is there in the wanted version already is left alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

COMPILERS = {
    "rustc": ("rustc", 0),
    "rustc-web": ("rustc-web", 0),
    "rustc-web-oldest": ("rustc-web", -1),
}
"""Package, and which of the versions that apt knows, newest first."""

# These make up a compiler; of its other dependencies only what is not installed is taken.
_PARTS = re.compile(r"rustc|libstd-rust")
_DEPENDENCY = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+)(?::\w+)?\s*(?:\(=\s*([^)]+)\))?")
# Relative to the script, so that the directory can be moved.
_WRAPPER = """#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root/usr
LD_LIBRARY_PATH=$root/lib/$(uname -m)-linux-gnu exec "$root/bin/rustc" "$@"
"""


def main() -> None:
    """Unpack each compiler that is not there yet."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        sys.exit("Debian's compilers need apt-get and dpkg, which this machine does not have")
    directory = Path(sys.argv[1]).resolve()
    for name, (package, which) in COMPILERS.items():
        versions = find_versions(package)
        if not versions:
            sys.exit(
                f"apt knows no package {package}\n"
                "try: apt-get update, as root; there is rustc-web in Debian 12 (bookworm)"
            )
        _provide(directory / name, find_parts(package, versions[which]))


def find_versions(package: str) -> tuple[str, ...]:
    """Return the versions of a package that apt can download, newest first."""
    listed = _output("apt-cache", "madison", package)
    return tuple(line.split("|")[1].strip() for line in listed.splitlines() if "Packages" in line)


def find_parts(package: str, version: str) -> tuple[str, ...]:
    """Return ``name=version`` of a compiler's package and of all that it needs and lacks.

    Args:
        package: Name of a Debian package.
        version: Its version, in Debian's notation.
    """
    found: dict[str, str] = {}
    waiting = [(package, version)]
    while waiting:
        name, wanted = waiting.pop()
        if name in found or (not _PARTS.match(name) and name in _installed()):
            continue
        fields = _read_control(name, wanted)
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


def _read_control(name: str, version: str) -> dict[str, str]:
    wanted = f"{name}={version}" if version else name
    shown = _output("apt-cache", "show", "--no-all-versions", wanted)
    lines = (line.partition(": ") for line in shown.splitlines() if line[:1] != " ")
    return {field: value for field, _, value in lines}


def _output(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _provide(directory: Path, parts: tuple[str, ...]) -> None:
    contents = "".join(f"{part}\n" for part in parts)
    listing = directory / "packages"
    if listing.is_file() and listing.read_text() == contents:
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Beside its final place: it appears there whole or not at all.
    with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
        made = Path(temporary) / "made"
        _unpack(_download(parts, Path(temporary)), made / "root")
        (made / "rustc").write_text(_WRAPPER)
        (made / "rustc").chmod(0o755)
        said = subprocess.run(
            [made / "rustc", "--version"], check=False, capture_output=True, text=True
        )
        if said.returncode != 0:
            sys.exit(f"what was unpacked from {', '.join(parts)} does not run:\n{said.stderr}")
        (made / "packages").write_text(contents)
        shutil.rmtree(directory, ignore_errors=True)
        made.rename(directory)
    sys.stdout.write(f"{directory / 'rustc'}: {said.stdout}")


def _download(parts: tuple[str, ...], directory: Path) -> list[Path]:
    # As root, apt would drop to a user who may not write here, and warn of it.
    command = ("apt-get", "-o", "APT::Sandbox::User=root", "--quiet=2", "download", *parts)
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=directory)
    if done.returncode != 0:
        sys.exit(
            f"cannot download {', '.join(parts)}:\n{done.stderr.strip()}\n"
            "try: apt-get update, as root, if a file was not found"
        )
    return sorted(directory.glob("*.deb"))


def _unpack(files: list[Path], root: Path) -> None:
    root.mkdir(parents=True)
    for file in files:
        subprocess.run(["dpkg", "--extract", file, root], check=True)


if __name__ == "__main__":
    main()
