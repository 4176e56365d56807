"""What the tests of attacks share: the table of attacks, and ways to decide a case."""

import csv
from pathlib import Path

import pytest

from nesy import pipeline, rulebook, vocabulary
from nesy.check import lint
from nesy.diagnostics import NesyError
from nesy.ground import ground
from nesy.interpret import interpret
from nesy.reason import asp
from nesy.reason.engine import Engine
from nesy.trace import ActionUnit, Case, Claim, Face, Observation, SeenExpression, Trace

TABLE = (Path(__file__).parent / "facts" / "attacks.csv").read_text(encoding="utf-8")
ROWS = {row["id"]: row for row in csv.DictReader(TABLE.splitlines())}
WORDS = vocabulary.load()
ENGINE = Engine.load()


def seen(*expressions, units=(), claims=(), **more):
    face = Face(
        id="f1",
        expressions=tuple(SeenExpression(expression=e, confidence=900) for e in expressions),
        action_units=tuple(ActionUnit(unit=u, intensity=1000, confidence=1000) for u in units),
        claims=tuple(Claim(emotion=e, confidence=900) for e in claims),
    )
    return Observation(perceiver="test", faces=(face,), **more)


def decided(text="I'm fine.", observation=None, engine=ENGINE, **declared):
    case = Case(
        id="c1",
        line=text,
        image="face.png" if observation else None,
        declared={key: (value,) for key, value in declared.items()},
    )
    return pipeline.reason(Trace(case=case, observation=observation), engine=engine)


def voices(observation, text=""):
    case = Case(id="c1", line=text, image="face.png")
    facts = asp.symbols([fact.atom for fact in ground(case, observation, WORDS)])
    return interpret(ENGINE.rulebook, ENGINE.weights, facts, ENGINE.static).voices


def codes(text, rules_file):
    """Return the codes a rule file is refused with; it is read, linted and never solved."""
    try:
        return {f.code for f in lint.check(rulebook.load(None, [rules_file(text)]), WORDS)}
    except NesyError as error:
        return {fault.code for fault in error.diagnostics}


def refused(model, **values):
    with pytest.raises(ValueError):
        model(**values)


def core(trace):
    return {(n.norm, n.force, n.act) for n in trace.verdict.norms}
