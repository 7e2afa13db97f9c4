"""The programs under test (inferiors): built once per profile, their lines found by marker.

``python -m tests.support.inferiors`` builds all of them in the usual profiles, so that no
test has to wait for the compiler.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.clock import clock_stopped
from tests.support.needs import require
from tests.support.toolchains import compile_package

WORKSPACE = Path(__file__).parents[1] / "inferiors"
TARGET = WORKSPACE / "target"
USUAL_PROFILES = ("debug", "release-debug")

TOKIO_VERSIONS = ("1.20", "1.28", "1.38", "1.44")
"""Those that some programs are built with besides the newest, each of which is laid out anew."""

EVERY_TOKIO = (
    *USUAL_PROFILES,
    *(f"tokio-{version}{suffix}" for version in TOKIO_VERSIONS for suffix in ("", "-o")),
)
"""Profiles with each of these, unoptimised and optimised."""

# The limit of one compilation, which is a matter of seconds on a machine at rest.
_COMPILE_SECONDS = 900

# Libraries that a program opens at run time; cargo builds only those that it links.
_COMPANIONS = {"dynlib": ("plugin",)}
# Environment variables that would change what is built.
_FOREIGN_SETTINGS = re.compile("RUST(C|FLAGS|C_WRAPPER)|CARGO_(TARGET|BUILD|PROFILE|ENCODED)_.*")
_MARKER = re.compile(r"// @(\w+)")


class InferiorError(Exception):
    """A program could not be built, did not get ready, or has no such marker."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a program is compiled and post-processed.

    Attributes:
        cargo: Name of the cargo profile.
        workspace: Another cargo workspace: the same programs with other versions of a library.
        flags: Options for rustc, on top of the profile's own.
        toolchain: Another compiler than cargo's, see ``tests.support.toolchains``.
        tools: Programs that ``finish`` runs, as ``tests.support.needs`` has them.
        finish: Makes the final file from the compiled one, ``(built, final)``.
    """

    cargo: str = "dev"
    workspace: str = ""
    flags: tuple[str, ...] = ()
    toolchain: str = ""
    tools: tuple[str, ...] = ()
    finish: Callable[[Path, Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Inferior:
    """A built program.

    Attributes:
        path: The executable.
        source: Its main source file.
        profile: Name of the profile it was built with.
    """

    path: Path
    source: Path
    profile: str

    def marker(self, name: str, source: str | None = None) -> int:
        """Return the line of ``// @name``.

        A marker on a line of its own means the line above: the formatter moves a comment
        after ``{`` there.

        Args:
            name: The marker, without ``@``.
            source: Another source file of the same package (``texts.rs``).

        Returns:
            The line, counted from 1.

        Raises:
            InferiorError: The file has no such marker, or has it twice.
        """
        path = self.source.with_name(source) if source else self.source
        lines = _markers(path).get(name, ())
        if len(lines) != 1:
            raise InferiorError(f"{path} has {len(lines)} markers named {name!r}")
        return lines[0]


@dataclass(frozen=True, slots=True)
class RunningInferior:
    """A running program, not under a debugger, that has reported to be ready."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def let_go(self) -> None:
        """Let it go on from where it has called ``ready::stay``."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def build(package: str, profile: str = "debug") -> Inferior:
    """Build a program, or find it built; skip the test where it cannot be.

    The test's clock stands still meanwhile.

    Args:
        package: A directory of ``tests/inferiors/programs``.
        profile: A key of ``PROFILES``.

    Raises:
        InferiorError: The compiler failed; its messages are in the text.
    """
    require_profile(profile)
    with clock_stopped():
        return _build(package, profile)


def require_profile(profile: str) -> None:
    """Skip the test where a profile cannot be built, before it does anything else."""
    toolchain = PROFILES[profile].toolchain
    require(*((toolchain,) if toolchain else ()), *PROFILES[profile].tools)


@contextlib.contextmanager
def running(
    inferior: Inferior, *arguments: str, timeout: float = 10.0
) -> Generator[RunningInferior]:
    """Start a program, wait until it is ready, and kill it afterwards if it still runs.

    Its streams are pipes.

    Args:
        inferior: A program that calls ``ready::say``.
        arguments: Its arguments.
        timeout: Seconds to wait for it to get ready.

    Raises:
        InferiorError: It ended, or did not get ready in time.
    """
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [inferior.path, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(writer,),
        env=os.environ | {"CRABTRAP_READY_FD": str(writer)},
    )
    os.close(writer)
    try:
        wait_ready(reader, timeout)
        yield RunningInferior(process)
    finally:
        os.close(reader)
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_ready(reader: int, timeout: float = 10.0) -> str:
    """Wait until a program has written a line to its ready pipe; return the line.

    Raises:
        InferiorError: The pipe was closed, or ``timeout`` seconds passed.
    """
    deadline = time.monotonic() + timeout
    received = b""
    while not received.endswith(b"\n"):
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([reader], [], [], remaining)[0]:
            raise InferiorError(f"not ready after {timeout} s")
        data = os.read(reader, 4096)
        if not data:
            raise InferiorError("the program ended before it was ready")
        received += data
    return received.decode().rstrip("\n")


@functools.cache
def _markers(path: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for match in _MARKER.finditer(line):
            alone = not line[: match.start()].strip()
            found[match[1]] = (*found.get(match[1], ()), number - alone)
    return found


@functools.cache
def _build(package: str, name: str) -> Inferior:
    profile = PROFILES[name]
    source = WORKSPACE / "programs" / package / "src" / "main.rs"
    if not source.is_file():
        raise InferiorError(f"no program named {package!r} in {WORKSPACE}")
    if profile.toolchain:
        return Inferior(_run_rustc(source, name), source, name)
    if profile.workspace:
        _run_cargo(name, ("--bin", package))
    else:
        packages = (package, *_COMPANIONS.get(package, ()))
        _run_cargo(name, *(("--package", each) for each in packages))
    built = _cargo_directory(name) / package
    if profile.finish is None:
        return Inferior(built, source, name)
    final = TARGET / name / "finished" / package
    with locked(name):
        if not final.exists() or final.stat().st_mtime_ns < built.stat().st_mtime_ns:
            final.parent.mkdir(parents=True, exist_ok=True)
            profile.finish(built, final)
    return Inferior(final, source, name)


def _run_cargo(name: str, *selections: Sequence[str]) -> None:
    profile = PROFILES[name]
    environment = {
        key: value for key, value in os.environ.items() if not _FOREIGN_SETTINGS.fullmatch(key)
    }
    command = ["cargo", "build", "--quiet", "--locked", "--profile", profile.cargo]
    command += ["--target-dir", str(_cargo_target(name))]
    command += [word for selection in selections for word in selection]
    result = subprocess.run(
        command,
        cwd=WORKSPACE / profile.workspace,
        env=environment | {"RUSTFLAGS": " ".join(profile.flags)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMPILE_SECONDS,
    )
    if result.returncode != 0:
        raise InferiorError(f"{' '.join(command)}\n{result.stderr}")


def _run_rustc(source: Path, name: str) -> Path:
    profile = PROFILES[name]
    ready = WORKSPACE / "programs" / "ready" / "src" / "lib.rs"
    with locked(name):
        try:
            return compile_package(
                profile.toolchain, source, TARGET / name, *profile.flags, libraries=(ready,)
            )
        except subprocess.CalledProcessError as error:
            raise InferiorError(str(error)) from error


def _cargo_target(name: str) -> Path:
    # Profiles that only differ in post-processing share one compilation.
    profile = PROFILES[name]
    same = (key for key, other in PROFILES.items() if _compilation(other) == _compilation(profile))
    return TARGET / next(same)


def _compilation(profile: Profile) -> tuple[str, str, tuple[str, ...]]:
    return (profile.cargo, profile.workspace, profile.flags)


def _cargo_directory(name: str) -> Path:
    cargo = PROFILES[name].cargo
    return _cargo_target(name) / ("debug" if cargo == "dev" else cargo)


@contextlib.contextmanager
def locked(name: str) -> Generator[None]:
    """Let nobody else build a profile meanwhile."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (TARGET / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tool(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _strip(built: Path, final: Path) -> None:
    _tool("strip", "--strip-all", "-o", final, built)


def _strip_debug(built: Path, final: Path) -> None:
    _tool("strip", "--strip-debug", "-o", final, built)


def _link_debug(built: Path, final: Path) -> None:
    debug = final.with_suffix(".debug")
    _tool("objcopy", "--only-keep-debug", built, debug)
    _tool("objcopy", "--strip-debug", f"--add-gnu-debuglink={debug}", built, final)


def _compress_zlib(built: Path, final: Path) -> None:
    _tool("objcopy", "--compress-debug-sections=zlib", built, final)


def _compress_zstd(built: Path, final: Path) -> None:
    _tool("objcopy", "--compress-debug-sections=zstd", built, final)


PROFILES: dict[str, Profile] = {
    "debug": Profile(),
    "release-debug": Profile("release-debug"),
    "dwarf5": Profile(flags=("-Cdwarf-version=5",)),
    "v0": Profile(flags=("-Csymbol-mangling-version=v0",)),
    "split-unpacked": Profile(flags=("-Csplit-debuginfo=unpacked",)),
    "split-packed": Profile(flags=("-Csplit-debuginfo=packed",)),
    "split-dwarf5": Profile(flags=("-Csplit-debuginfo=unpacked", "-Cdwarf-version=5")),
    "panic-abort": Profile("panic-abort"),
    "line-tables": Profile(flags=("-Cdebuginfo=line-tables-only",)),
    "line-tables-o": Profile("release-debug", flags=("-Cdebuginfo=line-tables-only",)),
    # With old_std the programs leave out what this std lacks.
    "debian-rustc": Profile(flags=("--cfg=old_std",), toolchain="rustc"),
    "debian-rustc-o": Profile(flags=("--cfg=old_std", "-O"), toolchain="rustc"),
    "debian-rustc-web": Profile(toolchain="rustc-web"),
    "debian-rustc-web-o": Profile(flags=("-O",), toolchain="rustc-web"),
    "debian-rustc-web-oldest": Profile(toolchain="rustc-web-oldest"),
    "debian-rustc-web-oldest-o": Profile(flags=("-O",), toolchain="rustc-web-oldest"),
    "nightly": Profile(toolchain="nightly"),
    **{
        f"tokio-{version}{suffix}": Profile(cargo, f"tokio/{version}")
        for version in TOKIO_VERSIONS
        for suffix, cargo in (("", "dev"), ("-o", "release-debug"))
    },
    "no-pie": Profile(flags=("-Crelocation-model=static",)),
    "stripped": Profile(tools=("strip",), finish=_strip),
    "symbols-only": Profile(tools=("strip",), finish=_strip_debug),
    "debuglink": Profile(tools=("objcopy",), finish=_link_debug),
    "compressed-zlib": Profile(tools=("objcopy",), finish=_compress_zlib),
    "compressed-zstd": Profile(tools=("objcopy",), finish=_compress_zstd),
}


def main() -> None:
    """Build every program in the usual profiles."""
    for profile in USUAL_PROFILES:
        _run_cargo(profile, ("--workspace",))


if __name__ == "__main__":
    main()
