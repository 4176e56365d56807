"""Ratings of 1-5 by criterion, from people or a judge model (P10-P12).

The scale is the paper's Table 2; of the seven criteria of its Table 4 it defines three, the other
questions are ours (`judging/likert.toml` says which). A judge's ratings are worth what its
agreement with experts is, which `judging` prints beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nesy.benchmarks.records import Judgement

from .agreement import Level, alpha_interval
from .measure import Additive, Figure, NotScored, Pair, Scored

# Named here so that listing the measures loads no judge; a test holds it to `likert.toml`.
CRITERIA = {
    "tone": "tone appropriateness",
    "helpfulness": "helpfulness",
    "alignment": "emotional alignment",
    "coherence": "response coherence",
    "adaptability": "adaptability to cues",
    "interpretability": "interpretability",
    "context": "incorporation of context",
}


def agreement(judgements: Iterable[Judgement], criterion: str, level: Level = "ordinal") -> Figure:
    """Return how far judges of the same answers agree: alpha over answers, judges as raters."""
    rows: dict[tuple[str, str, str], dict[str, float]] = {}
    for judged in judgements:
        if judged.status == "done" and judged.ratings and criterion in judged.ratings:
            rated = rows.setdefault((judged.task, judged.condition, judged.sample), {})
            rated[judged.judge] = float(judged.ratings[criterion])
    judges = sorted({judge for rated in rows.values() for judge in rated})
    ratings = [[rated.get(judge, float("nan")) for judge in judges] for rated in rows.values()]
    return alpha_interval(ratings, level, [sample for _, _, sample in rows])


def _rated(criterion: str) -> Callable[[Pair], Scored]:
    def mean(pair: Pair) -> Scored:
        ratings = _ratings(pair.judgements, criterion)
        return Scored(sum(ratings) / len(ratings), {"judges": len(ratings)})

    return mean


def _ratings(judgements: Sequence[Judgement], criterion: str) -> list[int]:
    """Return the ratings there are; raises NotScored with why there are none."""
    if not judgements:
        raise NotScored("no judge rated the answer")
    done = [j for j in judgements if j.status == "done" and j.ratings is not None]
    if not done:
        # A judge that failed has not said 0: its reason is kept, by its kind.
        raise NotScored(f"the judge's rating is {judgements[0].status}")
    found = [j.ratings[criterion] for j in done if j.ratings and criterion in j.ratings]
    if not found:
        raise NotScored("the judge was not asked this")
    return found


MEASURES = tuple(
    Additive(
        name,
        f"{title}, 1-5",
        "higher",
        "Likert 1-5, wording of the paper's Table 2; mean of judges, then of answers",
        _rated(name),
    )
    for name, title in CRITERIA.items()
)
