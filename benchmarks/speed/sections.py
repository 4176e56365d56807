"""The sections of the suite: each yields rows; what is compared is timed by turns, in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nesy.benchmarks.governance import cost
from nesy.benchmarks.speed import bulk, explaining, growth, guard, one, ray
from nesy.benchmarks.speed.general import over_all_rules
from nesy.benchmarks.speed.peers import compare
from nesy.benchmarks.speed.rows import Row, missing, row
from nesy.diagnostics import MissingError
from nesy.exemption import machines_day
from nesy.reason.engine import Engine


@dataclass(frozen=True, slots=True)
class Settings:
    """How long it may take, and where other tools are."""

    quick: bool = False
    million: bool = False
    peers: Path | None = None
    scasp: Path | None = None

    @property
    def rounds(self) -> int:
        """Return how often what is compared is timed."""
        return 3 if self.quick else 5


def latency(settings: Settings) -> Iterator[Row]:
    """Time one case after the other, warm; then what a fresh process takes."""
    fast, slow = one.measure(20 if settings.quick else 60, settings.rounds)
    yield row("one", "one warm case, CPU", "ms", fast, at_most=5)
    yield row("one", "one warm case, one control a question, CPU", "ms", slow)
    yield row("one", "ratio", "times", [b / a for a, b in zip(fast, slow, strict=True)])
    goals = {"import nesy": 150.0, "nesy --help": 300.0, "nesy check, as on each save": 300.0}
    for name, command in one.FRESH.items():
        wall = one.fresh(command, settings.rounds)
        yield row("one", f"{name}, wall", "ms", wall, at_most=goals.get(name))


def many(settings: Settings) -> Iterator[Row]:
    """Time many cases at once, against one control a question."""
    today = machines_day()
    found = bulk.measure(
        Engine.load(today=today),
        over_all_rules(today),
        count=200 if settings.quick else 1000,
        rounds=settings.rounds,
        chunk=bulk.CHUNK,
    )
    for name, timing in found.items():
        goal = 15.0 if name.startswith("readings") else None
        yield row("bulk", f"{name}, one by one, CPU", "ms", timing.alone)
        yield row("bulk", f"{name}, at once, CPU", "ms", timing.many)
        yield row("bulk", f"{name}, at once", "cases/s", [1000 / ms for ms in timing.many])
        ratios = [a / m for a, m in zip(timing.alone, timing.many, strict=True)]
        yield row("bulk", f"{name}, ratio", "times", ratios, at_least=goal)


def growing(settings: Settings) -> Iterator[Row]:
    """Follow time and memory with the number of cases, in one process."""
    yield from growth.growth(3162 if settings.quick else 100_000, machines_day())


def streaming(settings: Settings) -> Iterator[Row]:
    """Time ``nesy reason --jobs`` as a user calls it."""
    words = Engine.load().vocabulary
    count, rounds = (1000, 1) if settings.quick else (10_000, 3)
    yield from growth.stream(words, count, rounds, million=settings.million)


def explanations(settings: Settings) -> Iterator[Row]:
    """Time what explanations cost when nobody asks, and when one is asked for."""
    yield from explaining.costs(settings.rounds, machines_day())


def contained(settings: Settings) -> Iterator[Row]:
    """Time what solving strangers' rules in a process of their own costs."""
    for program in guard.programs(Engine.load()):
        count = 100 if program[0].startswith("small") else 10
        guard.overhead(program, 3)
        rounds = [guard.overhead(program, count) for _ in range(settings.rounds)]
        more = [each[2] for each in rounds]
        yield row("guard", f"{program[0]}: more for each call", "ms", more)
        ratios = [there / here for here, there, _ in rounds]
        yield row("guard", f"{program[0]}: elsewhere to here", "times", ratios)


def governance(settings: Settings) -> Iterator[Row]:
    """Time what governing one reply takes, each to another line."""
    measured, _ = cost.measure(Engine.load(), 120 if settings.quick else 320)
    for name, count, median, *_ in islice(measured.rows, 3):
        note = f"{count} replies"
        yield row("governance", str(name).strip(), "ms", [float(str(median))], note=note)


def others(settings: Settings) -> Iterator[Row]:
    """Time other tools on the same rules and items."""
    yield from compare.rows(settings.peers, settings.scasp, settings.rounds)


def over_ray(settings: Settings) -> Iterator[Row]:
    """Time the rules as a Ray Data pipeline; the bytes must be those without it."""
    count, today = (2000 if settings.quick else 20_000), machines_day()
    try:
        runs = [ray.ran(count, workers, today) for workers in (0, 1, 2)]
    except MissingError as error:
        yield missing("ray", "Ray Data", error.diagnostics[0].what)
        return
    for run in runs:
        where = f"{run.workers} workers" if run.workers else "without Ray"
        yield row("ray", f"{count} cases, {where}", "cases/s", [run.rate])
    yield row("ray", "2 workers to 1", "times", [runs[2].rate / runs[1].rate], at_least=1.6)
    differing = len({run.sha256 for run in runs}) - 1
    yield row("ray", "runs with other bytes", "", [float(differing)], at_most=0)


SECTIONS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "bulk": many,
    "one": latency,
    "growth": growing,
    "stream": streaming,
    "explanations": explanations,
    "guard": contained,
    "governance": governance,
    "peers": others,
    "ray": over_ray,
}
