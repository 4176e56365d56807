"""Time many cases at once against one by one: ``python -m nesy.benchmarks.speed.bulk``.

Both ways are timed by turns in one process, on cases that are not timed again, in CPU seconds; what
is printed is the median of the rounds with its range. Each round also compares what both ways gave.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import clingo

from nesy import pipeline
from nesy.benchmarks.speed.cases import traces
from nesy.benchmarks.speed.general import over_all_rules
from nesy.exemption import machines_day
from nesy.govern import govern
from nesy.ground import ground
from nesy.interpret import interpret
from nesy.reason import asp
from nesy.reason.bulk import CHUNK, Bulk, raised
from nesy.reason.engine import Engine
from nesy.trace import Trace

T = TypeVar("T")
Facts = list[clingo.Symbol]
# Cases of a round that are also solved one by one.
ALONE = 25


@dataclass
class Timing:
    """Milliseconds a case over the rounds, one by one and many at once."""

    alone: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        ratios = [a / m for a, m in zip(self.alone, self.many, strict=True)]
        return (
            f"one by one {spread(self.alone)} ms   at once {spread(self.many)} ms "
            f"({1000 / statistics.median(self.many):.0f} cases/s)   ratio {spread(ratios)}"
        )


def spread(values: Sequence[float]) -> str:
    """Return the median of values with their range."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}..{max(values):.2f}]"


def _timed(work: Callable[[], T], cases: int) -> tuple[float, T]:
    begin = time.process_time()
    found = work()
    return 1000 * (time.process_time() - begin) / cases, found


def measure(
    engine: Engine, general: Engine, *, count: int, rounds: int, chunk: int
) -> dict[str, Timing]:
    """Return the timings of readings with verdicts' norms, and of whole Traces.

    Raises AssertionError where both ways do not give the same.
    """
    timings = {"readings + norms": Timing(), "whole Traces": Timing()}
    bulk = Bulk(engine.rulebook, engine.weights, engine.static)
    for number in range(rounds + 1):
        some = list(traces(engine.vocabulary, count, seed=number))
        for name, pair in (
            ("readings + norms", _solved(engine, bulk, some, chunk)),
            ("whole Traces", _reasoned(engine, general, some, chunk)),
        ):
            # The first round lifts the rules and fills the caches.
            if number:
                timings[name].alone.append(pair[0])
                timings[name].many.append(pair[1])
    return timings


def _solved(engine: Engine, bulk: Bulk, some: list[Trace], chunk: int) -> tuple[float, float]:
    """Time what the solver answers: one reading and the norms over it for each case."""
    facts = [list(_facts(trace, engine)) for trace in some]

    def alone() -> list[object]:
        found: list[object] = []
        for case in facts[:ALONE]:
            read = interpret(engine.rulebook, engine.weights, case, engine.static)
            seen = [*case, *read.atoms, *read.reads()]
            found.append((read, govern(engine.rulebook, seen, engine.static)))
        return found

    def many() -> list[object]:
        found: list[object] = []
        for at in range(0, len(facts), chunk):
            part = facts[at : at + chunk]
            read = [raised(outcome) for outcome in bulk.interpret(part)]
            seen = [[*f, *r.atoms, *r.reads()] for f, r in zip(part, read, strict=True)]
            found += zip(read, bulk.govern(seen), strict=True)
        return found

    return _both(alone, many, len(some))


def _facts(trace: Trace, engine: Engine) -> Iterator[clingo.Symbol]:
    if trace.observation is not None:
        facts = ground(trace.case, trace.observation, engine.vocabulary)
        yield from asp.symbols([fact.atom for fact in facts])


def _reasoned(
    engine: Engine, general: Engine, some: list[Trace], chunk: int
) -> tuple[float, float]:
    """Time from an observation to the whole Trace as JSON."""

    def alone() -> list[str]:
        return [pipeline.reason(trace, engine=general).as_json() for trace in some[:ALONE]]

    def many() -> list[str]:
        found = pipeline.reason_many(some, engine=engine, chunk=chunk)
        return [trace.as_json() for trace in found]

    return _both(alone, many, len(some))


def _both(
    alone: Callable[[], Sequence[object]], many: Callable[[], Sequence[object]], count: int
) -> tuple[float, float]:
    at_once, found = _timed(many, count)
    one_by_one, expected = _timed(alone, min(ALONE, count))
    if list(found[:ALONE]) != list(expected):
        raise AssertionError("both ways must give the same")
    return one_by_one, at_once


def main(arguments: list[str] | None = None) -> int:
    """Print the timings."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.speed.bulk")
    parser.add_argument("--count", type=int, default=400, help="cases a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chunk", type=int, default=CHUNK)
    parser.add_argument("--packs", help="interpret packs, by commas")
    given = parser.parse_args(arguments)
    packs, today = given.packs.split(",") if given.packs else None, machines_day()
    engine, general = Engine.load(packs, today=today), over_all_rules(today, packs)
    found = measure(engine, general, count=given.count, rounds=given.rounds, chunk=given.chunk)
    for name, timing in found.items():
        print(f"{name:<18}{timing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
