"""Who predicts from words: VADER, readers with the rules, and a regression on MiniLM embeddings."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from nesy.benchmarks.measures.distributions import Array, Mask
from nesy.ground import ground
from nesy.line import Reader
from nesy.line.reader import read_line
from nesy.pipeline import with_line
from nesy.reason import asp
from nesy.reason.bulk import interpret_many
from nesy.reason.engine import Engine
from nesy.trace import Case, LineReading, Observation

from .rulework import told
from .words_data import Line

Ints = NDArray[np.int_]


@dataclass
class Remembered:
    """A Reader that reads each line once; turns of a dialogue come back with every later line."""

    reader: Reader
    engine: Engine
    read_before: dict[str, LineReading] = field(default_factory=dict)

    def describe(self) -> dict[str, object]:
        """Return what the reader behind it is."""
        return self.reader.describe()

    def read(self, lines: Sequence[str]) -> Iterator[LineReading]:
        """Yield the reading of each line."""
        for line in lines:
            if line not in self.read_before:
                self.read_before[line] = read_line(self.reader, line, self.engine.vocabulary)
            yield self.read_before[line]


def embedder() -> Callable[[Sequence[str]], Array]:
    """Return what turns lines into MiniLM embeddings, (lines, 384)."""
    from nesy.adapters.minilm.sentences import Sentences, folder

    minilm = Sentences(folder())

    def embed(lines: Sequence[str]) -> Array:
        print(f"embedding {len(lines)} lines", file=sys.stderr)
        found: Array = minilm.embed(lines, batch=64).double().numpy()
        return found

    return embed


def readings(
    lines: Sequence[Line], reader: Remembered, *, turns: bool, what: str
) -> list[Mapping[str, float]]:
    """Return the marginals of each line's speaker, as `nesy reason` gives them without a face."""
    engine = reader.engine
    cases = (x.case if turns else x.case.model_copy(update={"turns": ()}) for x in lines)
    facts = (asp.symbols(list(facts_of(case, reader))) for case in cases)
    found = interpret_many(engine.rulebook, engine.weights, facts, engine.static)
    return [next(iter(one.marginals.values())) for one in told(found, what, len(lines))]


def facts_of(case: Case, reader: Remembered) -> tuple[str, ...]:
    """Return the facts of a case; without a face no norm withholds any."""
    words = reader.engine.vocabulary
    seen = with_line(Observation(perceiver="words"), case, words, reader)
    return tuple(fact.atom for fact in ground(case, seen, words))


def labels_of(
    marginals: Sequence[Mapping[str, float]], nearest: Mapping[str, str], labels: Sequence[str]
) -> Ints:
    """Return the place of the likeliest label of each reading, ties by the order of the labels."""
    place = {label: i for i, label in enumerate(labels)}
    shares = np.zeros((len(marginals), len(labels)))
    for row, reading in zip(shares, marginals, strict=True):
        for emotion, probability in reading.items():
            row[place[nearest[emotion]]] += probability
    return np.asarray(shares.argmax(axis=1))


def commonest(lines: Sequence[Line], among: Sequence[str]) -> str:
    """Return the label that people gave most often in the lines, of those ``among``."""
    counts = Counter(label for line in lines for label in line.labels if label in among)
    return min(counts, key=lambda label: (-counts[label], label))


class Regression:
    """Multinomial logistic regression by maximum likelihood with a quadratic penalty."""

    def __init__(self, inputs: Array, targets: Array, penalty: float = 1.0) -> None:
        """Fit to inputs (cases, features) and targets (cases, labels), shares that sum to 1."""
        width, labels = inputs.shape[1] + 1, targets.shape[1]
        design = np.hstack([inputs, np.ones((len(inputs), 1))])

        def loss(flat: Array) -> tuple[float, Array]:
            weights = flat.reshape(width, labels)
            scores = design @ weights
            slope = design.T @ (softmax(scores, axis=1) - targets)
            slope[:-1] += penalty * weights[:-1]
            value = -(targets * log_softmax(scores, axis=1)).sum()
            return value + penalty / 2 * (weights[:-1] ** 2).sum(), slope.ravel()

        start = np.zeros(width * labels)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
        self.weights = found.x.reshape(width, labels)

    def probabilities(self, inputs: Array) -> Array:
        """Return (cases, labels) in [0, 1], rows summing to 1."""
        shares: Array = softmax(inputs @ self.weights[:-1] + self.weights[-1], axis=1)
        return shares


def cut(scores: Array, true: Mask) -> tuple[float, bool]:
    """Return the threshold that is right most often, and whether scores above it are positive."""
    best = (-1.0, 0.0, True)
    for threshold in np.unique(np.quantile(scores, np.linspace(0, 1, 41))):
        above = scores > threshold
        for positive in (True, False):
            right = float(((above == positive) == true).mean())
            best = max(best, (right, float(threshold), positive))
    return best[1], best[2]
