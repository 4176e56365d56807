"""Fit weights to votes: regularised maximum likelihood, deterministic, cross-validated.

The loss is the mean over cases of -sum(share of votes * log probability), and a ridge that pulls
every weight towards what it was before. Where each vote stands for one reading it is convex, and
the ridge makes its minimum unique; a vote for several kinds of an emotion adds their probabilities.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nesy.learn.design import Design, design
from nesy.learn.examples import Example, Key
from nesy.weights import Weights, key

Vector = NDArray[np.float64]
Progress = Callable[[str], None]

# Strengths of the ridge that are tried, in cases: the prior counts as much as so many of them.
RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS = 5
DECIMALS = 3
# A direction whose curvature is a smaller share of the largest is one the data say nothing of.
SEEN = 1e-9


@dataclass(frozen=True)
class Fitted:
    """A weight before and after, and in how many cases it speaks.

    ``told`` is the part of it that the data can tell, with its standard error.
    """

    key: Key
    before: float
    after: float
    told: float
    error: float
    cases: int

    @property
    def name(self) -> str:
        """Return the name the weight stands under in a file."""
        return key(*self.key)

    @property
    def finding(self) -> str:
        """Say what the data make of it, at two errors: `supports`, `opposes` or `nothing`."""
        if abs(self.told) < 2 * self.error:
            return "nothing"
        return "supports" if self.told > 0 else "opposes"


@dataclass(frozen=True)
class Learned:
    """The weights learned and how they were found.

    ``before`` and ``after`` are losses in nats a case, ``after`` on cases left out of the fit;
    ``worth`` says per rule by how much the loss on those cases rises when the rule is silent.
    ``mute`` cases were left aside: no rule reads anything there that anybody voted for.
    """

    weights: Weights
    fitted: tuple[Fitted, ...]
    worth: dict[str, float]
    ridge: float
    folds: int
    cases: int
    mute: int
    groups: int
    before: float
    after: float
    unreadable: float


def fit(
    examples: Iterable[Example],
    prior: Weights,
    *,
    ridge: float | None = None,
    folds: int = FOLDS,
    learnable: Callable[[str], bool] = lambda _rule: True,
    progress: Progress = lambda _text: None,
) -> Learned:
    """Return the weights that best foretell the votes.

    The order of the examples does not matter. ``ridge`` is chosen by cross-validation over groups
    where it is None; ``learnable`` says which rules may change, the others speak with the weight
    they have. Raises ValueError without an example that can be learned from.
    """
    given = list(examples)
    kept = sorted((e for e in given if e.is_readable), key=lambda e: (e.group, e.id))
    if not kept:
        raise ValueError("no example holds a vote for something a rule can read")
    data = design(kept, prior, learnable)
    fold = np.array([_fold(e.group, folds) for e in kept])
    chosen, held_out = _best_ridge(data, fold, RIDGES if ridge is None else (ridge,), progress)
    progress(f"fitting {len(data.keys)} weights to {len(kept)} cases, ridge {chosen:g}")
    after = minimum(data, chosen)
    weights = _merged(prior, data.keys, after)
    told, errors = _told_apart(data, after, chosen)
    columns = zip(data.keys, data.prior, after, told, errors, data.cases_of_keys, strict=True)
    return Learned(
        weights=weights,
        fitted=tuple(
            Fitted(k, float(b), round(float(a), DECIMALS), float(t), float(e), int(n))
            for k, b, a, t, e, n in columns
        ),
        worth=_worth(data, fold, held_out),
        ridge=chosen,
        folds=folds,
        cases=len(kept),
        mute=len(given) - len(kept),
        groups=len({e.group for e in kept}),
        before=float(np.mean(data.losses(data.prior))),
        after=_left_out_loss(data, fold, held_out),
        unreadable=float(np.mean([e.unreadable for e in kept])),
    )


def minimum(data: Design, ridge: float, cases: NDArray[np.bool_] | None = None) -> Vector:
    """Return the weights of least loss over some cases (all when None), by L-BFGS."""
    part = data if cases is None else data.part(cases)
    if not (len(part.keys) and part.cases):  # nothing to learn, or nobody to learn from
        return part.prior

    def loss(weights: Vector) -> tuple[float, Vector]:
        value, slope = part.loss(weights)
        away, pull = weights - part.prior, ridge / part.cases
        return value + pull * float(away @ away), slope + 2 * pull * away

    options = {"maxiter": 2000, "maxfun": 4000, "gtol": 1e-8, "ftol": 1e-13}
    found = minimize(loss, part.prior, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x, dtype=np.float64)


def left_out(data: Design, fold: NDArray[np.int_], ridge: float) -> list[Vector]:
    """Return for each fold the weights fitted without it."""
    return [minimum(data, ridge, fold != f) for f in range(int(fold.max()) + 1)]


def _left_out_loss(data: Design, fold: NDArray[np.int_], weights: Sequence[Vector]) -> float:
    losses = np.concatenate([data.losses(w)[fold == f] for f, w in enumerate(weights)])
    return float(np.mean(losses))


def _best_ridge(
    data: Design, fold: NDArray[np.int_], ridges: Sequence[float], progress: Progress
) -> tuple[float, list[Vector]]:
    """Return the ridge of least loss on cases left out, and each fold's weights by it."""
    fitted, losses = {}, {}
    for ridge in ridges:
        fitted[ridge] = left_out(data, fold, ridge)
        losses[ridge] = _left_out_loss(data, fold, fitted[ridge])
        progress(f"ridge {ridge:g}: {losses[ridge]:.4f} nats a case on cases left out")
    best = min(losses, key=lambda r: (round(losses[r], 6), -r))
    return best, fitted[best]


def _worth(data: Design, fold: NDArray[np.int_], weights: Sequence[Vector]) -> dict[str, float]:
    """Return by how much each rule's silence raises the loss on cases left out of the fit."""
    whole = _left_out_loss(data, fold, weights)
    worth = {}
    for rule in sorted({rule for rule, _ in data.keys}):
        silent = np.array([name == rule for name, _ in data.keys])
        without = [np.where(silent, 0.0, w) for w in weights]
        worth[rule] = _left_out_loss(data, fold, without) - whole
    return worth


def _told_apart(data: Design, weights: Vector, ridge: float) -> tuple[Vector, Vector]:
    """Return what the data can tell of each weight, and its standard error.

    Weights that only move together (one amount added to what a face supports everywhere changes no
    reading) are compared with each other, not with zero: the data know no more.
    """
    if not len(data.keys):
        return weights, weights
    values, vectors = np.linalg.eigh(data.curvature(weights) * data.cases)
    known = values > SEEN * max(values.max(), 1.0)
    basis = vectors[:, known]
    errors = np.sqrt(np.sum(basis**2 / (values[known] + 2 * ridge), axis=1))
    return basis @ (basis.T @ weights), errors


def _merged(prior: Weights, keys: Sequence[Key], after: Vector) -> Weights:
    learned = {key(*k): round(float(w), DECIMALS) for k, w in zip(keys, after, strict=True)}
    return Weights(prior.default, dict(sorted({**prior.rules, **learned}.items())))


def _fold(group: str, folds: int) -> int:
    """Return the fold of a group: the same whatever other groups there are."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % folds
