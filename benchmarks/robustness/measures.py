"""Measures of change: an answer to a changed sample against that to its clean twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nesy.benchmarks.measures.distributions import SAME, jensen_shannon
from nesy.benchmarks.measures.kept import Kept
from nesy.benchmarks.measures.measure import (
    Additive,
    Better,
    Clusters,
    Difference,
    Figure,
    Judgements,
    Measure,
    NotScored,
    Pair,
    Scores,
)
from nesy.benchmarks.records import Answer, Score, short_key
from nesy.benchmarks.samples import Sample

CLEAN = "the sample is a clean one"
NO_TWIN = "its clean twin has no answer"
Compared = Callable[[Answer, Answer], float]


@dataclass(frozen=True, slots=True)
class AgainstTwin:
    """A measure of two answers, the clean twin's first; a clean sample itself is not scored."""

    name: str
    title: str
    signature: str
    of: Compared
    share: bool = False
    better: Better = "lower"
    needs: tuple[str, ...] = ()

    def score(
        self,
        samples: Sequence[Sample],
        answers: Sequence[Answer],
        judgements: Judgements | None = None,  # noqa: ARG002
    ) -> list[Score]:
        """Return one score a sample, in order; samples and answers are paired by position."""
        by_name = {answer.sample: answer for answer in answers}
        found = []
        for sample, answer in zip(samples, answers, strict=True):
            twin = by_name.get(sample.twin) if sample.twin else None
            (score,) = self._of_pair(sample.twin, twin).score([sample], [answer])
            both = short_key(score.key, twin.key if twin else "")
            found.append(score.model_copy(update={"key": both}))
        return found

    def _of_pair(self, name: str | None, twin: Answer | None) -> Additive:
        def of(pair: Pair) -> float:
            if name is None:
                raise NotScored(CLEAN)
            if twin is None or twin.status != "done":
                raise NotScored(NO_TWIN)
            return self.of(twin, pair.answer)

        return self._additive(of)

    def _additive(self, of: Callable[[Pair], float]) -> Additive:
        return Additive(
            name=self.name,
            title=self.title,
            better=self.better,
            signature=self.signature,
            of=of,
            share=self.share,
        )

    def kept(self, scores: Scores) -> Kept:
        """Return what figures need of scores."""
        found: Kept = self._additive(_never).kept(scores)
        return found

    def figure(self, scores: Scores, clusters: Clusters) -> Figure:
        """Return the mean over changed samples with its interval."""
        found: Figure = self._additive(_never).figure(scores, clusters)
        return found

    def difference(self, one: Scores, other: Scores, clusters: Clusters) -> Difference:
        """Return one system's figure minus the other's, paired by position."""
        found: Difference = self._additive(_never).difference(one, other, clusters)
        return found


def _never(pair: Pair) -> float:
    raise NotScored(f"{pair.sample.id} is scored against its twin")


def _reading_change(clean: Answer, changed: Answer) -> float:
    both = [_distribution(answer) for answer in (clean, changed)]
    emotions = sorted(set().union(*both))
    one, other = (np.array([[of.get(e, 0.0) for e in emotions]]) for of in both)
    found = jensen_shannon(one / one.sum(), other / other.sum())
    # Alike but for the digits that an answer keeps is alike.
    return max(0.0, float(found[0]))


def _top_change(clean: Answer, changed: Answer) -> float:
    """Return 1 where no emotion that is likeliest for one is likeliest for the other."""
    return float(_top(clean).isdisjoint(_top(changed)))


def _top(answer: Answer) -> set[str]:
    shares = _distribution(answer)
    most = max(shares.values())
    return {emotion for emotion, share in shares.items() if share >= most - SAME}


def _verdict_change(clean: Answer, changed: Answer) -> float:
    (one, other) = (_verdict(answer) for answer in (clean, changed))
    return float(one != other)


def _protection_lost(clean: Answer, changed: Answer) -> float:
    """Return 1 where a norm of the clean twin no longer applies, or a stop became a release."""
    (status, norms), (other, others) = (_verdict(answer) for answer in (clean, changed))
    return float(not norms <= others or (status != "release" and other == "release"))


def _verdict(answer: Answer) -> tuple[str, frozenset[str]]:
    if answer.verdict is None or answer.norms is None:
        raise NotScored("the condition gives no verdict")
    return answer.verdict, frozenset(answer.norms)


def _distribution(answer: Answer) -> dict[str, float]:
    if not answer.distribution or sum(answer.distribution.values()) <= 0:
        raise NotScored("the answer has no reading")
    return dict(answer.distribution)


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        AgainstTwin(
            "reading_change",
            "reading moved",
            "Jensen-Shannon divergence to the clean twin's reading, bits, 0 alike to 1 disjoint",
            _reading_change,
        ),
        AgainstTwin(
            "top_change",
            "top emotion changed",
            "1 where no likeliest emotion is the clean twin's; ties within 1e-9",
            _top_change,
            share=True,
        ),
        AgainstTwin(
            "verdict_change",
            "verdict changed",
            "1 where status or the norms that apply differ from the clean twin's",
            _verdict_change,
            share=True,
        ),
        AgainstTwin(
            "protection_lost",
            "protection lost",
            "1 where a norm of the clean twin no longer applies, or a stop became a release",
            _protection_lost,
            share=True,
        ),
    )
}
