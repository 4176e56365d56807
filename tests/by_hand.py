"""A face beside a line, made by hand and reasoned over, and what is told of it."""

from __future__ import annotations

from nesy import pipeline
from nesy.explain import render, tell
from nesy.explain.why.justify import Node
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.trace import (
    ActionUnit,
    Case,
    Face,
    LineAct,
    LineCue,
    LineReading,
    LineValence,
    Observation,
    SeenExpression,
    Trace,
)

ENGINE = engine_for()


def case(
    *,
    expressions: dict[str, int] | None = None,
    units: dict[int, int] | None = None,
    hidden: tuple[int, ...] = (),
    cues: tuple[str, ...] = (),
    acts: tuple[str, ...] = (),
    valence: dict[str, int] | None = None,
    engine: Engine = ENGINE,
    **declared: str,
) -> Trace:
    """A face beside a line, reasoned over."""
    face = Face(
        id="f1",
        action_units=tuple(
            ActionUnit(unit=u, intensity=i, confidence=900) for u, i in (units or {}).items()
        ),
        unobservable=hidden,
        expressions=tuple(
            SeenExpression(expression=e, confidence=c) for e, c in (expressions or {}).items()
        ),
    )
    line = LineReading(
        valence=tuple(LineValence(valence=v, confidence=c) for v, c in (valence or {}).items()),
        cues=tuple(LineCue(cue=c, confidence=900) for c in cues),
        acts=tuple(LineAct(act=a, confidence=900) for a in acts),
    )
    given_ = {key: (value,) for key, value in declared.items()}
    observation = Observation(perceiver="hand", faces=(face,), line=line)
    trace = Trace(
        case=Case(id="c1", image="f.png", line="…", declared=given_), observation=observation
    )
    return pipeline.reason(trace, engine=engine)


def told(node: Node, engine: Engine = ENGINE) -> str:
    """Return an explanation as text."""
    return render.as_text(tell.tell(node, engine))


SMILE = case(expressions={"smile": 900}, valence={"positive": 650}, context="support")
