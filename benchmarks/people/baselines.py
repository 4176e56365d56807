"""What could be done without rules: pools of two distributions, and learned classifiers.

Every baseline sees the counts of the same votes, as shares after adding 1/2 to each count (the
Jeffreys prior), so that an answer nobody gave is unlikely and not impossible. The learned ones
minimise the very loss that is reported, the cross-entropy of people's shares, every case once.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from nesy.benchmarks.measures.distributions import Array, shares
from nesy.diagnostics import Diagnostic, MissingError

ADDED = 0.5
BOOSTING = {"max_iter": 200, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 40}

# From features and people's shares to a function that predicts from features.
Fit = Callable[[Array, Array], Callable[[Array], Array]]


def product(*distributions: Array) -> Array:
    """Return the normalised product of distributions, as if the sources were independent."""
    return np.asarray(softmax(sum(np.log(d) for d in distributions), axis=1))


def log_linear_pool(features: Array, said: Array) -> Callable[[Array], Array]:
    """Fit an exponent a source and a constant a label; ``features`` are log shares in a row."""
    labels = said.shape[1]
    sources = features.shape[1] // labels

    def logits(weights: Array, rows: Array) -> Array:
        stacked = rows.reshape(len(rows), sources, labels)
        pooled: Array = np.einsum("nsl,s->nl", stacked, weights[:sources]) + weights[sources:]
        return pooled

    def loss(weights: Array) -> tuple[float, Array]:
        scores = logits(weights, features)
        gap = softmax(scores, axis=1) - said
        stacked = features.reshape(len(features), sources, labels)
        slope = np.concatenate([np.einsum("nl,nsl->s", gap, stacked), gap.sum(axis=0)])
        value = -float((said * log_softmax(scores, axis=1)).sum())
        return value / len(said), slope / len(said)

    start = np.concatenate([np.ones(sources), np.zeros(labels)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return lambda rows: np.asarray(softmax(logits(found, rows), axis=1))


def temperature(features: Array, said: Array) -> Callable[[Array], Array]:
    """Fit one exponent for log probabilities: the classic mend of a sure network."""

    def loss(sharpness: Array) -> float:
        return -float((said * log_softmax(features * sharpness[0], axis=1)).sum()) / len(said)

    found = minimize(loss, np.ones(1), method="L-BFGS-B", bounds=[(0.0, None)]).x[0]
    return lambda rows: np.asarray(softmax(rows * found, axis=1))


def logistic_regression(features: Array, said: Array) -> Callable[[Array], Array]:
    """Fit a multinomial logistic regression to shares, with scikit-learn's ridge of 1."""
    model = _scikit("linear_model").LogisticRegression(max_iter=3000)
    return _fitted(model, features, said)


def gradient_boosting(features: Array, said: Array) -> Callable[[Array], Array]:
    """Fit boosted trees to shares; the settings did best on the rows given, in their favour."""
    boosted = _scikit("ensemble").HistGradientBoostingClassifier
    return _fitted(boosted(random_state=0, early_stopping=False, **BOOSTING), features, said)


def _fitted(model: Any, features: Array, said: Array) -> Callable[[Array], Array]:
    """Fit a classifier to each case once for every label somebody gave, weighted by its share."""
    case, label = np.nonzero(said)
    model.fit(features[case], label, sample_weight=said[case, label])

    def predict(rows: Array) -> Array:
        found = np.zeros((len(rows), said.shape[1]))
        found[:, model.classes_] = model.predict_proba(rows)
        # A label that no training case holds is unlikely, not impossible.
        return shares(found, added=1e-6)

    return predict


def _scikit(module: str) -> Any:
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        what = "the baselines need scikit-learn"
        fix = "pip install 'nesy[bench]'"
        raise MissingError(Diagnostic("N902", what, str(error), fix)) from error


def cross_validated(fit: Fit, features: Array, said: Array, fold: Any) -> Array:
    """Return each case's prediction by a model that saw no case of its fold."""
    predicted = np.full(said.shape, np.nan)
    for number in np.unique(fold):
        held = fold == number
        predicted[held] = fit(features[~held], said[~held])(features[held])
    return predicted
