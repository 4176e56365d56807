"""Time what containing rules of strangers costs: ``python -m nesy.benchmarks.speed.guard``.

The same programs are solved here and in the process that rules of strangers are solved in, by
turns; then that process is given programs without end, and the time until it is dead is taken.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import clingo
from clingo import ast

from nesy.diagnostics import NesyError
from nesy.reason import asp
from nesy.reason.engine import Engine
from nesy.reason.guard import Asked, Guard

SMALL = "a(X) :- b(X), not c(X). d(X, Y) :- a(X), a(Y), X < Y. e(N) :- N = #count { X : a(X) }."
SMALL_FACTS = [*(f"b({n})" for n in range(10)), "c(3)"]
ENDLESS = {
    "an interval of a billion": "p(1..1000000000).",
    "ever longer terms": "n(z). n(s(X)) :- n(X).",
    "a join that derives nothing": "d(1..3000). p :- d(X), d(Y), d(Z), d(V), X+Y+Z+V < 0.",
    "a search without end": (
        "1 { in(P, H) : H = 1..11 } 1 :- P = 1..12. :- in(P, H), in(Q, H), P < Q."
    ),
    "a million answer sets": "{ a(1..20) }. b(1..50).",
}
SECONDS = 1.0

Program = tuple[str, tuple[ast.AST, ...], list[clingo.Symbol], str]


def programs(engine: Engine) -> list[Program]:
    """Return a small program, and the shipped rules with the ontology's facts."""
    statements: list[ast.AST] = []
    ast.parse_string(SMALL, statements.append)
    small = ("small program", tuple(statements[1:]), asp.symbols(SMALL_FACTS), "")
    return [
        small,
        *(
            (f"rules/{of}", engine.rulebook.statements(of), engine.static, asp.ALL_DEFINED)
            for of in ("interpret", "govern")
        ),
    ]


def overhead(program: Program, count: int) -> tuple[float, float, float]:
    """Return milliseconds: the median here and elsewhere, and the median of what it costs more.

    Raises AssertionError where both do not give the same.
    """
    _, statements, facts, extra = program
    pairs = []
    for _ in range(count):
        here, expected = _timed(lambda: asp.solve(statements, facts, extra=extra))
        there, found = _timed(lambda: asp.solve(statements, facts, extra=extra, guarded="it"))
        if found != expected:
            raise AssertionError("both ways must give the same")
        pairs.append((here, there))
    here, there = (statistics.median(side) for side in zip(*pairs, strict=True))
    return here, there, statistics.median(there - here for here, there in pairs)


def _timed(solve: Callable[[], object]) -> tuple[float, object]:
    begin = time.perf_counter()
    found = solve()
    return 1000 * (time.perf_counter() - begin), found


def kill(text: str, guard: Guard) -> tuple[float, str, bool]:
    """Return how long after its limit the process was dead, the code said, and that it is dead."""
    statements: list[ast.AST] = []
    ast.parse_string(text, statements.append)
    asked = Asked("", 0, shown=False)
    guard.solve((), (), asked, "warm")
    pid = guard.pid
    begin = time.monotonic()
    try:
        guard.solve(statements[1:], (), asked, "mine.lp")
        code = "answered"
    except NesyError as error:
        code = error.diagnostics[0].code
    late = time.monotonic() - begin - SECONDS
    return late, code, guard.pid is None and not Path(f"/proc/{pid}").exists()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="calls of each program")
    given = parser.parse_args(arguments)
    print("what a call takes, in ms         here   elsewhere   more (median of pairs)")
    for program in programs(Engine.load()):
        warm, count = 20, given.count if program[0].startswith("small") else given.count // 10
        overhead(program, warm if program[0].startswith("small") else 3)
        here, there, more = overhead(program, count)
        print(f"{program[0]:28} {here:8.3f} {there:11.3f} {more:+12.3f}")
    print(f"\nended at a limit of {SECONDS:g} s         code   after the limit, s   process gone")
    guard = Guard(seconds=SECONDS)
    for name, text in ENDLESS.items():
        late, code, gone = kill(text, guard)
        print(f"{name:32} {code:8} {late:+14.3f} {'yes' if gone else 'no':>17}")
    guard.close()


if __name__ == "__main__":
    main()
