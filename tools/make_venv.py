"""Makes the virtual environment ``argv[1]``, also where Python came without ensurepip.

Debian ships ``ensurepip`` as a package of its own. Where it is missing, pip's wheel is
taken from PyPI, checked against the digest the index gives, and made to install itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path

INDEX = "https://pypi.org/simple/pip/"


def main() -> None:
    """Create the environment and make sure that it has pip."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the first thing a user's Python runs
        sys.exit(f"crabtrap needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    directory = Path(sys.argv[1])
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    venv.create(directory, with_pip=has_ensurepip, clear=True, symlinks=True)
    if not has_ensurepip:
        with tempfile.TemporaryDirectory() as temporary:
            wheel = _download_pip(Path(temporary))
            python = directory / "bin" / "python"
            install = ["install", "--quiet", "--no-index", str(wheel)]
            # A wheel is a zip file, and Python runs a package inside one.
            subprocess.run([python, f"{wheel}/pip", *install], check=True)


def _download_pip(directory: Path) -> Path:
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(INDEX, headers=accept)) as answer:
        files = json.load(answer)["files"]
    wheels = [f for f in files if f["filename"].endswith("-py3-none-any.whl") and _fits(f)]
    newest = max(wheels, key=lambda file: file["upload-time"])
    with urllib.request.urlopen(newest["url"]) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit(f"{newest['url']} is not what the index says it is")
    wheel = directory / newest["filename"]
    wheel.write_bytes(data)
    return wheel


def _fits(file: dict[str, object]) -> bool:
    stable = not any(letter in str(file["filename"]).split("-")[1] for letter in "abrc")
    return stable and not file.get("yanked")


if __name__ == "__main__":
    main()
