"""A distribution over the ontology's emotions as one over a data set's closed list of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nesy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Projection:
    """Shares by label, which sum to 1, or none where no label covers anything that was said.

    ``outside`` is the probability that no label covers, before the rest was raised to 1.
    """

    shares: dict[str, float]
    outside: float


def projected(
    distribution: Mapping[str, float], labels: Sequence[str], vocabulary: Vocabulary
) -> Projection:
    """Return a distribution over labels: an emotion counts for itself, else for its nearest kind.

    A compound that is no label goes in equal parts to its components. Labels are emotions of the
    ontology; raises NesyError N201 for another.
    """
    for label in labels:
        vocabulary.require("emotion", label)
    mass = dict.fromkeys(labels, 0.0)
    for emotion, probability in distribution.items():
        for label, share in _targets(emotion, tuple(labels), vocabulary):
            mass[label] += share * probability
    whole = sum(distribution.values())
    covered = sum(mass.values())
    outside = max(0.0, 1.0 - covered / whole) if whole > 0 else 1.0
    if covered <= 0:
        return Projection({}, 1.0)
    return Projection({label: value / covered for label, value in mass.items()}, outside)


@lru_cache(maxsize=4096)
def _targets(
    emotion: str, labels: tuple[str, ...], vocabulary: Vocabulary
) -> tuple[tuple[str, float], ...]:
    """Return the labels an emotion counts for, each with its share of it."""
    for kind in vocabulary.broader("emotion", emotion):
        if kind in labels:
            return ((kind, 1.0),)
    term = vocabulary.emotions.get(emotion)
    parts = term.all("component") if term is not None else ()
    return tuple(
        (label, share / len(parts))
        for part in parts
        for label, share in _targets(part, labels, vocabulary)
    )
