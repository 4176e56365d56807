"""Measures against independent implementations, and intervals against what they must do."""

import itertools
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from nesy.benchmarks.measures import agreement, calibration, distributions
from nesy.benchmarks.measures.intervals import Bootstrap, Interval
from nesy.benchmarks.people import baselines
from nesy.benchmarks.report import table
from nesy.diagnostics import MissingError

counts = st.lists(st.integers(0, 12), min_size=4, max_size=4).filter(any)
rows = st.lists(st.tuples(counts, counts), min_size=1, max_size=8)


def both(drawn):
    said, seen = (np.array(side, float) for side in zip(*drawn, strict=True))
    return distributions.shares(said), distributions.shares(seen, 0.5)


@given(rows)
def test_divergences_are_what_scipy_says(drawn):
    said, predicted = both(drawn)
    for s, p, ce, js in zip(
        said,
        predicted,
        distributions.cross_entropy(said, predicted),
        distributions.jensen_shannon(said, predicted),
        strict=True,
    ):
        assert ce == pytest.approx(stats.entropy(s) + stats.entropy(s, p), abs=1e-12)
        assert js == pytest.approx(jensenshannon(s, p, base=2) ** 2, abs=1e-9)
    least = distributions.entropy(said)
    assert np.all(least <= distributions.cross_entropy(said, predicted) + 1e-12)
    assert np.allclose(distributions.jensen_shannon(said, said), 0)


def test_an_answer_somebody_gave_and_nobody_foretold_costs_without_end():
    assert distributions.cross_entropy(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])) == [np.inf]


@pytest.mark.parametrize(
    ("said", "predicted", "met"),
    [
        ([6, 3, 1], [0.5, 0.4, 0.1], 1),
        ([3, 6, 1], [0.5, 0.4, 0.1], 0),
        ([5, 5, 0], [0.2, 0.7, 0.1], 1),  # a tied majority is met by either
        ([5, 0, 5], [0.2, 0.7, 0.1], 0),
        ([6, 3, 1], [0.4, 0.4, 0.2], 0.5),  # a tied prediction is a draw by lot
        ([5, 5, 0], [0.4, 0.2, 0.4], 0.5),
        ([1, 1, 1], [0.4, 0.2, 0.4], 1),
    ],
)
def test_agreement_says_what_ties_count(said, predicted, met):
    found = distributions.agreement(distributions.shares([said]), np.array([predicted]))
    assert found == pytest.approx([met])


def test_sources_disagree_where_they_share_no_majority():
    face = distributions.shares([[6, 2, 2], [5, 5, 0], [5, 5, 0]])
    voice = distributions.shares([[2, 6, 2], [5, 0, 5], [0, 0, 9]])
    assert distributions.disagree(face, voice).tolist() == [True, False, True]


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=1, max_size=200))
def test_calibration_is_the_mean_gap_of_bins_that_no_tie_is_parted_by(drawn):
    sure, met = (np.array(side, float) for side in zip(*drawn, strict=True))
    sure = sure / 1000
    binned = calibration.equal_mass(sure)
    for value in np.unique(sure):
        assert len(np.unique(binned.of[sure == value])) == 1
    gaps = 0.0
    for number in range(binned.count):
        inside = binned.of == number
        if inside.any():
            gaps += inside.sum() * abs(sure[inside].mean() - met[inside].mean())
    assert calibration.calibration_error(sure, met) == pytest.approx(gaps / len(sure))


def test_bins_are_of_equal_mass_and_calibration_finds_what_is_wrong():
    chance = np.random.default_rng(0)
    sure = chance.uniform(size=15_000)
    assert set(np.bincount(calibration.equal_mass(sure).of)) == {1000}
    met = (chance.uniform(size=15_000) < sure).astype(float)
    assert calibration.calibration_error(sure, met) < 0.02
    assert calibration.calibration_error(np.minimum(sure + 0.2, 1), met) == pytest.approx(
        0.18, abs=0.02
    )


def test_ordinal_alpha_knows_full_agreement_and_chance():
    same = np.repeat(np.arange(5.0)[:, None], 9, axis=1)
    assert agreement.alpha(same, "ordinal") == 1
    assert np.isnan(agreement.alpha(np.zeros((5, 9)), "ordinal"))
    chance = np.random.default_rng(0).integers(0, 5, (3000, 9)).astype(float)
    assert abs(agreement.alpha(chance, "ordinal")) < 0.02


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=40))
def test_spearman_is_scipys(drawn):
    one, other = (np.array(side, float) for side in zip(*drawn, strict=True))
    if np.ptp(one) and np.ptp(other):
        told = stats.spearmanr(one, other).statistic
        assert agreement.spearman(one, other) == pytest.approx(told)
    else:
        assert agreement.spearman(one, other) == 0


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        actors = np.repeat(np.arange(40), 5)
        values = np.repeat(chance.normal(size=40), 5) + chance.normal(size=200)
        found = Bootstrap(actors.tolist(), draws=300).mean(values)
        covered += found.low <= 0 <= found.high
    assert 176 <= covered <= 200


