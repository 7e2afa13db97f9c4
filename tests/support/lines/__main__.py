"""Count the lines of many random programs: ``make fuzz-lines N=1000 SEED=1``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.lines.compared import compare, missed
from tests.support.lines.generator import Generator
from tests.support.toolchains import find_compiler

_BATCH = 25


def main() -> int:
    """Run batches; print what differs, of optimised code what was missed, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="functions, each of some ten places")
    parser.add_argument("seed", type=int)
    parser.add_argument("--toolchain", default="", help="as in tests.support.toolchains")
    parser.add_argument("--optimised", action="store_true")
    options = parser.parse_args()
    compiler = find_compiler(options.toolchain) if options.toolchain else ("rustc",)
    if compiler is None:
        parser.error(f"there is no {options.toolchain}")
    flags = ("-O",) if options.optimised else ()
    places = wrong = done = 0
    with tempfile.TemporaryDirectory() as directory:
        while done < options.count:
            program = Generator(options.seed + done).program(_BATCH)
            found, differences = compare(program, compiler, Path(directory), *flags)
            if flags:
                differences = missed(program, Path(directory) / "programs", differences)
            for each in differences:
                sys.stdout.write(f"seed {options.seed + done}: {each}\n")
            places, wrong, done = places + found, wrong + len(differences), done + _BATCH
            sys.stdout.write(f"{done} functions, {places} places, {wrong} differences\n")
            sys.stdout.flush()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
