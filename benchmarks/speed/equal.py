"""Hold every fast way against the general one: ``python -m nesy.benchmarks.speed.equal``.

Each made-up case is reasoned over three times in one process: alone by all rules with a control a
question, alone as ``nesy run`` does, and together with others. Then all are reasoned over by
``--jobs`` processes. What comes out must be the same bytes. With ``-o FILE`` what was compared is
kept, and the same command goes on after an interrupt; rules that changed begin anew, code that
changed does not: name another file then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from nesy import pipeline
from nesy.benchmarks.speed.cases import trace
from nesy.benchmarks.speed.general import over_all_rules
from nesy.exemption import machines_day
from nesy.reason.engine import Engine
from nesy.trace import Trace

PART = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """A part of the cases: the hash of what the general way gave, and who gave something else.

    ``differing`` tells of a case, a way, and what is not the same: reading, verdict or only bytes.
    """

    first: int
    count: int
    rules: str
    sha256: str
    differing: tuple[tuple[int, str, str], ...]


@lru_cache(maxsize=1)
def _engines(day: date) -> tuple[Engine, Engine]:
    return Engine.load(today=day), over_all_rules(day)


def compared(first: int, count: int, day: date) -> Compared:
    """Compare the general way with the others on cases ``first`` and following."""
    engine, general = _engines(day)
    given = [trace(engine.vocabulary, number) for number in range(first, first + count)]
    expected = [pipeline.reason(each, engine=general) for each in given]
    ways = {
        "one by one": (pipeline.reason(each, engine=engine) for each in given),
        "at once": pipeline.reason_many(given, engine=engine),
    }
    differing = [
        (first + place, way, what)
        for way, found in ways.items()
        for place, (one, other) in enumerate(zip(expected, found, strict=True))
        if (what := difference(one, other))
    ]
    return Compared(first, count, rules(engine), digest(expected), tuple(differing))


def rules(engine: Engine) -> str:
    """Return what tells whether the rules and the ontology are the same."""
    return json.dumps(engine.versions, sort_keys=True)


def difference(one: Trace, other: Trace) -> str:
    """Return what two Traces differ in: a reading, a verdict, or bytes; "" where in nothing."""
    if one.as_json() == other.as_json():
        return ""
    a, b = json.loads(one.as_json()), json.loads(other.as_json())
    return next((part for part in ("reading", "verdict") if a.get(part) != b.get(part)), "bytes")


def digest(traces: Iterable[Trace]) -> str:
    """Return the hash of Traces as lines of JSON."""
    found = hashlib.sha256()
    for each in traces:
        found.update(each.as_json().encode() + b"\n")
    return found.hexdigest()


def run(count: int, jobs: int, file: Path | None) -> list[Compared]:
    """Compare so many cases, in ``jobs`` processes; a file holds what is done already."""
    day = machines_day()
    engine = Engine.load(today=day)
    done = _done(file, rules(engine)) if file is not None else {}
    parts = [(first, min(PART, count - first)) for first in range(0, count, PART)]
    open_ = [part for part in parts if part not in done]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for each in pool.map(compared, *zip(*open_, strict=True), [day] * len(open_)):
            done[each.first, each.count] = each
            if file is not None:
                with file.open("a", encoding="utf-8") as out:
                    # On a line of its own, whatever an interrupt left before.
                    out.write(f"\n{json.dumps(asdict(each))}\n")
            print(f"\r{len(done) * PART} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [done[part] for part in parts]


def over_jobs(parts: list[Compared], jobs: int) -> Iterator[Compared]:
    """Yield the parts whose bytes several processes together give otherwise."""
    engine = Engine.load(today=machines_day())
    numbers = (n for part in parts for n in range(part.first, part.first + part.count))
    given = (trace(engine.vocabulary, number) for number in numbers)
    found = iter(pipeline.reason_many(given, engine=engine, jobs=jobs))
    for part in parts:
        if digest(next(found) for _ in range(part.count)) != part.sha256:
            yield part


def _done(file: Path, now: str) -> dict[tuple[int, int], Compared]:
    found: dict[tuple[int, int], Compared] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            value: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        value["differing"] = tuple(map(tuple, value["differing"]))
        if value["rules"] == now:
            found[value["first"], value["count"]] = Compared(**value)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print what differs; exit code 1 where anything does."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.speed.equal")
    parser.add_argument("--count", type=int, default=10_000, help="cases")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("-o", dest="out", type=Path, help="keep what was compared here")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    parts = run(given.count, given.jobs, given.out)
    differing = [each for part in parts for each in part.differing]
    differing += [(part.first, "--jobs", "bytes") for part in over_jobs(parts, given.jobs)]
    if given.json:
        print(json.dumps({"cases": given.count, "differing": differing}))
    else:
        for number, way, what in differing[:20]:
            print(f"case {number}, {way}: another {what}")
        ways = "one by one, at once and by --jobs, against all rules with a control a question"
        print(f"{given.count} cases, {len(differing)} differ: {ways}")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
