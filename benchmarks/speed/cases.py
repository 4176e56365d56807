"""Made-up observations to time the rules with: random over the vocabulary, no two quite alike."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nesy.trace import (
    ActionUnit,
    Case,
    Claim,
    Face,
    LineAct,
    LineCue,
    LineEmotion,
    LineReading,
    LineValence,
    Observation,
    SeenExpression,
    Trace,
)
from nesy.vocabulary import Vocabulary

_DECLARED = ("context", "purpose", "notice", "consent", "jurisdiction", "person")


def traces(words: Vocabulary, count: int, seed: int = 0) -> Iterator[Trace]:
    """Yield Traces that hold an observation: a face in four of five, a line always."""
    for number in range(count):
        yield trace(words, number, seed)


def trace(words: Vocabulary, number: int, seed: int = 0) -> Trace:
    """Return one Trace of ``traces``; the same number and seed give the same Trace."""
    name, chance = f"c{number}", random.Random(f"{seed}:{number}")
    seen = chance.random() < 0.8
    declared: dict[str, tuple[str, ...]] = {
        key: (chance.choice(sorted(words.terms[key])),) for key in chance.sample(_DECLARED, 2)
    }
    case = Case(id=name, image="face.png" if seen else None, declared=declared)
    observation = Observation(
        perceiver="made up",
        faces=(_face(words, chance),) if seen else (),
        line=_line(words, chance),
    )
    return Trace(case=case, observation=observation)


def _face(words: Vocabulary, chance: random.Random) -> Face:
    units = chance.sample(sorted(words.reported_units), chance.randrange(2, 7))
    expressions = _some(words, "expression", chance, 3)
    claims = _some(words, "emotion", chance, 4)
    return Face(
        id="f1",
        action_units=tuple(
            ActionUnit(unit=u, intensity=_permille(chance), confidence=_permille(chance))
            for u in units
        ),
        expressions=tuple(SeenExpression(expression=e, confidence=c) for e, c in expressions),
        claims=tuple(Claim(emotion=e, confidence=c) for e, c in claims),
    )


def _line(words: Vocabulary, chance: random.Random) -> LineReading:
    valence = _some(words, "valence", chance, 2)
    emotions = _some(words, "emotion", chance, 3)
    acts, cues = _some(words, "line act", chance, 2), _some(words, "cue", chance, 3)
    return LineReading(
        valence=tuple(LineValence(valence=v, confidence=c) for v, c in valence),
        emotions=tuple(LineEmotion(emotion=e, confidence=c) for e, c in emotions),
        acts=tuple(LineAct(act=a, confidence=c) for a, c in acts),
        cues=tuple(LineCue(cue=q, confidence=c) for q, c in cues),
    )


def _some(words: Vocabulary, kind: str, chance: random.Random, most: int) -> list[tuple[str, int]]:
    names = sorted(words.terms[kind])
    count = min(len(names), chance.randrange(1, most + 1))
    return [(name, _permille(chance)) for name in chance.sample(names, count)]


def _permille(chance: random.Random) -> int:
    return chance.randrange(200, 1001)
