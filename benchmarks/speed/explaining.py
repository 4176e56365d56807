"""What explanations cost the cases that nobody asks about, and the one that is asked about."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import clingo
from clingo import ast

from nesy import pipeline, resources
from nesy.benchmarks.explain.items import facts as made
from nesy.benchmarks.speed.cases import traces
from nesy.benchmarks.speed.rows import Row, row
from nesy.explain.why.instances import instrumented
from nesy.explain.why.program import Program
from nesy.ground import ground
from nesy.reason import asp
from nesy.reason.conditions import conditions_of_any
from nesy.reason.engine import Engine
from nesy.reason.relevance import Relevance

MANY = 200
ITEMS = 100
EXPLANATIONS = "nesy/explain/why/"


def costs(rounds: int, today: date) -> Iterator[Row]:
    """Yield what bulk solving loses to explanations, and what one costs that is asked for."""
    engine = Engine.load(today=today)
    _bulk(engine, 0)
    calls = float(_calls(partial(_bulk, engine, 0)))
    what = "functions of explanations called in bulk"
    yield row("explanations", what, "", [calls], at_most=0)
    ratios = []
    for number in range(1, rounds + 1):
        without = _timed(partial(_bulk, engine, 2 * number))
        (one,) = pipeline.reason_many(traces(engine.vocabulary, 1, seed=number), engine=engine)
        pipeline.why(one, engine=engine)
        ratios.append(_timed(partial(_bulk, engine, 2 * number + 1)) / without)
    what = "bulk after an explanation to bulk before it"
    yield row("explanations", what, "times", ratios, at_most=1.02)
    what = f"ground + solve, {ITEMS} items of kb.lp, asked to not"
    yield row("explanations", what, "times", _batch(2 * rounds), at_most=1.8)
    for of in ("interpret", "govern"):
        what = f"ground + solve, a case of rules/{of}, asked to not"
        yield row("explanations", what, "times", _one(engine, of, 2 * rounds), at_most=1.8)


def _bulk(engine: Engine, seed: int) -> None:
    for found in pipeline.reason_many(traces(engine.vocabulary, MANY, seed=seed), engine=engine):
        found.as_json()


def _calls(work: Callable[[], None]) -> int:
    """Return how many calls of functions that make or read companions some work takes."""
    profile = cProfile.Profile()
    profile.runcall(work)
    # The type stubs say nothing of this attribute, which the documentation of pstats does.
    found: dict[tuple[str, int, str], tuple[int, ...]] = vars(pstats.Stats(profile))["stats"]
    return sum(
        numbers[0]
        for (file, _, _), numbers in found.items()
        if EXPLANATIONS in Path(file).as_posix()
    )


def _one(engine: Engine, of: Any, count: int) -> Iterator[float]:
    """Yield, a case each, grounding and solving with companions over the same without.

    Both ways ground only the rules that the facts of the case can reach, as explanations do.
    """
    rules = engine.rulebook.statements(of)
    beside = instrumented(rule for rule in engine.rulebook.rules(of) if rule.heads).statements
    bare, told = (Relevance(conditions_of_any(s)) for s in (rules, [*rules, *beside]))
    for trace in traces(engine.vocabulary, count, seed=7):
        facts = [*engine.static]
        if trace.observation is not None:
            known = ground(trace.case, trace.observation, engine.vocabulary)
            facts += asp.symbols([fact.atom for fact in known])
        without, beside = (tuple(r.reached(facts).statements) for r in (bare, told))
        plain = _timed(partial(_solve, without, facts))
        yield _timed(partial(_solve, beside, facts)) / plain


def _batch(rounds: int) -> Iterator[float]:
    """Yield the same for the rules of benchmarks/explain, many items in one control."""
    text = (resources.folder("benchmarks") / "explain" / "kb.lp").read_text(encoding="utf-8")
    program = Program.read(text, "kb.lp")
    with_companions = (*program.statements, *instrumented(program.rules).statements)
    for number in range(rounds):
        items = range(number * ITEMS, (number + 1) * ITEMS)
        facts = asp.symbols([fact for item in items for fact in made(item)])
        plain = _timed(partial(_solve, program.statements, facts))
        yield _timed(partial(_solve, with_companions, facts)) / plain


def _solve(statements: tuple[ast.AST, ...], facts: list[clingo.Symbol]) -> None:
    asp.ground(statements, facts, name="rules").solve()


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
