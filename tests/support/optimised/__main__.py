"""Compare many random programs with their values: ``make fuzz-optimised N=100 SEED=1``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.optimised.compared import compare
from tests.support.optimised.generator import Generator
from tests.support.toolchains import find_compiler

_FUNCTIONS = 10
_SHOWN = 20


def main() -> int:
    """Run programs, print what differs, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="programs")
    parser.add_argument("seed", type=int, help="of the first one")
    parser.add_argument("--toolchain", default="", help="as in tests.support.toolchains")
    parser.add_argument("--level", default="3", help="rustc's opt-level")
    options = parser.parse_args()
    compiler = find_compiler(options.toolchain) if options.toolchain else ("rustc",)
    if compiler is None:
        parser.error(f"there is no {options.toolchain}")
    counts: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(options.seed, options.seed + options.count):
            source = Generator(seed).program(_FUNCTIONS)
            flags = (f"-Copt-level={options.level}",)
            found, differences = compare(source, compiler, Path(directory), *flags)
            counts += found
            for each in differences[: max(_SHOWN - wrong, 0)]:
                sys.stdout.write(f"seed {seed}, {each}\n")
            wrong += len(differences)
        sys.stdout.write(f"{options.count} programs, {wrong} differences: {dict(counts)}\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
