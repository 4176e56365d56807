"""What one expression changes in answers when the words stay the same (RQ3, P13).

Answers are held against those to the same line without the face, or with the other faces of the
task. Four things can change: the sentiment of the words (VADER's compound, -1 to 1), their number,
the tone (whether another one was taken, 1 or 0), and the content (the share of words that are not
common to both, 0 to 1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nesy.benchmarks.records import Answer
from nesy.benchmarks.samples import Sample

from . import intervals
from .intervals import Bootstrap
from .measure import ALL_ALIKE, NOTHING, ONE_CLUSTER, Difference, NotScored, Pair
from .sentiment import polarity, words_of

# An answer is held against so many others of its line at most, the first ones.
OTHERS = 20
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Effect:
    """What an expression changes in one property: the mean over ``n`` answers that show it.

    ``change.p`` tests a signed change against none; of a distance (tone, content), which is never
    below 0, there is no p.
    """

    expression: str
    property: str
    change: Difference


def expressions_of(sample: Sample) -> tuple[str, ...]:
    """Return the expressions a sample shows, by its slice or its reference."""
    if named := sample.slices.get("expression"):
        return (named,)
    return (sample.reference.expressions or ()) if sample.reference else ()


def by_expression(
    samples: Sequence[Sample],
    answers: Sequence[Answer],
    clusters: Sequence[str],
    without: Sequence[Answer] | None = None,
) -> list[Effect]:
    """Return the effects of each expression on each property, by name.

    ``without`` are answers to the same samples without the face, paired by position; where there
    are none, the others of the same line (``groups["line"]``, else the line itself) stand for them.
    """
    told = _told(samples, answers)
    against = (
        _same_line(samples, told) if without is None else [[t] for t in _told(samples, without)]
    )
    shown = [expressions_of(sample) for sample in samples]
    found = []
    for name, (change, signed) in PROPERTIES.items():
        changes = [_mean(change, one, others) for one, others in zip(told, against, strict=True)]
        for expression in sorted({e for each in shown for e in each}):
            kept = [
                (value, cluster)
                for value, each, cluster in zip(changes, shown, clusters, strict=True)
                if value is not None and expression in each
            ]
            found.append(Effect(expression, name, _figure(kept, signed)))
    return sorted(found, key=lambda effect: (effect.expression, effect.property))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is compared of an answer, worked out once; ``words`` is None where it cannot be read."""

    tone: str | None
    compound: float = 0.0
    length: int = 0
    words: frozenset[str] | None = None


def _told(samples: Sequence[Sample], answers: Sequence[Answer]) -> list[_Told]:
    return [_of_pair(Pair(*each)) for each in zip(samples, answers, strict=True)]


def _of_pair(pair: Pair) -> _Told:
    tone = (pair.answer.flags or {}).get("tone")
    try:
        text = words_of(pair)
    except NotScored:
        return _Told(tone)
    if pair.answer.status != "done":
        return _Told(tone)
    words = [word.lower() for word in _WORD.findall(text)]
    return _Told(tone, polarity(text)["compound"], len(words), frozenset(words))


def _same_line(samples: Sequence[Sample], told: Sequence[_Told]) -> list[list[_Told]]:
    lines: dict[str, list[int]] = {}
    names = [sample.groups.get("line") or sample.case.line or "" for sample in samples]
    for place, name in enumerate(names):
        lines.setdefault(name, []).append(place)
    return [
        [told[other] for other in lines[name][: OTHERS + 1] if other != place][:OTHERS]
        for place, name in enumerate(names)
    ]


def _mean(change: Change, one: _Told, others: Sequence[_Told]) -> float | None:
    """Return the mean change against the others; None where none can be told."""
    found = [moved for other in others if (moved := change(one, other)) is not None]
    return sum(found) / len(found) if found else None


def _figure(kept: Sequence[tuple[float, str]], signed: bool) -> Difference:
    if not kept:
        return Difference(None, None, None, None, 0, NOTHING)
    values = np.array([[value, 1.0] for value, _ in kept])
    clusters = [cluster for _, cluster in kept]
    value = float(values[:, 0].mean())
    if len(set(clusters)) < 2:
        return Difference(value, None, None, None, len(kept), ONE_CLUSTER)
    if np.ptp(values[:, 0]) == 0:
        return Difference(value, None, None, None, len(kept), ALL_ALIKE)
    drawn = Bootstrap(clusters)
    found = drawn.figure(values, intervals.ratio)
    # No change at all is what the same values with signs turned at random would show.
    half = drawn.summed(values * [0.5, 1.0])
    p = intervals.swapped(half, half * [-1.0, 1.0], intervals.ratio) if signed else None
    return Difference(value, found.low, found.high, p, len(kept))


def _sentiment(one: _Told, other: _Told) -> float | None:
    return None if None in (one.words, other.words) else one.compound - other.compound


def _length(one: _Told, other: _Told) -> float | None:
    return None if None in (one.words, other.words) else float(one.length - other.length)


def _content(one: _Told, other: _Told) -> float | None:
    if one.words is None or other.words is None:
        return None
    either = len(one.words | other.words)
    return 1 - len(one.words & other.words) / either if either else 0.0


def _tone(one: _Told, other: _Told) -> float | None:
    return None if None in (one.tone, other.tone) else float(one.tone != other.tone)


# None where it cannot be told.
Change = Callable[[_Told, _Told], float | None]
# Each property with how it changes, and whether that has a sign.
PROPERTIES: dict[str, tuple[Change, bool]] = {
    "sentiment": (_sentiment, True),
    "length": (_length, True),
    "tone": (_tone, False),
    "content": (_content, False),
}
