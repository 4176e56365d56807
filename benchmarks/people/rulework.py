"""What the rules make of votes: examples, house weights, readings by weights learned elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from nesy import learn
from nesy.benchmarks.measures.distributions import Array
from nesy.learn import Example
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.trace import Claim, LineEmotion, Trace
from nesy.vocabulary import Vocabulary
from nesy.weights import Weights

T = TypeVar("T")
FULL = 1000
# What neither people nor the baselines could answer, where a rule reads it all the same.
OTHER = "other"


def engine(packs: Sequence[str] | None) -> Engine:
    """Return an engine with these interpret packs and the house's weights, nothing learned."""
    found = engine_for(packs) if packs is not None else engine_for()
    return Engine(found.vocabulary, found.rulebook, found.weights.house())


def claims(votes: Mapping[str, float]) -> tuple[Claim, ...]:
    """Return votes as a perceiver's opinion of a face: confidence is the share in thousandths."""
    return tuple(Claim(emotion=e, confidence=c) for e, c in _confidences(votes))


def heard(votes: Mapping[str, float]) -> tuple[LineEmotion, ...]:
    """Return votes as what the words, or the voice that says them, carry."""
    return tuple(LineEmotion(emotion=e, confidence=c) for e, c in _confidences(votes))


def _confidences(votes: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    whole = sum(votes.values())
    for emotion, count in votes.items():
        if (confidence := round(FULL * count / whole)) > 0:
            yield emotion, confidence


def examples(traces: Sequence[Trace], using: Engine) -> list[Example]:
    """Return what learning sees of Traces, with progress on standard error."""
    return list(told(learn.examples(traces, using), "reasoning over cases", len(traces)))


def predicted(
    found: Sequence[Example], weights: Weights, labels: Sequence[str], words: Vocabulary
) -> Array:
    """Return the readings of examples over labels, as `nesy reason` would give them."""
    return over_labels([learn.predict(e, weights) for e in found], labels, words)


def learned(
    found: Sequence[Example],
    fold: Any,
    prior: Weights,
    labels: Sequence[str],
    words: Vocabulary,
    **more: Any,
) -> Array:
    """Return each example's reading by weights that saw no example of its fold.

    Where rules can read nothing that people voted for, there is nothing to learn from.
    """
    result = np.full((len(found), len(labels)), np.nan)
    for number in told(np.unique(fold), "learning without fold", len(np.unique(fold))):
        rest = [e for e, f in zip(found, fold, strict=True) if f != number and e.is_readable]
        weights = learn.fit(rest, prior, **more).weights if rest else prior
        held = np.flatnonzero(fold == number)
        result[held] = predicted([found[int(i)] for i in held], weights, labels, words)
    return result


def over_labels(
    readings: Iterable[Mapping[str, float]], labels: Sequence[str], words: Vocabulary
) -> Array:
    """Return readings as shares of labels: an emotion counts for itself, else for its kind.

    The last label may be OTHER, which takes what none of the labels covers; without it the rest is
    left out and the others are raised to 1.
    """
    place = {label: i for i, label in enumerate(labels)}
    rows = []
    for reading in readings:
        row = np.zeros(len(labels))
        for emotion, probability in reading.items():
            of = next((e for e in words.broader("emotion", emotion) if e in place), OTHER)
            if of in place:
                row[place[of]] += probability
        whole = row.sum()
        rows.append(row / whole if whole > 0 else np.full(len(labels), 1 / len(labels)))
    return np.array(rows)


def told(items: Iterable[T], what: str, count: int) -> Iterator[T]:
    """Yield items, and say on standard error every few seconds how far it is."""
    last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last > 5:
            last = time.monotonic()
            print(f"{what}: {number} of {count}", file=sys.stderr)
