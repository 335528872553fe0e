"""`python -m tests.chaos.hammer`: hammer a real stack for some minutes, then judge it."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.hammer.hammering import hammer
from tests.chaos.hammer.load import load
from tests.chaos.hammer.table import fault_table, stories, table
from tests.chaos.hammer.verdict import judge


def main() -> int:
    """Hammer and judge; the exit code is 1 if a promise was broken."""
    options = _parser().parse_args()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="hammer-"))
    beside = f", beside {options.load} busy processes" if options.load else ""
    print(f"seed {options.seed}, {options.minutes:g} min{beside}, in {folder}", flush=True)
    with load(options.load):
        evidence = hammer(folder, options.seed, 60 * options.minutes, options.verbose)
    verdict = judge(evidence)
    print(table(verdict))
    print(f"{len(evidence.faults)} faults: {fault_table(evidence.faults)}")
    for line in stories(verdict, evidence):
        print(line)
    result = f"{len(verdict.breaches)} breaches" if verdict.breaches else "clean"
    print(f"seed {options.seed}: {result}, {time.monotonic() - began:.0f} s")
    if verdict.breaches:
        return 1
    shutil.rmtree(folder)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.hammer", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=10.0, help="of faults (default: 10)")
    parser.add_argument("--load", type=int, default=0, help="busy processes beside it (default: 0)")
    parser.add_argument("--verbose", action="store_true", help="tell of each fault")
    return parser


if __name__ == "__main__":
    sys.exit(main())
