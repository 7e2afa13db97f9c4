"""Compilers other than cargo's, and programs built by them.

Debian's are unpacked by ``make test``, the nightly one is rustup's.  They are called
without cargo, whose options an old rustc does not know.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_UNPACKED = Path(__file__).parents[2] / "target" / "toolchains"
_EDITION = "2021"


def find_compiler(toolchain: str) -> tuple[str, ...] | None:
    """Return the command of a compiler, ``None`` where this machine lacks it.

    Args:
        toolchain: ``nightly``, or one of Debian's: ``rustc`` (1.63), ``rustc-web`` (close
            to the newest) or ``rustc-web-oldest`` (1.85 in Debian 12).
    """
    if toolchain != "nightly":
        unpacked = _UNPACKED / toolchain / "rustc"
        return (str(unpacked),) if unpacked.exists() else None
    rustup = shutil.which("rustup")
    if rustup is None:
        return None
    command = (rustup, "run", toolchain, "rustc")
    found = subprocess.run((*command, "--version"), capture_output=True, check=False)
    return command if found.returncode == 0 else None


def compile_package(
    toolchain: str, source: Path, directory: Path, *flags: str, libraries: tuple[Path, ...] = ()
) -> Path:
    """Compile a package whose only dependencies are ``libraries``, with debug information.

    Args:
        toolchain: As for ``find_compiler``, which must have found it.
        source: Its ``main.rs`` or ``lib.rs``.
        directory: Where the result goes, named as cargo names it.
        flags: More options.
        libraries: The ``lib.rs`` of packages it uses.

    Returns:
        The executable; of a ``lib.rs``, the ``.rlib``.

    Raises:
        subprocess.CalledProcessError: It does not compile; the compiler has said why.
    """
    compiler = find_compiler(toolchain)
    assert compiler is not None, f"there is no {toolchain}"
    directory.mkdir(parents=True, exist_ok=True)
    name = source.parents[1].name
    is_library = source.name == "lib.rs"
    result = directory / (f"lib{name}.rlib" if is_library else name)
    used = [compile_package(toolchain, each, directory, *flags) for each in libraries]
    inputs = (*source.parent.iterdir(), *used, Path(compiler[0]))
    if result.exists() and result.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return result
    externs = [f"--extern={path.stem.removeprefix('lib')}={path}" for path in used]
    kind = "rlib" if is_library else "bin"
    options = ["-g", f"--edition={_EDITION}", f"--crate-type={kind}", f"--crate-name={name}"]
    command = [*compiler, *options, *externs, *flags, "-o", result, source]
    subprocess.run(command, check=True, cwd=directory)
    return result
