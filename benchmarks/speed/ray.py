"""Reason over many made-up observations by Ray Data: ``python -m nesy.benchmarks.speed.ray``.

What comes out must be the bytes that come out here, without Ray, in the same order. Rates are wall
rates from the first result to the last; what starting took is told beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from nesy import pipeline
from nesy.benchmarks.running.ray_data import mapped
from nesy.benchmarks.speed.cases import trace
from nesy.benchmarks.speed.memory import watched
from nesy.diagnostics import NesyError
from nesy.exemption import machines_day
from nesy.reason.engine import Engine

BATCH = 500
# Batches a worker works on before it is replaced: clingo never forgets a symbol.
LIFE = 60


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: ``rate`` in cases a second, ``first`` the seconds until the first result."""

    workers: int
    cases: int
    seconds: float
    first: float
    rate: float
    megabytes: float
    sha256: str


def worker(today: date) -> Callable[[list[int]], list[bytes]]:
    """Return what reasons over the observations of these numbers, one line of JSON each."""
    engine = Engine.load(today=today)

    def work(numbers: list[int]) -> list[bytes]:
        given = [trace(engine.vocabulary, number) for number in numbers]
        found = pipeline.reason_many(given, engine=engine)
        return [each.as_json().encode() + b"\n" for each in found]

    return work


def numbers(count: int) -> Iterator[list[int]]:
    """Yield the numbers of the observations, a batch at a time."""
    for begin in range(0, count, BATCH):
        yield list(range(begin, min(begin + BATCH, count)))


def ran(count: int, workers: int, today: date, out: BinaryIO | None = None) -> Ran:
    """Reason over ``count`` observations by so many workers of Ray, or here where it is 0."""
    batches, maker = numbers(count), partial(worker, today)
    results: Iterable[list[bytes]]
    results = mapped(batches, maker, workers, LIFE) if workers else map(maker(), batches)
    digest, began, first = hashlib.sha256(), time.monotonic(), 0.0
    done = after_first = 0
    with watched() as memory:
        for some in results:
            for each in some:
                digest.update(each)
                if out is not None:
                    out.write(each)
            if not done:
                first = time.monotonic() - began
            else:
                after_first += len(some)
            done += len(some)
            print(f"\r{done} of {count}", end="", file=sys.stderr, flush=True)
        seconds = time.monotonic() - began
        memory.look()
    print(file=sys.stderr)
    rate = after_first / (seconds - first) if after_first else done / seconds
    return Ran(workers, done, seconds, first, rate, memory.megabytes, digest.hexdigest())


def tell(runs: Sequence[Ran]) -> str:
    """Return the runs as a table, and whether they gave the same."""
    lines = ["where          cases   cases/s   first s   total s   peak MB   sha256"]
    for run in runs:
        where = f"{run.workers} workers" if run.workers else "here"
        lines.append(
            f"{where:<11}{run.cases:>9}{run.rate:>10.0f}{run.first:>10.1f}{run.seconds:>10.1f}"
            f"{run.megabytes:>10.0f}   {run.sha256[:12]}"
        )
    rates = {run.workers: run.rate for run in runs}
    if 1 in rates and 2 in rates:
        lines.append(f"2 workers to 1: {rates[2] / rates[1]:.2f}")
    same = len({run.sha256 for run in runs}) == 1
    lines.append("the same bytes" if same else "NOT the same bytes")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the runs; exit code 1 where they did not give the same bytes."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.speed.ray")
    parser.add_argument("--count", type=int, default=20_000, help="observations")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0, 1, 2], help="a run for each; 0 is without Ray"
    )
    parser.add_argument("-o", dest="out", type=Path, help="where the first run's Traces go")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    today = machines_day()
    runs: list[Ran] = []
    try:
        for workers in given.workers:
            if given.out is not None and not runs:
                with given.out.open("wb") as out:
                    runs.append(ran(given.count, workers, today, out))
            else:
                runs.append(ran(given.count, workers, today))
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps([asdict(run) for run in runs]) if given.json else tell(runs))
    return int(len({run.sha256 for run in runs}) != 1)


if __name__ == "__main__":
    sys.exit(main())
