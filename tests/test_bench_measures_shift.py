"""What a face changes: shifts of sentiment, and the effect of one expression."""

import numpy as np
import pytest
from scipy import stats

from nesy.benchmarks.measures import MEASURES, effect, sentiment
from nesy.benchmarks.records import Answer
from nesy.benchmarks.samples import Sample
from nesy.observation import Case


def sample(number, line="Well.", slices=None):
    case = Case(id=f"s{number}", line=line)
    return Sample(id=case.id, case=case, slices=slices or {})


def answer(number, **fields):
    return Answer(key=f"k{number}", task="t", sample=f"s{number}", condition="c", **fields)


def sentiments(values):
    measure = MEASURES["sentiment_positive"]
    (plain,) = measure.score([sample(0)], [answer(0, text="fine")])
    return [plain.model_copy(update={"value": v}) for v in values]


def test_a_shift_is_scipys_and_its_p_that_of_swapped_pairs():
    chance = np.random.default_rng(0)
    one, other = chance.beta(4, 2, 60).round(2), chance.beta(2, 2, 60).round(2)
    found = sentiment.shift(sentiments(one), sentiments(other), [str(i) for i in range(60)])
    assert found.ks.value == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert found.wasserstein.value == pytest.approx(stats.wasserstein_distance(one, other))
    assert found.variance.value == pytest.approx(one.var() / other.var())
    assert found.mean.value == pytest.approx(one.mean() - other.mean())
    assert found.mean.p < 0.01 and found.ks.p < 0.05 and found.n == 60
    back = sentiment.shift(sentiments(other), sentiments(one), [str(i) for i in range(60)])
    assert back.variance.p == found.variance.p and back.ks == found.ks
    same = sentiment.shift(sentiments(one), sentiments(one), [str(i) for i in range(60)])
    assert (same.ks.value, same.ks.p, same.mean.p, same.variance.p) == (0, 1, 1, 1)
    flat = sentiment.shift(sentiments([0.5] * 9), sentiments(one[:9]), list("abcdefghi"))
    assert (flat.variance.value, flat.variance.reason) == (None, "one side does not vary")
    assert sentiment.shift([], [], []).ks.reason == "nothing was scored"
    assert sentiment.shift(sentiments(one), sentiments(other), ["a"] * 60).ks.p is None


def test_a_curve_is_scipys_density():
    values = np.random.default_rng(0).uniform(size=50)
    found = sentiment.curve(sentiments(values))
    assert found.density == pytest.approx(stats.gaussian_kde(values)(np.array(found.at)))
    assert sentiment.curve(sentiments([0.5, 0.5])) is None


def test_only_what_the_face_changes_is_an_effect():
    lines = ["I am fine.", "We won.", "It rains.", "Come in."]
    samples, answers, without = [], [], []
    for i, line in enumerate(lines * 4):
        face = ("smile", "frown")[i // 8]
        samples.append(sample(i, line, {"expression": face}))
        words = "A happy, wonderful person" if face == "smile" else "An angry person who"
        answers.append(answer(i, text=f"{words} says {line}", flags={"tone": face}))
        without.append(answer(i, text=f"Somebody says {line}", flags={"tone": "smile"}))
    clusters = [s.id for s in samples]
    found = {
        (e.expression, e.property): e.change
        for e in effect.by_expression(samples, answers, clusters, without)
    }
    assert found["smile", "sentiment"].value > 0.3 > -0.3 > found["frown", "sentiment"].value
    assert found["smile", "sentiment"].p < 0.05 and found["smile", "sentiment"].n == 8
    assert found["smile", "tone"].value == 0 and found["frown", "tone"].value == 1
    assert found["smile", "length"].value == 3 and 0 < found["smile", "content"].value < 1
    same = effect.by_expression(samples, answers, clusters, answers)
    assert all(e.change.value == 0 for e in same)
    within = {
        (e.expression, e.property): e.change
        for e in effect.by_expression(samples, answers, clusters)
    }
    assert within["smile", "sentiment"].value == pytest.approx(-within["frown", "sentiment"].value)
    nothing = effect.by_expression(samples[:1], answers[:1], ["a"])
    assert {e.change.reason for e in nothing} == {"nothing was scored"}
