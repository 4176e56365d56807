"""Distributions of answers against people's votes: NLL, JSD, agreement, Brier, ECE.

People chose among the labels of their data set, so an answer is first told in those labels: an
emotion counts for itself or for its nearest kind among them, and what none covers is left out
(`conditions.projection`). A small share is added to every label, alike for all systems: one that
rules out what somebody said loses much, and not everything.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nesy import vocabulary
from nesy.vocabulary import Vocabulary

from . import calibration, distributions
from .distributions import Array
from .intervals import mean_gap
from .measure import Additive, NotScored, Pair, Scored

ADDED = 0.001
TOLD = "own code; told in the labels of the votes, others left out"
SMOOTHED = f"{TOLD}; {ADDED} added to each"


@lru_cache(maxsize=1)
def words() -> Vocabulary:
    """Return the shipped ontology."""
    return vocabulary.load()


def told(pair: Pair) -> tuple[Array, Array]:
    """Return people's shares and the answer's, (1, labels) each; raises NotScored.

    The answer's are all 0 where it gives nothing to any label that people could choose.
    """
    # Conditions import measures of their own kind; imported here, neither waits for the other.
    from nesy.benchmarks.conditions.projection import projected

    votes = pair.reference.votes
    if not votes or sum(votes.values()) <= 0:
        raise NotScored("the reference has no votes")
    if len(votes) < 2:
        raise NotScored("the votes have one label")
    if not pair.answer.distribution:
        raise NotScored("the answer has no distribution")
    labels = list(votes)
    if unknown := [label for label in labels if label not in words().emotions]:
        raise NotScored(f"the shipped ontology, which measures go by, has no {unknown[0]}")
    shares = projected(pair.answer.distribution, labels, words()).shares
    said = distributions.shares([[votes[label] for label in labels]])
    return said, np.array([[shares.get(label, 0.0) for label in labels]], dtype=np.float64)


def smoothed(pair: Pair) -> tuple[Array, Array]:
    """Return people's shares and the answer's, none of them 0; alike where it covers no label."""
    said, given = told(pair)
    return said, distributions.shares(given, ADDED)


def _nll(pair: Pair) -> float:
    return float(distributions.cross_entropy(*smoothed(pair))[0])


def _jsd(pair: Pair) -> float:
    return float(distributions.jensen_shannon(*smoothed(pair))[0])


def _brier(pair: Pair) -> float:
    return float(distributions.brier(*smoothed(pair))[0])


def _agreement(pair: Pair) -> float:
    said, given = told(pair)
    # Who names no label that people could choose has not named the majority's.
    return float(distributions.agreement(said, given)[0]) if given.any() else 0.0


def _confidence(pair: Pair) -> Scored:
    sure, got = distributions.top_label(*smoothed(pair))
    return Scored(
        abs(float(sure[0] - got[0])), {"confidence": float(sure[0]), "outcome": float(got[0])}
    )


def _gaps(numbers: Array) -> Array:
    confidence, outcome = np.ascontiguousarray(numbers[:, 1:]).T
    return np.column_stack([calibration.gaps(confidence, outcome), np.ones(len(outcome))])


MEASURES = (
    Additive("nll", "NLL, nats", "lower", f"{SMOOTHED}; natural logarithm", _nll),
    Additive("jsd", "JSD, bits", "lower", SMOOTHED, _jsd),
    Additive(
        "agreement",
        "agreement with the majority",
        "higher",
        f"{TOLD}; a tied majority is met by any of its labels, a tied answer drawn by lot",
        _agreement,
        share=True,
    ),
    Additive("brier", "Brier score", "lower", f"{SMOOTHED}; all labels, 0-2", _brier),
    Additive(
        "ece",
        "ECE",
        "lower",
        f"{SMOOTHED}; top label, share of votes it got, {calibration.BINS} bins of equal mass",
        _confidence,
        columns=_gaps,
        extras=("confidence", "outcome"),
        figure_of=mean_gap,
        raised=True,
    ),
)
