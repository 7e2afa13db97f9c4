"""The native parts of the package; everything else stands in pyproject.toml.

Both land inside the package directory, so that the Python part always finds the
native module and the guard it was built with, wherever pip puts the package.
"""

import os

from setuptools import setup
from setuptools_rust import Binding, RustExtension, Strip

# Line tables are for our own backtraces in development; in a wheel they are most of it.
NATIVE_PARTS = [
    RustExtension(
        "crabtrap._core",
        path="rust/py/Cargo.toml",
        binding=Binding.PyO3,
        debug=False,
        strip=Strip.Debug,
    ),
    RustExtension(
        {"crabtrap-guard": "crabtrap.crabtrap-guard"},
        path="rust/guard/Cargo.toml",
        binding=Binding.Exec,
        debug=False,
        strip=Strip.Debug,
    ),
]

# `make setup` installs the package without them and `make native` builds them in place:
# a Rust error then never stands in the way of the Python tools.
setup(rust_extensions=NATIVE_PARTS if os.environ.get("CRABTRAP_NATIVE", "1") == "1" else [])
