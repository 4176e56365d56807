"""Time one case after the other: ``python -m nesy.benchmarks.speed.one``.

From an observation to the whole Trace as JSON, warm, in CPU milliseconds; by turns with the same
solved over all rules, one control a question. Then what a fresh process takes, in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from nesy import pipeline
from nesy.benchmarks.speed.bulk import spread
from nesy.benchmarks.speed.cases import traces
from nesy.benchmarks.speed.general import over_all_rules
from nesy.exemption import machines_day
from nesy.reason.engine import Engine
from nesy.trace import Case, Trace

# Cases before the first that counts: they parse the texts and fill the caches.
WARMING = 20
SHOWN = Case(id="shown", line="I'm fine.", declared={"context": ("support",)})
NESY = ["-m", "nesy"]
FRESH = {
    "import nesy": ["-c", "import nesy"],
    "nesy --help": [*NESY, "--help"],
    "nesy reason, one case": [*NESY, "reason", "--json"],
    "nesy check, as on each save": [*NESY, "check"],
}


def measure(count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return milliseconds a case, bottom-up and over all rules, one each a case.

    Raises AssertionError where both do not give the same.
    """
    quickly, general = Engine.load(today=machines_day()), over_all_rules(machines_day())
    fast: list[float] = []
    slow: list[float] = []
    for number in range(rounds + 1):
        cases = list(traces(quickly.vocabulary, count if number else WARMING, seed=number))
        for case in cases:
            quick, found = _timed(case, quickly)
            long, expected = _timed(case, general)
            if found != expected:
                raise AssertionError("both ways must give the same")
            if number:
                fast.append(quick)
                slow.append(long)
    return fast, slow


def _timed(case: Trace, engine: Engine) -> tuple[float, str]:
    begin = time.process_time()
    found = pipeline.reason(case, engine=engine).as_json()
    return 1000 * (time.process_time() - begin), found


def fresh(arguments: Sequence[str], rounds: int) -> list[float]:
    """Return the wall milliseconds of fresh processes, the first one not counted."""
    given = Trace(case=SHOWN).as_json()
    found = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments], input=given, text=True, capture_output=True, check=True
        )
        found.append(1000 * (time.perf_counter() - begin))
    return found[1:]


def main(arguments: list[str] | None = None) -> int:
    """Print the timings."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.speed.one")
    parser.add_argument("--count", type=int, default=40, help="cases a round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    fast, slow = measure(given.count, given.rounds)
    ratios = [long / quick for quick, long in zip(fast, slow, strict=True)]
    print(f"one warm case, CPU ms     bottom-up {spread(fast)}   over all rules {spread(slow)}")
    print(f"                          ratio {spread(ratios)}")
    fine = [_timed(Trace(case=SHOWN), engine)[0] for engine in [Engine.load()] * 2 * WARMING]
    print(f"the same line again       {statistics.median(fine[WARMING:]):.2f}")
    for name, command in FRESH.items():
        print(f"{name:<26}{spread(fresh(command, given.rounds))} ms wall")
    return 0


if __name__ == "__main__":
    sys.exit(main())
