"""Distances between distributions: what a system foretells against what people said.

``said`` and ``predicted`` are arrays (cases, labels) of shares that sum to 1 in each row. People's
shares may be 0; predicted ones are above 0 wherever somebody voted, or the cross-entropy is
infinite, as it should be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Shares are quotients of small counts; what differs by less is the same share.
SAME = 1e-9


def shares(counts: ArrayLike, added: float = 0.0) -> Array:
    """Return counts as shares of each row's sum, after adding ``added`` to every count."""
    raised = np.asarray(counts, dtype=np.float64) + added
    whole: Array = raised / raised.sum(axis=1, keepdims=True)
    return whole


def cross_entropy(said: Array, predicted: Array) -> Array:
    """Return -sum(said * log predicted) of each case, in nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = said * np.log(predicted)
    # What nobody said costs nothing, however unlikely it was held to be.
    each: Array = -np.where(said == 0, 0.0, logs).sum(axis=1)
    return each


def entropy(said: Array) -> Array:
    """Return the entropy of each case in nats: the least cross-entropy anybody can reach."""
    return cross_entropy(said, said)


def jensen_shannon(said: Array, predicted: Array) -> Array:
    """Return the Jensen-Shannon divergence of each case in bits: 0 alike, 1 disjoint."""
    middle = (said + predicted) / 2
    both = cross_entropy(said, middle) - entropy(said)
    both += cross_entropy(predicted, middle) - entropy(predicted)
    # Of two that are alike, rounding may leave less than nothing.
    halved: Array = np.maximum(both, 0.0) / (2 * np.log(2))
    return halved


def brier(said: Array, predicted: Array) -> Array:
    """Return the Brier score of each case over all labels: 0 alike, 2 sure of the opposite."""
    each: Array = ((said - predicted) ** 2).sum(axis=1)
    return each


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