def test_groups_are_drawn_whole():
    values = np.repeat(np.random.default_rng(0).normal(size=50), 20)
    clustered = Bootstrap(np.repeat(np.arange(50), 20).tolist()).mean(values)
    alone = Bootstrap(np.arange(1000).tolist()).mean(values)
    assert clustered.high - clustered.low > 3 * (alone.high - alone.low)
    assert clustered.value == alone.value == pytest.approx(values.mean())


@given(st.integers(0, 5))
@settings(max_examples=5)
def test_a_mean_over_some_cases_looks_at_no_other(seed):
    chance = np.random.default_rng(seed)
    groups, values, among = (
        chance.integers(0, 9, 60).tolist(),
        chance.normal(size=60),
        np.arange(60) < 30,
    )
    draws = Bootstrap(groups, draws=50, seed=seed)
    found = draws.mean(values, among)
    assert found == draws.mean(np.where(among, values, 1e9), among)
    anew = draws.of(lambda cases: values[cases][among[cases]].mean(), draws=50)
    assert astuple(anew) == pytest.approx(astuple(found))


def test_calibrations_interval_holds_its_figure():
    chance = np.random.default_rng(0)
    sure = chance.uniform(0.3, 0.9, 600)
    met = (chance.uniform(size=600) < sure - 0.1).astype(float)
    found = Bootstrap(np.repeat(np.arange(60), 10).tolist()).calibration(sure, met)
    assert found.value == calibration.calibration_error(sure, met)
    assert 0 <= found.low <= found.value <= found.high


def task(cases=600, labels=4, seed=0):
    """Two noisy sources of one distribution, and the pool that is best for them."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(cases, 2 * labels))
    best = 1.5 * features[:, :labels] + 0.5 * features[:, labels:] + np.arange(labels) / 4
    said = np.exp(best)
    return features, said / said.sum(axis=1, keepdims=True)


def test_the_pool_and_the_temperature_find_what_is_there():
    features, said = task()
    assert np.allclose(baselines.log_linear_pool(features, said)(features), said, atol=2e-3)
    logs = np.log(distributions.shares(np.exp(features[:, :4])))
    tempered = distributions.shares(np.exp(logs * 0.3))
    assert np.allclose(baselines.temperature(logs, tempered)(logs), tempered, atol=1e-3)


def test_the_product_multiplies():
    one, other = distributions.shares([[1, 3]]), distributions.shares([[1, 1]])
    assert baselines.product(one, other) == pytest.approx(one)


@pytest.mark.parametrize("fit", [baselines.logistic_regression, baselines.gradient_boosting])
def test_classifiers_learn_shares(fit):
    pytest.importorskip("sklearn")
    features, said = task()
    predicted = fit(features[:400], said[:400])(features[400:])
    assert np.allclose(predicted.sum(axis=1), 1)
    base = np.tile(said[:400].mean(axis=0), (200, 1))
    better, before = (distributions.cross_entropy(said[400:], p).mean() for p in (predicted, base))
    assert better < before - 0.2


def test_logistic_regression_minimises_what_is_reported():
    linear = pytest.importorskip("sklearn.linear_model")
    features, said = task(200, 3)
    votes = np.round(said * 20)
    case, label = (np.concatenate(p) for p in zip(*[
        (np.full(int(n), i), np.full(int(n), k)) for (i, k), n in np.ndenumerate(votes)
    ], strict=True))  # fmt: skip
    weight = 1 / votes.sum(axis=1)[case]
    model = linear.LogisticRegression(C=1.0, max_iter=3000)
    model.fit(features[case], label, sample_weight=weight)
    ours = baselines.logistic_regression(features, distributions.shares(votes))(features)
    assert np.allclose(ours, model.predict_proba(features), atol=2e-3)


def test_without_scikit_learn_the_baselines_say_what_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.linear_model", None)
    with pytest.raises(MissingError, match=r"N902 .*scikit-learn(.|\n)*nesy\[bench\]") as raised:
        baselines.logistic_regression(*task(20))
    assert raised.value.exit_code == 3


def test_a_fold_is_foretold_by_the_others_only():
    features, said = task(120)
    fold = np.arange(120) % 3
    before = baselines.cross_validated(baselines.log_linear_pool, features, said, fold)
    turned = np.where((fold == 1)[:, None], said[:, ::-1], said)
    after = baselines.cross_validated(baselines.log_linear_pool, features, turned, fold)
    assert np.array_equal(before[fold == 1], after[fold == 1])
    assert not np.allclose(before[fold == 0], after[fold == 0])


def test_a_table_prints_in_every_form():
    cells = ("a|b", 3, 0.25, Interval(0.5, 0.4, 0.625), None)
    one = table.Table("title", ("", "n", "x", "y", "z"), (cells,), ("a note",))
    nothing = table.Table("t", ("x", "y"), ((float("nan"), Interval(float("nan"), 0, 0)),))
    text, markdown, plain = (table.printed([one], form) for form in ("text", "markdown", "json"))
    assert "a|b  3  0.250  0.500 [0.400, 0.625]" in text and "a note" in text
    assert "| a\\|b | 3 | 0.250 | 0.500 [0.400, 0.625] |  |" in markdown
    assert '"y": {\n          "value": 0.5,' in plain
    assert nothing.as_json()["rows"] == [{"x": None, "y": None}]
    assert list(itertools.islice(nothing.as_text().split("\n"), 2, 4)) == [
        "x  y",
        "–  – [0.000, 0.000]",
    ]
