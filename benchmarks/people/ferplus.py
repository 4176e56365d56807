"""FER+: foretell from one person's label of a face what the others say of it.

Ten people label each picture; there are no pictures here, so a person is the perceiver. One of the
labels is drawn for each picture by the seed and becomes a claim; the rest is what is foretold.
Answers that name no emotion (`unknown`, `NF`: no face) are left out, and so is a picture with fewer
than two others. Learned on the set's Training part, reported on PublicTest and PrivateTest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesy import learn
from nesy.benchmarks.measures.distributions import Array, Mask, entropy, shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.report.table import Table
from nesy.learn import Example
from nesy.reason.engine import Engine
from nesy.trace import Case, Claim, Face, LineReading, Observation, People, Trace

from . import baselines, rulework, tables
from .scoring import paired, scored

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
NO_EMOTION = ("unknown", "NF")
PARTS = ("Training", "PublicTest", "PrivateTest")
OURS = "our rules learned"
# A claim of the least confidence makes an answer possible and weighs nothing.
SURE, POSSIBLE = 1000, 1


@dataclass(frozen=True)
class Votes:
    """Counts (pictures, 8) in the order of LABELS, and each picture's part of the set."""

    counts: Array
    part: NDArray[np.str_]
    without_emotion: int
    too_few: int

    @property
    def tested(self) -> Mask:
        """Tell for each picture whether it is reported on; the others are learned from."""
        return np.asarray(self.part != PARTS[0])


def read(path: Path | None = None) -> Votes:
    """Read votes, one row a picture or, with a column `images`, one row for so many of them.

    Raises NesyError N112 where the table has another form.
    """
    given = path or tables.shipped("ferplus/votes.csv")
    counts: list[list[int]] = []
    parts: list[str] = []
    without = few = 0
    for line, row in tables.rows(given, ("Usage", *LABELS, *NO_EMOTION)):
        if row["Usage"] not in PARTS:
            raise tables.refused(given, line, f"Usage is {row['Usage'][:20]!r}")
        found = tables.counts(given, line, row, LABELS)
        images = tables.counts(given, line, row, ["images"])[0] if "images" in row else 1
        without += images * sum(tables.counts(given, line, row, NO_EMOTION))
        if sum(found) < 3:
            few += images
            continue
        counts += [found] * images
        parts += [row["Usage"]] * images
    if not {PARTS[0]} < set(parts):
        raise tables.refused(given, 1, "it holds no Training part, or nothing beside it")
    return Votes(np.array(counts, float), np.array(parts), without, few)


def drawn(counts: Array, seed: int = 0) -> tuple[NDArray[np.int_], Array]:
    """Return for each picture the label of one person drawn at random, and the others' counts."""
    chance = np.random.default_rng(seed).random(len(counts))
    reached = np.cumsum(shares(counts), axis=1)
    seen = np.minimum((reached < chance[:, None]).sum(axis=1), counts.shape[1] - 1)
    rest = counts.copy()
    rest[np.arange(len(counts)), seen] -= 1
    return seen, rest


def trace(label: str) -> Trace:
    """Return one person's label as a Trace: that claim for sure, every other answer possible."""
    claims = [Claim(emotion=e, confidence=SURE if e == label else POSSIBLE) for e in LABELS]
    return Trace(
        case=Case(id=label),
        observation=Observation(
            perceiver="one person (FER+)",
            faces=(Face(id="f1", claims=tuple(claims)),),
            line=LineReading(),
        ),
        people=People(votes=dict.fromkeys(LABELS, 1.0)),
    )


def with_rules(
    seen: NDArray[np.int_], rest: Array, tested: Mask, using: Engine
) -> dict[str, Array]:
    """Return the readings of our rules for the tested pictures, learned on the others."""
    kinds = list(learn.examples([trace(label) for label in LABELS], using))
    found = [_case(kinds[s], str(i), of) for i, (s, of) in enumerate(zip(seen, rest, strict=True))]
    learning = [e for e, held in zip(found, tested, strict=True) if not held]
    weights = learn.fit(learning, using.weights).weights
    words = using.vocabulary
    readings = {
        "our rules unlearned": rulework.predicted(kinds, using.weights, LABELS, words),
        OURS: rulework.predicted(kinds, weights, LABELS, words),
    }
    return {name: of[seen[tested]] for name, of in readings.items()}


def _case(kind: Example, name: str, rest: Array) -> Example:
    votes = {e: float(n) for e, n in zip(LABELS, shares([rest])[0], strict=True) if n > 0}
    return replace(kind, id=name, group=name, votes=votes)


def confusion(seen: NDArray[np.int_], rest: Array, tested: Mask) -> Array:
    """Return the mean of what the others said by what one person said; 1/2 added to each sum.

    Of all functions of one label this one has the least cross-entropy on what it was counted on.
    """
    sums = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(sums, seen[~tested], shares(rest[~tested]))
    return shares(sums, baselines.ADDED)[seen[tested]]


def measure(
    path: Path | None = None, seed: int = 0, packs: Sequence[str] = ("conflict",)
) -> list[Table]:
    """Return the tables of the benchmark."""
    votes = read(path)
    seen, rest = drawn(votes.counts, seed)
    tested = votes.tested
    said = shares(rest[tested])
    one = np.eye(len(LABELS))[seen[tested]]
    base = shares(rest[~tested]).mean(axis=0)
    predictions = {
        "base rates": np.tile(base, (len(said), 1)),
        "the label itself": shares(one, baselines.ADDED),
        "confusion counts": confusion(seen, rest, tested),
        **with_rules(seen, rest, tested, rulework.engine(packs)),
    }
    draws = Bootstrap(np.flatnonzero(tested).tolist(), seed=seed)
    title = (
        f"FER+: {len(said)} pictures tested, {int((~tested).sum())} learned from; "
        "95 % intervals by drawing pictures"
    )
    notes = (
        f"left out: {votes.without_emotion} answers without an emotion, {votes.too_few} pictures "
        "with fewer than three answers that name one.",
        "the label itself: 1/2 added to each count. confusion counts: no function of one label "
        "has less cross-entropy on what it was counted on; rules can match it, not beat it.",
        f"people's own entropy by what one person said: {_entropies(said, seen[tested])} nats.",
    )
    return [
        scored(title, said, predictions, draws, notes=notes),
        paired(f"FER+: {OURS} minus …", said, predictions, OURS, draws),
    ]


def _entropies(said: Array, seen: NDArray[np.int_]) -> str:
    each = entropy(said)
    met = [(label, each[seen == i]) for i, label in enumerate(LABELS) if (seen == i).any()]
    return ", ".join(f"{label} {of.mean():.2f}" for label, of in met)
