"""Sentiment of answers by VADER, and whether it shifts when a face is shown (P8).

VADER (Hutto & Gilbert 2014) tells which shares of a text's words are positive, neutral and
negative; they sum to 1. The paper draws them as density curves under two conditions and says by eye
how they differ; here the same is tested, with samples paired and clusters swapped whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nesy.benchmarks.records import Score
from nesy.language import is_covered

from .distributions import Array
from .intervals import Bootstrap, swaps
from .measure import NOTHING, Additive, NotScored, Pair
from .script import readable
from .text import version_of

KINDS = {"positive": "pos", "neutral": "neu", "negative": "neg"}
GRID = 101
# A variance below is that of equal scores, but for the last digits of their mean.
LEAST_SPREAD = 1e-12
# Differences that are reordered at once, to keep them small in memory.
_ROWS = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """A density of scores in [0, 1]: where, how dense, and the bandwidth (Scott's rule)."""

    at: tuple[float, ...]
    density: tuple[float, ...]
    bandwidth: float


@dataclass(frozen=True, slots=True)
class Statistic:
    """One way two distributions can differ: ``value`` and how often chance does as much."""

    value: float | None
    p: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Scores under one condition against another's, over the ``n`` samples scored in both.

    ``mean`` is the difference of means, ``ks`` the largest gap between the cumulative
    distributions, ``wasserstein`` how far scores have to be moved on average, ``variance`` the
    quotient of variances: below 1 the first is the narrower, as the paper says of faces.
    """

    n: int
    mean: Statistic
    ks: Statistic
    wasserstein: Statistic
    variance: Statistic


@lru_cache(maxsize=65536)
def polarity(text: str) -> dict[str, float]:
    """Return VADER's ``pos``, ``neu``, ``neg`` in [0, 1] and ``compound`` in [-1, 1]."""
    found: dict[str, float] = _vader().polarity_scores(text)
    return found


@lru_cache(maxsize=1)
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def words_of(pair: Pair) -> str:
    """Return an answer's interpretation, or its reply where it has none; raises NotScored."""
    answer = pair.answer
    text = readable(answer.reply if answer.text is None else answer.text, "answer")
    if not _is_read(text):
        raise NotScored("the answer is not in English")
    return text


@lru_cache(maxsize=65536)
def _is_read(text: str) -> bool:
    """Tell whether VADER knows a word of a text, or could know it: others count as neutral."""
    return bool(polarity(text)["pos"] or polarity(text)["neg"]) or is_covered(text)


def _of_kind(kind: str) -> Callable[[Pair], float]:
    return lambda pair: polarity(words_of(pair))[KINDS[kind]]


def curve(scores: Sequence[Score]) -> Curve | None:
    """Return the density of scores on [0, 1]; None where fewer than two differ."""
    given = np.array([s.value for s in scores if s.value is not None], dtype=np.float64)
    if len(np.unique(given)) < 2:
        return None
    from scipy.stats import gaussian_kde

    at = np.linspace(0, 1, GRID)
    kernel: Any = gaussian_kde(given)
    bandwidth = float(kernel.factor * given.std(ddof=1))
    return Curve(tuple(at.tolist()), tuple(map(float, kernel(at))), bandwidth)


def shift(one: Sequence[Score], other: Sequence[Score], clusters: Sequence[str]) -> Shift:
    """Return how one condition's scores differ from the other's; p by swapping paired clusters.

    ``one`` is the condition that is asked about (with the face), ``other`` the one it is held
    against; they are paired by position.
    """
    paired = zip(one, other, clusters, strict=True)
    kept = [(a.value, b.value, c) for a, b, c in paired if None not in (a.value, b.value)]
    if not kept:
        nothing = Statistic(None, None, NOTHING)
        return Shift(0, nothing, nothing, nothing, nothing)
    a = np.array([row[0] for row in kept], dtype=np.float64)
    b = np.array([row[1] for row in kept], dtype=np.float64)
    groups = Bootstrap([row[2] for row in kept], draws=1)
    seen = _statistics(a, b, np.zeros((1, len(a))))[0]
    if groups.groups < 2:
        tests = [_undrawn(value) for value in seen]
    else:
        drawn, exact = swaps(groups.groups)
        # Where all swaps are tried, the one seen is among them.
        added = 0 if exact else 1
        beyond = np.zeros(4)
        for start in range(0, len(drawn), _ROWS):
            chosen = drawn[start : start + _ROWS][:, groups.group].astype(np.float64)
            found = _statistics(a, b, chosen)
            far = _distance(found) >= _distance(seen) - 1e-12
            beyond += np.where(np.isnan(found), True, far).sum(axis=0)
        ps = (beyond + added) / (len(drawn) + added)
        tests = [
            _undefined() if math.isnan(value) else Statistic(value, float(p))
            for value, p in zip(seen.tolist(), ps, strict=True)
        ]
    return Shift(len(a), *tests)


def _distance(found: Array) -> Array:
    """Return how far statistics lie from no difference; of quotients, on a scale of logarithms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack(
            [np.abs(found[..., i]) for i in range(3)] + [np.abs(np.log(found[..., 3]))], axis=-1
        )


def _statistics(one: Array, other: Array, swapped: Array) -> Array:
    """Return (draws, 4): mean, KS, Wasserstein, quotient of variances, samples swapped where 1."""
    both = np.concatenate([one, other])
    order = np.argsort(both, kind="stable")
    at = both[order]
    # +1 for a score of the first side, -1 for one of the other.
    sides = np.concatenate([1 - 2 * swapped, 2 * swapped - 1], axis=1)[:, order]
    ahead = np.cumsum(sides, axis=1) / len(one)
    # Equal scores stand at one place: only the last of them has seen all.
    last = np.append(at[1:] > at[:-1], True)
    ks = np.abs(ahead[:, last]).max(axis=1)
    wasserstein = (np.abs(ahead[:, :-1]) * np.diff(at)).sum(axis=1)
    change = other - one
    first, second = one + swapped * change, other - swapped * change
    mean = (first - second).mean(axis=1)
    spread = [side.var(axis=1) for side in (first, second)]
    with np.errstate(divide="ignore", invalid="ignore"):
        varies = (spread[0] > LEAST_SPREAD) & (spread[1] > LEAST_SPREAD)
        quotient = np.where(varies, spread[0] / spread[1], np.nan)
    return np.stack([mean, ks, wasserstein, quotient], axis=1)


def _undrawn(value: float) -> Statistic:
    return _undefined() if math.isnan(value) else Statistic(float(value), None, "one cluster: no p")


def _undefined() -> Statistic:
    return Statistic(None, None, "one side does not vary")


_SIGNATURE = f"vaderSentiment {version_of('vaderSentiment')}, of the interpretation, else the reply"

MEASURES = tuple(
    Additive(f"sentiment_{kind}", f"{kind} sentiment", "none", _SIGNATURE, _of_kind(kind))
    for kind in KINDS
)
