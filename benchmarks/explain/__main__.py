"""Measure explanations: ``python -m nesy.benchmarks.explain fuzz`` and ``... peers``.

``fuzz`` checks explanations of random programs; exit code 0 where nothing failed, else 1. ``peers``
times explanations beside other tools on the same rules.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from nesy.benchmarks.explain import fuzz
from nesy.benchmarks.explain.peers import compare


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.explain", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    fuzzing = verbs.add_parser("fuzz", help="check explanations of random programs")
    fuzzing.add_argument("--count", type=int, default=2000, help="programs")
    fuzzing.add_argument("--seed", type=int, default=0)
    peers = verbs.add_parser("peers", help="time explanations beside other tools")
    peers.add_argument("--python", type=Path, help="a Python that has xclingo and clingexplaid")
    peers.add_argument("--scasp", type=Path, help="a clone of s(CASP); it needs SWI-Prolog")
    peers.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    if given.verb == "fuzz":
        return _fuzz(given.count, given.seed)
    compare(given.python, given.rounds, given.scasp)
    return 0


def _fuzz(count: int, seed: int) -> int:
    began = time.process_time()
    report = fuzz.run(count, seed)
    for what, number in sorted(report.counts.items()):
        print(f"{number:>8}  {what}")
    with_it = ", ".join(f"{name} {n}" for name, n in report.constructs.most_common())
    print(f"programs with {with_it}")
    print(f"{len(report.faults)} faults, {time.process_time() - began:.0f} s")
    for fault in report.faults[:10]:
        print(f"\n{fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
