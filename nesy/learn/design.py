"""Cases as sparse matrices: one row for each emotion that can be read in a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nesy.learn.examples import Example, Key
from nesy.weights import Weights

Vector = NDArray[np.float64]
Indices = NDArray[np.int_]


@dataclass(frozen=True)
class Design:
    """``strengths`` (rows, keys) times weights, plus ``offset``, are the scores of the rows.

    ``case`` says which case a row belongs to. ``member``, ``vote`` and ``share`` hold the votes:
    row ``member[i]`` is one of the readings that vote ``vote[i]`` stands for; ``share`` and
    ``voted`` give each vote's share and case.
    """

    keys: tuple[Key, ...]
    prior: Vector
    strengths: csr_array
    offset: Vector
    case: Indices
    cases: int
    member: Indices
    vote: Indices
    share: Vector
    voted: Indices

    def losses(self, weights: Vector) -> Vector:
        """Return the loss of each case in nats."""
        scores = self.strengths @ weights + self.offset
        whole = _log_sums(scores, self.case, self.cases)
        each: Vector = self.share * (whole[self.voted] - self._said(scores))
        return np.bincount(self.voted, each, self.cases).astype(np.float64)

    def _said(self, scores: Vector) -> Vector:
        """Return for each vote the log of the summed exponentials of what it stands for."""
        return _log_sums(scores[self.member], self.vote, len(self.share))

    def probabilities(self, weights: Vector) -> Vector:
        """Return the probability of each row."""
        scores = self.strengths @ weights + self.offset
        shares: Vector = np.exp(scores - _log_sums(scores, self.case, self.cases)[self.case])
        return shares

    def loss(self, weights: Vector) -> tuple[float, Vector]:
        """Return the mean loss over cases and its slope."""
        scores = self.strengths @ weights + self.offset
        whole = _log_sums(scores, self.case, self.cases)
        said = self._said(scores)
        value = float(np.sum(self.share * (whole[self.voted] - said))) / self.cases
        cast = np.bincount(self.voted, self.share, self.cases)
        slope = cast[self.case] * np.exp(scores - whole[self.case])
        inside = np.exp(scores[self.member] - said[self.vote]) * self.share[self.vote]
        slope -= np.bincount(self.member, inside, len(scores))
        return value, self.strengths.T @ slope / self.cases

    def curvature(self, weights: Vector) -> NDArray[np.float64]:
        """Return the second derivative of the mean loss, votes for one reading each assumed."""
        cast = np.bincount(self.voted, self.share, self.cases)
        mass = cast[self.case] * self.probabilities(weights)
        weighed = self.strengths.multiply(mass[:, None]).tocsr()
        by_case = csr_array(
            (np.ones(len(self.case)), (self.case, np.arange(len(self.case)))),
            shape=(self.cases, len(self.case)),
        )
        means = by_case @ weighed
        scale = np.divide(1.0, cast, out=np.zeros_like(cast), where=cast > 0)
        spread = self.strengths.T @ weighed - means.T @ means.multiply(scale[:, None]).tocsr()
        return np.asarray(spread.todense()) / self.cases

    @property
    def cases_of_keys(self) -> Indices:
        """Return in how many cases each weight speaks."""
        found = self.strengths.tocoo()
        pairs = np.unique(np.stack([self.case[found.row], found.col]), axis=1)
        return np.bincount(pairs[1], minlength=len(self.keys))

    def part(self, cases: NDArray[np.bool_]) -> Design:
        """Return the design of some cases."""
        renamed = np.cumsum(cases) - 1
        rows = cases[self.case]
        votes = cases[self.voted]
        members = votes[self.vote]
        return Design(
            self.keys,
            self.prior,
            self.strengths[rows],
            self.offset[rows],
            renamed[self.case[rows]],
            int(cases.sum()),
            (np.cumsum(rows) - 1)[self.member[members]],
            (np.cumsum(votes) - 1)[self.vote[members]],
            self.share[votes],
            renamed[self.voted[votes]],
        )


def design(examples: Sequence[Example], prior: Weights, learnable: Callable[[str], bool]) -> Design:
    """Return the design of examples; rules that may not change speak through the offset."""
    spoken = {k for e in examples for keys in e.features.values() for k in keys}
    keys = tuple(sorted(k for k in spoken if learnable(k[0])))
    column = {k: i for i, k in enumerate(keys)}
    data: list[float] = []
    rows: list[int] = []
    columns: list[int] = []
    case: list[int] = []
    offset: list[float] = []
    member: list[int] = []
    vote: list[int] = []
    share: list[float] = []
    voted: list[int] = []
    for number, example in enumerate(examples):
        row_of = {}
        for emotion, features in example.features.items():
            row = row_of[emotion] = len(case)
            case.append(number)
            offset.append(0.0)
            for k, strength in features.items():
                if k in column:
                    data.append(strength)
                    rows.append(row)
                    columns.append(column[k])
                else:
                    offset[row] += prior.of(*k) * strength
        for said, part in example.votes.items():
            if covered := example.covers[said]:
                member += [row_of[emotion] for emotion in covered]
                vote += [len(share)] * len(covered)
                share.append(part)
                voted.append(number)
    return Design(
        keys,
        np.array([prior.of(*k) for k in keys]),
        csr_array((data, (rows, columns)), shape=(len(case), len(keys))),
        np.array(offset),
        np.array(case),
        len(examples),
        np.array(member),
        np.array(vote),
        np.array(share),
        np.array(voted),
    )


def _log_sums(scores: Vector, group: Indices, groups: int) -> Vector:
    """Return log(sum(exp(scores))) of each group; a group without scores has minus infinity."""
    top = np.full(groups, -np.inf)
    np.maximum.at(top, group, scores)
    sums = np.bincount(group, np.exp(scores - top[group]), groups)
    with np.errstate(divide="ignore"):
        return np.log(sums) + np.where(np.isfinite(top), top, 0.0)
