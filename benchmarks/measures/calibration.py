"""Calibration: whether what is held 70 % likely is so in 70 % of cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .distributions import Array

BINS = 15


@dataclass(frozen=True, slots=True)
class Bins:
    """Cases in bins of about equal mass by confidence; equal confidences share a bin."""

    of: NDArray[np.int_]
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of a reliability diagram: means over the ``n`` cases of a bin."""

    confidence: float
    outcome: float
    n: int


def equal_mass(confidence: Array, bins: int = BINS) -> Bins:
    """Return bins of about as many cases each."""
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1]))
    return Bins(np.searchsorted(edges, confidence, side="right"), len(edges) + 1)


def gaps(confidence: Array, outcome: Array, bins: int = BINS) -> Array:
    """Return (cases, bins): what each case adds to the gap of its bin, 0 in the others."""
    binned = equal_mass(confidence, bins)
    found = np.zeros((len(confidence), binned.count))
    found[np.arange(len(confidence)), binned.of] = confidence - outcome
    return found


def calibration_error(confidence: Array, outcome: Array, bins: int = BINS) -> float:
    """Return the expected calibration error: the mean over cases of their bin's gap.

    A bin's gap is |mean confidence - mean outcome|; ``outcome`` is a share of votes, or 1 and 0.
    """
    return float(np.abs(gaps(confidence, outcome, bins).sum(axis=0)).sum() / len(confidence))


def reliability(confidence: Array, outcome: Array, bins: int = BINS) -> list[Bin]:
    """Return the points of a reliability diagram by rising confidence; empty bins are left out."""
    if not len(confidence):
        return []
    binned = equal_mass(confidence, bins)
    sizes = np.bincount(binned.of, minlength=binned.count)
    sums = [np.bincount(binned.of, side, binned.count) for side in (confidence, outcome)]
    return [
        Bin(float(sums[0][i] / n), float(sums[1][i] / n), int(n)) for i, n in enumerate(sizes) if n
    ]
