"""Measures of a predicted distribution against what people said, one number a case or one a set.

``said`` and ``predicted`` are arrays (cases, labels) of shares that sum to 1 in each row. People's
shares may be 0; predicted ones are above 0 wherever somebody voted, or the cross-entropy is
infinite, as it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr, xlogy
from scipy.stats import rankdata

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

BINS = 15
# Shares are quotients of small counts; what differs by less is the same share.
SAME = 1e-9


def shares(counts: ArrayLike, added: float = 0.0) -> Array:
    """Return counts as shares of each row's sum, after adding ``added`` to every count."""
    raised = np.asarray(counts, dtype=np.float64) + added
    whole: Array = raised / raised.sum(axis=1, keepdims=True)
    return whole


def cross_entropy(said: Array, predicted: Array) -> Array:
    """Return -sum(said * log predicted) of each case, in nats."""
    with np.errstate(divide="ignore"):
        each: Array = -xlogy(said, predicted).sum(axis=1)
    return each


def entropy(said: Array) -> Array:
    """Return the entropy of each case in nats: the least cross-entropy anybody can reach."""
    return cross_entropy(said, said)


def jensen_shannon(said: Array, predicted: Array) -> Array:
    """Return the Jensen-Shannon divergence of each case in bits: 0 alike, 1 disjoint."""
    middle = (said + predicted) / 2
    both: Array = (rel_entr(said, middle) + rel_entr(predicted, middle)).sum(axis=1)
    halved: Array = both / (2 * np.log(2))
    return halved


def top(distribution: Array) -> Mask:
    """Mark in each row the labels of the largest share; a tie marks several."""
    return np.asarray(distribution >= distribution.max(axis=1, keepdims=True) - SAME)


def agreement(said: Array, predicted: Array) -> Array:
    """Return for each case whether the predicted label is the majority's, 1 or 0.

    A tied majority is met by any of its labels. A tied prediction is a draw by lot: it counts by
    the share of its labels that are the majority's.
    """
    chosen = top(predicted)
    met: Array = (chosen & top(said)).sum(axis=1) / chosen.sum(axis=1)
    return met


def disagree(one: Array, other: Array) -> Mask:
    """Tell for each case whether two sources have no majority label in common."""
    return ~np.asarray((top(one) & top(other)).any(axis=1))


def top_label(said: Array, predicted: Array) -> tuple[Array, Array]:
    """Return for each case the predicted label's probability and the share of votes it got.

    Tied labels have one probability; the shares they got are averaged.
    """
    chosen = top(predicted)
    got: Array = (said * chosen).sum(axis=1) / chosen.sum(axis=1)
    return predicted.max(axis=1).astype(np.float64), got


@dataclass(frozen=True, slots=True)
class Bins:
    """Cases in bins of about equal mass by confidence; equal confidences share a bin."""

    of: NDArray[np.int_]
    count: int


def equal_mass(confidence: Array, bins: int = BINS) -> Bins:
    """Return bins of about as many cases each."""
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1]))
    return Bins(np.searchsorted(edges, confidence, side="right"), len(edges) + 1)


def calibration_error(confidence: Array, outcome: Array, bins: int = BINS) -> float:
    """Return the expected calibration error: the mean over cases of their bin's gap.

    A bin's gap is |mean confidence - mean outcome|; ``outcome`` is a share of votes, or 1 and 0.
    """
    binned = equal_mass(confidence, bins)
    gaps = np.bincount(binned.of, confidence - outcome, binned.count)
    return float(np.abs(gaps).sum() / len(confidence))


def ordinal_alpha(ratings: Array) -> float:
    """Return Krippendorff's alpha for ordinal ratings (units, raters); NaN is a missing rating.

    By value counts: 1 is full agreement, 0 what chance gives. NaN where all ratings are the same.
    """
    kept = ratings[(~np.isnan(ratings)).sum(axis=1) >= 2]
    values = np.unique(kept[~np.isnan(kept)])
    counts = np.stack([(kept == v).sum(axis=1) for v in values], axis=1).astype(np.float64)
    totals = counts.sum(axis=0)
    # The ordinal distance counts the ratings that lie between two values, half of their own.
    places = np.cumsum(totals) - totals / 2
    distance = (places[:, None] - places[None, :]) ** 2
    pairs = np.einsum("ui,uj->uij", counts, counts)
    pairs -= np.einsum("ui,ij->uij", counts, np.eye(len(values)))
    raters = counts.sum(axis=1)
    observed = (pairs / (raters - 1)[:, None, None]).sum(axis=0)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    apart = float((expected * distance).sum())
    return float("nan") if apart == 0 else 1 - float((observed * distance).sum()) / apart


def spearman(one: Array, other: Array) -> float:
    """Return Spearman's rank correlation; 0 where one side does not vary."""
    ranks = rankdata(one), rankdata(other)
    centred = [r - r.mean() for r in ranks]
    scale = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float((centred[0] * centred[1]).sum()) / scale if scale else 0.0
