"""Compare many random places with ``Debug``: ``make fuzz-values N=10000 SEED=1``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.places.compared import compare
from tests.support.places.generator import Generator
from tests.support.toolchains import find_compiler

_BATCH = 250
_SHOWN = 20


def main() -> int:
    """Run batches, print what differs, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="cases: closures, function items, unsized values")
    parser.add_argument("seed", type=int)
    parser.add_argument("--toolchain", default="", help="as in tests.support.toolchains")
    parser.add_argument("--optimised", action="store_true")
    options = parser.parse_args()
    compiler = find_compiler(options.toolchain) if options.toolchain else ("rustc",)
    if compiler is None:
        parser.error(f"there is no {options.toolchain}")
    generator = Generator(options.seed)
    counts: Counter[str] = Counter()
    flags = ("-O",) if options.optimised else ()
    done = wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        while done < options.count:
            program = generator.program(min(_BATCH, options.count - done))
            found, differences = compare(program, compiler, Path(directory), *flags)
            counts += found
            for each in differences[: max(_SHOWN - wrong, 0)]:
                sys.stdout.write(f"{each}\n")
            wrong += len(differences)
            done += len(program.places)
            sys.stdout.write(f"{done} cases, {wrong} differences, places: {dict(counts)}\n")
            sys.stdout.flush()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
