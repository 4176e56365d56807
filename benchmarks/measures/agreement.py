"""How far raters agree: Krippendorff's alpha, Cohen's weighted kappa, Spearman's correlation.

Alpha is computed from value counts (Krippendorff, *Computing Krippendorff's Alpha-Reliability*,
2011, section E), so it takes time by units and distinct values and not by pairs of ratings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .distributions import Array
from .intervals import Bootstrap, Interval
from .measure import Figure

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


def value_counts(ratings: ArrayLike) -> tuple[Array, Array]:
    """Return the values that occur, ascending, and how often each unit got each.

    ``ratings`` is (units, raters); NaN is a missing rating.
    """
    given = np.asarray(ratings, dtype=np.float64)
    values = np.unique(given[~np.isnan(given)])
    counts = np.zeros((len(given), len(values)))
    for i, value in enumerate(values):
        counts[:, i] = (given == value).sum(axis=1)
    return values, counts


def alpha(ratings: ArrayLike, level: Level) -> float:
    """Return Krippendorff's alpha of ratings (units, raters): 1 full agreement, 0 chance.

    NaN is a missing rating. The result is NaN where alpha is not defined: no unit has two ratings,
    or all ratings are the same.
    """
    values, counts = value_counts(ratings)
    return alpha_of_counts(values, counts, level)


def alpha_of_counts(values: ArrayLike, counts: ArrayLike, level: Level) -> float:
    """Return alpha from how often each unit got each value, (units, values), as votes are kept."""
    kept = np.asarray(counts, dtype=np.float64)
    observed = coincidences(kept).sum(axis=0) if len(kept) else np.zeros((0, 0))
    return float(_alpha(np.asarray(values, dtype=np.float64), observed[None], level)[0])


def alpha_interval(
    ratings: ArrayLike, level: Level, clusters: Sequence[str] | None = None
) -> Figure:
    """Return alpha with its interval, from drawing units (or clusters of them) with replacement.

    ``n`` counts units with two ratings or more. Draws in which alpha is not defined are left out.
    """
    given = np.asarray(ratings, dtype=np.float64)
    values, counts = value_counts(given)
    paired = counts.sum(axis=1) >= 2
    n, single = int(paired.sum()), int((~paired).sum())
    missing = {"fewer than two ratings": single} if single else {}
    if not n:
        return Figure(None, None, None, 0, missing, reason="no unit has two ratings")
    value = alpha_of_counts(values, counts, level)
    if math.isnan(value):
        return Figure(None, None, None, n, missing, reason="all ratings are the same")
    named = np.arange(len(counts)) if clusters is None else np.asarray(clusters)
    groups = named[paired].tolist()
    if len(set(groups)) < 2:
        return Figure(value, None, None, n, missing, reason="one cluster: no interval")
    size = len(values)
    found: Interval = Bootstrap(groups).figure(
        coincidences(counts[paired]).reshape(n, -1),
        lambda sums: _alpha(values, sums.reshape(-1, size, size), level),
    )
    return Figure(value, found.low, found.high, n, missing)


def coincidences(counts: Array) -> Array:
    """Return (units, values, values): how often each unit pairs two values, by its raters."""
    raters = counts.sum(axis=1)
    kept = np.where((raters >= 2)[:, None], counts, 0.0)
    pairs = kept[:, :, None] * kept[:, None, :]
    places = np.arange(counts.shape[1])
    pairs[:, places, places] -= kept
    return np.asarray(pairs / np.maximum(raters - 1, 1)[:, None, None])


def _alpha(values: Array, observed: Array, level: Level) -> Array:
    """Return alpha of each of many coincidence matrices, (draws, values, values)."""
    if observed.shape[-1] == 0:
        return np.full(len(observed), np.nan)
    totals = observed.sum(axis=2)
    whole = totals.sum(axis=1)
    distance = _distance(values, totals, level)
    expected = totals[:, :, None] * totals[:, None, :]
    places = np.arange(len(values))
    expected[:, places, places] -= totals
    apart = (expected * distance).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = 1 - (whole - 1) * (observed * distance).sum(axis=(1, 2)) / apart
    found[~((whole > 0) & (apart > 0))] = np.nan
    return found


def _distance(values: Array, totals: Array, level: Level) -> Array:
    """Return the squared distance of values, (draws or 1, values, values)."""
    one, other = values[:, None], values[None, :]
    if level == "nominal":
        return np.asarray((one != other)[None], dtype=np.float64)
    if level == "interval":
        return np.asarray((one - other)[None] ** 2)
    if level == "ratio":
        if len(values) and values[0] < 0:
            raise ValueError("ratings on a ratio scale are not below 0")
        both = one + other
        part = np.divide(one - other, both, out=np.zeros_like(both), where=both != 0)
        return np.asarray(part[None] ** 2)
    # The ordinal distance counts the ratings that lie between two values, half of their own.
    middles = np.cumsum(totals, axis=1) - totals / 2
    return np.asarray((middles[:, :, None] - middles[:, None, :]) ** 2)


def quadratic_kappa(one: ArrayLike, other: ArrayLike) -> float:
    """Return Cohen's kappa of two raters with quadratic weights: 1 full agreement, 0 chance.

    Units that one of them did not rate (NaN) are left out. NaN where nothing varies or is shared.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if not len(a):
        return math.nan
    # The mean squared distance of all pairs, from the moments.
    expected = float(a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    return 1 - float(((a - b) ** 2).mean()) / expected if expected else math.nan


def spearman(one: Array, other: Array) -> float:
    """Return Spearman's rank correlation; 0 where one side does not vary."""
    centred = [r - r.mean() for r in (ranks(one), ranks(other))]
    scale = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float((centred[0] * centred[1]).sum()) / scale if scale else 0.0


def ranks(values: Array) -> Array:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], dtype=np.float64)
