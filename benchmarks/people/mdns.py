"""MDNS: foretell from a network's softmax how angry, happy, … nine people find a face.

Nine people rate each face from 0 (not at all) to 4 (extremely) in six dimensions. The network's
shares become claims; the means of the ratings, as shares of their sum, are what is foretold.
People agree little here: the figures of the raters stand beside those of the predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from nesy.benchmarks.measures.agreement import alpha, spearman
from nesy.benchmarks.measures.distributions import Array, shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.report.table import Table
from nesy.trace import Case, Claim, Face, LineReading, Observation, People, Trace

from . import baselines, rulework, tables
from .crema_d import folds
from .scoring import paired, scored

# The set's words for our labels; a network may also see nothing.
NAMES = {
    "angry": "anger",
    "happy": "happiness",
    "sad": "sadness",
    "fear": "fear",
    "surprise": "surprise",
    "disgust": "disgust",
}
LABELS = tuple(NAMES.values())
SEEN = (*LABELS, "neutral")
RATERS = 9
HIGHEST = 4
OURS = "our rules learned"
# Claims are thousandths: no method sees a share below the least of them.
LEAST = 0.001


@dataclass(frozen=True)
class Ratings:
    """``ratings`` (faces, 6, 9) of people, ``softmax`` (faces, 7) of the network, neutral last."""

    faces: tuple[str, ...]
    ratings: Array
    softmax: Array

    @property
    def means(self) -> Array:
        """Return the mean rating of each face in each dimension."""
        return np.asarray(self.ratings.mean(axis=2))


def read(path: Path | None = None) -> Ratings:
    """Read the table: a face, six columns of nine digits, seven shares of the network.

    Raises NesyError N112 where it has another form.
    """
    given = path or tables.shipped("mdns/ratings.csv")
    shown = [f"network_{name}" for name in (*NAMES, "neutral")]
    faces, ratings, seen = [], [], []
    for line, row in tables.rows(given, ("face", *NAMES, *shown)):
        digits = [row[name] for name in NAMES]
        if any(len(d) != RATERS or set(d) - set("01234") for d in digits):
            raise tables.refused(given, line, f"a rating is not {RATERS} digits of 0-{HIGHEST}")
        faces.append(row["face"])
        ratings.append([[int(c) for c in d] for d in digits])
        seen.append([tables.share(given, line, row[name]) for name in shown])
    if not faces:
        raise tables.refused(given, 1, "it holds no face")
    return Ratings(tuple(faces), np.array(ratings, float), np.maximum(np.array(seen), LEAST))


def traces(given: Ratings) -> list[Trace]:
    """Return each face as a Trace: the network's claims, people's mean ratings as votes."""
    return [
        Trace(
            case=Case(id=face),
            observation=Observation(
                perceiver="the network of MDNS",
                faces=(Face(id="f1", claims=_claims(softmax)),),
                line=LineReading(),
            ),
            people=People(votes={e: float(n) for e, n in zip(LABELS, mean, strict=True) if n > 0}),
        )
        for face, softmax, mean in zip(given.faces, given.softmax, given.means, strict=True)
    ]


def _claims(softmax: Array) -> tuple[Claim, ...]:
    shown = zip(SEEN, softmax, strict=True)
    return tuple(Claim(emotion=e, confidence=round(rulework.FULL * float(p))) for e, p in shown)


def predictions(given: Ratings, fold: Any, packs: Sequence[str]) -> dict[str, Array]:
    """Return every prediction over the six dimensions, those with weights by other folds."""
    said = shares(given.means)
    six, logs = given.softmax[:, : len(LABELS)], np.log(given.softmax)
    using = rulework.engine(packs)
    found = rulework.examples(traces(given), using)
    words, prior = using.vocabulary, using.weights

    def validated(fit: baselines.Fit, features: Array) -> Array:
        return baselines.cross_validated(fit, features, said, fold)

    return {
        "base rates": validated(_base_rates, logs),
        "the network": shares(six),
        "the network, tempered": validated(baselines.temperature, np.log(six)),
        "log-linear pool": validated(baselines.log_linear_pool, np.log(six)),
        "logistic regression": validated(baselines.logistic_regression, logs),
        "our rules unlearned": rulework.predicted(found, prior, LABELS, words),
        OURS: rulework.learned(found, fold, prior, LABELS, words),
    }


def _base_rates(_: Array, said: Array) -> Callable[[Array], Array]:
    mean = said.mean(axis=0)
    return lambda rows: np.tile(mean, (len(rows), 1))


def measure(
    path: Path | None = None, count: int = 10, seed: int = 0, packs: Sequence[str] = ("conflict",)
) -> list[Table]:
    """Return the tables of the benchmark: distributions, ours against each, order by dimension."""
    read_ones = read(path)
    rated = read_ones.means.sum(axis=1) > 0
    given = Ratings(
        tuple(f for f, kept in zip(read_ones.faces, rated, strict=True) if kept),
        read_ones.ratings[rated],
        read_ones.softmax[rated],
    )
    fold = folds(given.faces, count, seed)
    found = predictions(given, fold, packs)
    said, draws = shares(given.means), Bootstrap(given.faces, seed=seed)
    title = (
        f"MDNS: {len(given.faces)} faces, {count} folds by face, 95 % intervals by drawing faces"
    )
    notes = (
        f"{int((~rated).sum())} faces that nobody found anything in are left out. A share of votes "
        "is a share of the summed mean ratings.",
        "every method sees the network's shares no lower than 0.001 and answers over the six "
        "dimensions people were asked about.",
    )
    return [
        scored(title, said, found, draws, notes=notes),
        paired(f"MDNS: {OURS} minus …", said, found, OURS, draws),
        _order(given, found, draws),
    ]


def _order(given: Ratings, found: Mapping[str, Array], draws: Bootstrap) -> Table:
    """Return how well each dimension's share orders the faces as people's mean rating does."""
    means = given.means
    told = {"the network": given.softmax[:, : len(LABELS)], **found}
    rows: list[tuple[Any, ...]] = []
    for name, predicted in told.items():
        if name != "base rates":
            rows.append((f"{name}, ρ", *(_rho(predicted, means, i, draws) for i in _dimensions())))
    for name in ("the network", OURS):
        taus = (float(kendalltau(told[name][:, i], means[:, i]).statistic) for i in _dimensions())
        rows.append((f"{name}, τ-b", *taus))
    rows.append(("one rater against the other eight, ρ", *map(float, _one_against_rest(given))))
    alphas = (alpha(given.ratings[:, i], "ordinal") for i in _dimensions())
    rows.append(("nine raters, ordinal α", *alphas))
    notes = (
        "ρ: Spearman's rank correlation with people's mean rating over faces; τ-b: Kendall's. "
        "α: Krippendorff's, ordinal. the network stands here with its share among all seven.",
    )
    return Table("MDNS: order of the faces by dimension", ("", *LABELS), tuple(rows), notes)


def _dimensions() -> range:
    return range(len(LABELS))


def _rho(predicted: Array, means: Array, dimension: int, draws: Bootstrap) -> Any:
    one, other = predicted[:, dimension], means[:, dimension]
    return draws.of(lambda cases: spearman(one[cases], other[cases]))


def _one_against_rest(given: Ratings) -> Array:
    """Return per dimension the mean correlation of one rater with the mean of the others."""
    whole = given.ratings.sum(axis=2)
    each = [
        [
            spearman(given.ratings[:, d, r], whole[:, d] - given.ratings[:, d, r])
            for r in range(RATERS)
        ]
        for d in _dimensions()
    ]
    return np.asarray(np.mean(each, axis=1))
