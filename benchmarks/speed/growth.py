"""How time and memory grow with the number of cases: in one process, and streamed over several."""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nesy import pipeline, strict_json
from nesy.benchmarks.speed.cases import traces
from nesy.benchmarks.speed.memory import resident
from nesy.benchmarks.speed.rows import Row, row
from nesy.exemption import machines_day
from nesy.ground import ground
from nesy.reason.bulk import CHUNK, bulk_of, chunks, raised
from nesy.reason.engine import Engine, atoms_of
from nesy.reason.workers import spread
from nesy.trace import Fact, Trace, parse_trace
from nesy.vocabulary import Vocabulary

WARMING = 300
MILLION = 1_000_000
# Seconds between two looks at what a stream holds in memory.
EVERY = 0.5
# Cases before which what a stream holds still grows by caches that fill.
LEAST = 10_000


def growth(most: int, today: date) -> Iterator[Row]:
    """Yield CPU milliseconds a case over the first 100, 1000 … cases of one stream, and the slope.

    The slope is of the logarithm of time over that of the number of cases: 1 is linear. The rules
    are laid out, and caches filled by other cases, before the clock starts.
    """
    engine = Engine.load(today=today)
    for found in pipeline.reason_many(traces(engine.vocabulary, WARMING, seed=1), engine=engine):
        found.as_json()
    marks = [n for n in (100, 316, 1000, 3162, 10_000, 31_623, 100_000) if n <= most]
    making = 0.0

    def made() -> Iterator[Trace]:
        nonlocal making
        rest = traces(engine.vocabulary, marks[-1])
        while True:
            began = time.process_time()
            each = next(rest, None)
            making += time.process_time() - began
            if each is None:
                return
            yield each

    taken: list[float] = []
    began, before = time.process_time(), resident()
    for number, found in enumerate(pipeline.reason_many(made(), engine=engine), 1):
        found.as_json()
        if number in marks:
            taken.append(time.process_time() - began - making)
            print(f"  growth: {number} cases", file=sys.stderr)
    held = resident() - before
    for number, seconds in zip(marks, taken, strict=True):
        yield row(
            "growth", f"the first {number} cases, CPU a case", "ms", [1000 * seconds / number]
        )
    yield row("growth", "slope, log time over log cases", "", [slope(marks, taken)], at_most=1.05)
    yield row("growth", "memory, one process, per 1000 cases", "MB", [1000 * held / marks[-1]])


def slope(counts: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the least-squares slope of log seconds over log counts."""
    xs, ys = [math.log(n) for n in counts], [math.log(s) for s in seconds]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


@dataclass(frozen=True, slots=True)
class Streamed:
    """One ``nesy reason --jobs``: wall and CPU seconds, megabytes of all processes over time."""

    seconds: float
    cpu: float
    megabytes: tuple[float, ...]

    @property
    def grows(self) -> float:
        """Return the megabytes a second that the second half grew by; workers come and go."""
        later = self.megabytes[len(self.megabytes) // 2 :]
        third = max(len(later) // 3, 1)
        first, last = later[:third], later[-third:]
        between = EVERY * max(len(later) - third, 1)
        return (sum(last) / len(last) - sum(first) / len(first)) / between


def stream(words: Vocabulary, count: int, rounds: int, *, million: bool) -> Iterator[Row]:
    """Yield wall times of ``nesy reason --jobs``, start included, and what it holds in memory."""
    with tempfile.TemporaryDirectory() as name:
        file = write(words, count, Path(name))
        pairs = [(streamed(file, 1).seconds, streamed(file, 2)) for _ in range(rounds)]
        alone, both = [one for one, _ in pairs], [two for _, two in pairs]
        wall = [run.seconds for run in both]
        goal = 10.0 if count == 10_000 else None
        yield row("stream", f"{count} cases, --jobs 1, wall", "s", alone)
        yield row("stream", f"{count} cases, --jobs 2, wall", "s", wall, at_most=goal)
        cpu = [1000 * run.cpu / count for run in both]
        yield row("stream", f"{count} cases, --jobs 2, CPU of all a case", "ms", cpu)
        ratios = [one / two for one, two in zip(alone, wall, strict=True)]
        yield row("stream", "--jobs 2 to --jobs 1", "times", ratios)
        only = [judged(file, 2) for _ in range(rounds)]
        yield row("stream", f"{count} cases, readings + norms only, 2 processes, wall", "s", only)
        if million:
            run = streamed(write(words, MILLION, Path(name)), 2)
            yield row("stream", f"{MILLION} cases, --jobs 2, wall", "s", [run.seconds])
            most = [max(run.megabytes)]
            yield row("stream", f"{MILLION} cases, most memory", "MB", most, at_most=1500)
            return
        peaks = [max(run.megabytes) for run in both]
        yield row("stream", f"{count} cases, most memory of all processes", "MB", peaks)
        if count < LEAST:
            return
        more = [100_000 * run.grows * run.seconds / count for run in both]
        yield row("stream", "memory, second half, per 100,000 cases", "MB", more)


def write(words: Vocabulary, count: int, folder: Path) -> Path:
    """Write so many made-up Traces to a file."""
    file = folder / f"{count}.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for each in traces(words, count):
            out.write(each.as_json() + "\n")
    return file


def streamed(file: Path, jobs: int) -> Streamed:
    """Reason over a file of Traces as a user does; raises RuntimeError where that fails."""
    command = [sys.executable, "-m", "nesy", "reason", str(file), "--jobs", str(jobs), "--json"]
    began, before, held = time.monotonic(), _children(), [0.0]
    with tempfile.TemporaryFile() as out:
        with subprocess.Popen(command, stdout=out) as process:
            while process.poll() is None:
                held.append(resident(process.pid))
                try:
                    process.wait(EVERY)
                except subprocess.TimeoutExpired:
                    continue
            seconds = time.monotonic() - began
        if process.returncode:
            raise RuntimeError(f"nesy reason ended with exit code {process.returncode}")
    return Streamed(seconds, _children() - before, tuple(held))


def judged(file: Path, jobs: int) -> float:
    """Return the seconds that readings and norms of a file of Traces take in so many processes.

    Their start is in it, and reading the file; admission, replies and JSON out are not.
    """
    engine = Engine.load(today=machines_day())
    began = time.monotonic()
    with file.open("rb") as lines:
        for _ in spread(_judged, engine, chunks(lines, CHUNK), jobs=jobs):
            pass
    return time.monotonic() - began


def _judged(engine: Engine, lines: list[bytes]) -> list[tuple[object, tuple[str, ...]]]:
    """Return the marginals of each line's faces, and the norms that apply."""
    facts = [atoms_of(_grounded(line, engine)) for line in lines]
    bulk = bulk_of(engine)
    read = [raised(outcome) for outcome in bulk.interpret(facts)]
    pairs = zip(facts, read, strict=True)
    seen = [f.with_([*r.derived(), *r.reads().groups.items()]) for f, r in pairs]
    norms = [raised(outcome) for outcome in bulk.govern(seen)]
    return [
        (r.marginals, tuple(each.norm for each in n.applied()) if n else ())
        for r, n in zip(read, norms, strict=True)
    ]


def _grounded(line: bytes, engine: Engine) -> Iterable[Fact]:
    trace = parse_trace(strict_json.loads(line.decode()))
    return ground(trace.case, trace.observation, engine.vocabulary) if trace.observation else ()


def _children() -> float:
    """Return the CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
