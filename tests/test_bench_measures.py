"""Measures of single values against published figures and independent implementations."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from nesy.benchmarks.measures import agreement, calibration, distributions, sentiment, sets, text
from nesy.benchmarks.measures.measure import NotScored
from nesy.benchmarks.measures.script import is_latin

VECTORS = json.loads(Path(__file__).with_name("facts").joinpath("metric_vectors.json").read_text())
DATA = Path(agreement.__file__).parents[1] / "people" / "data"
PUBLISHED = VECTORS["published"]
ALPHAS = [
    (row["name"], level, np.array(row["data"], float).T, value)
    for row in PUBLISHED["krippendorff"]
    for level, value in row["alpha"].items()
]


def rows(name):
    with (DATA / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(("name", "level", "ratings", "value"), ALPHAS)
def test_alpha_is_that_of_the_textbooks(name, level, ratings, value):
    assert agreement.alpha(ratings, level) == pytest.approx(value, abs=5e-4)


def test_alpha_of_shipped_votes_is_what_the_package_said():
    expected = VECTORS["expected"]
    for kind, told in expected["crema_d"].items():
        if kind != "conflict":
            columns = [f"{kind}_{letter}" for letter in "ADFHNS"]
            counts = np.array(
                [[float(row[c]) for c in columns] for row in rows("crema_d/votes.csv")]
            )
            assert len(counts) == told["clips"]
            found = agreement.alpha_of_counts(range(6), counts, "nominal")
            assert found == pytest.approx(told["nominal_alpha"], abs=5e-5)
    faces = rows("mdns/ratings.csv")
    for name, value in expected["mdns_primary_ordinal_alpha"].items():
        ratings = np.array([[float(digit) for digit in row[name]] for row in faces])
        assert agreement.alpha(ratings, "ordinal") == pytest.approx(value, abs=5e-5)


def test_alpha_and_entropy_of_ferplus_are_what_the_packages_said():
    told = VECTORS["expected"]["ferplus_votes"]
    labels = ["neutral", "happiness", "surprise", "sadness"]
    labels += ["anger", "disgust", "fear", "contempt"]
    given_, times = [], []
    for row in rows("ferplus/votes.csv"):
        given_.append([float(row[label]) for label in labels])
        times.append(int(row["images"]))
    counts = np.repeat(np.array(given_), times, axis=0)
    assert len(counts) == told["rows"]
    found = agreement.alpha_of_counts(range(8), counts, "nominal")
    assert found == pytest.approx(told["nominal_alpha_8_emotions"], abs=5e-5)
    said = distributions.shares(counts[counts.sum(axis=1) > 0])
    bits = distributions.entropy(said) / np.log(2)
    assert bits.mean() == pytest.approx(told["mean_entropy_bits"], abs=5e-5)
    assert (bits == 0).mean() == pytest.approx(told["unanimous_share"], abs=5e-5)


ratings = st.integers(2, 5).flatmap(
    lambda raters: st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=raters, max_size=raters),
        min_size=1,
        max_size=12,
    )
)


@given(ratings, st.sampled_from(agreement.LEVELS))
@example([[1, 1], [1, 1]], "ordinal")
@example([[1, None], [None, 2]], "nominal")
def test_alpha_is_the_packages_with_whatever_is_missing(drawn, level):
    # GPL-3.0, and so an oracle in tests only.
    krippendorff = pytest.importorskip("krippendorff")
    given_ = np.array(drawn, float)
    found = agreement.alpha(given_, level)
    paired = given_[(~np.isnan(given_)).sum(axis=1) >= 2]
    if not len(paired) or len(np.unique(paired[~np.isnan(paired)])) < 2:
        # The package raises here: alpha is not defined, and is no 0.
        assert math.isnan(found)
    else:
        told = krippendorff.alpha(reliability_data=paired.T, level_of_measurement=level)
        assert found == pytest.approx(told, abs=1e-9)


def test_alphas_interval_holds_it_and_says_where_there_is_none():
    found = agreement.alpha_interval(ALPHAS[2][2], "nominal")
    assert found.low < found.value < found.high
    assert (found.n, found.not_scored) == (11, {"fewer than two ratings": 1})
    nothing = np.full((3, 2), np.nan)
    assert agreement.alpha_interval(nothing, "nominal").reason == "no unit has two ratings"
    same = agreement.alpha_interval(np.ones((9, 3)), "nominal")
    assert (same.value, same.n, same.reason) == (None, 9, "all ratings are the same")
    one = agreement.alpha_interval(ALPHAS[0][2], "nominal", ["a"] * 10)
    assert (
        one.value == pytest.approx(0.095, abs=5e-4) and one.low is None and "cluster" in one.reason
    )


def test_alphas_interval_is_that_of_units_drawn_one_by_one():
    given_ = np.random.default_rng(0).integers(1, 5, (40, 3)).astype(float)
    given_[:, 1] = given_[:, 0]
    found = agreement.alpha_interval(given_, "ordinal")
    chance = np.random.default_rng(1)
    drawn = [agreement.alpha(given_[chance.integers(0, 40, 40)], "ordinal") for _ in range(800)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (found.low, found.high) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))


pairs = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=30)


@given(pairs)
def test_quadratic_kappa_is_scikit_learns(drawn):
    metrics = pytest.importorskip("sklearn.metrics")
    one, other = zip(*drawn, strict=True)
    if len({*one, *other}) > 1:
        told = metrics.cohen_kappa_score(one, other, weights="quadratic", labels=range(1, 6))
        assert agreement.quadratic_kappa(one, other) == pytest.approx(told, abs=1e-9)
    else:
        assert math.isnan(agreement.quadratic_kappa(one, other))


def test_ranks_are_scipys():
    values = np.random.default_rng(0).integers(0, 9, 50).astype(float)
    assert np.array_equal(agreement.ranks(values), stats.rankdata(values))


def test_brier_and_reliability_are_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    curves = pytest.importorskip("sklearn.calibration")
    chance = np.random.default_rng(0)
    sure, met = chance.uniform(size=500), chance.integers(0, 2, 500).astype(float)
    both = [np.stack([1 - side, side], axis=1) for side in (met, sure)]
    told = 2 * metrics.brier_score_loss(met, sure)
    assert distributions.brier(*both).mean() == pytest.approx(told)
    bins = calibration.reliability(sure, met, 10)
    outcome, confidence = curves.calibration_curve(met, sure, n_bins=10, strategy="quantile")
    assert [b.outcome for b in bins] == pytest.approx(outcome)
    assert [b.confidence for b in bins] == pytest.approx(confidence)
    assert sum(b.n for b in bins) == 500
    assert calibration.reliability(np.array([]), np.array([])) == []


PAIRS = VECTORS["text_pairs"]["pairs"]


def test_overlap_of_words_is_the_libraries():
    assert len(PAIRS) == 40
    for row in PAIRS:
        found = text.rouge((row["reference"],), row["hypothesis"])
        for kind, value in row["rouge_f_stemmed"].items():
            assert found[kind] == pytest.approx(value, abs=5e-5)
        found = text.bleu((row["reference"],), row["hypothesis"])
        assert found == pytest.approx(row["sacrebleu_sentence"], abs=5e-5)
        told = sentiment.polarity(row["reference"])["compound"]
        assert told == pytest.approx(row["vader_compound_reference"], abs=5e-5)
    rouges = [text.rouge((r["reference"],), r["hypothesis"])["rougeL"] for r in PAIRS]
    assert np.mean(rouges) == pytest.approx(
        VECTORS["text_pairs"]["mean_rougeL_f_stemmed"], abs=5e-5
    )


def test_published_examples_of_rouge_and_vader():
    told = PUBLISHED["rouge"]
    found = text.rouge((told["target"],), told["prediction"])
    for kind, (_, _, f) in told["p_r_f"].items():
        assert found[kind] == pytest.approx(f, abs=5e-5)
    for words, told in PUBLISHED["vader"].items():
        assert sentiment.polarity(words) == pytest.approx(told, abs=5e-5)


def test_the_best_reference_counts_for_rouge():
    found = text.rouge(("nothing alike", "surprise and doubt"), "surprise and doubt")
    assert found["rouge2"] == 1
    with pytest.raises(NotScored, match="reference"):
        text.rouge(("привет",), "surprise")
    with pytest.raises(NotScored, match="answer"):
        text.rouge(("surprise",), "¿…?")


def test_the_signature_printed_is_sacrebleus_own():
    from sacrebleu.metrics import BLEU

    bleu = BLEU(effective_order=True)
    bleu.sentence_score("a b", ["a b"])
    told = str(bleu.get_signature()).partition("|")[2]
    (measure,) = (m for m in text.MEASURES if m.name == "bleu4")
    assert told in measure.signature


@given(st.text(max_size=20))
def test_only_letters_decide_the_script(given_):
    assert is_latin(given_) == is_latin("".join(c for c in given_ if c.isalpha()))


@pytest.mark.parametrize(
    ("named", "true", "f1"),
    [
        (["irritated"], ["anger"], 1),
        (["Furious", "sad"], ["anger", "sadness"], 1),
        (["furious"], ["joy"], 0),
        (["sarcasm"], ["sarcasm"], 1),  # no wheel knows it, so it stands for itself
        (["sarcasm"], ["contempt"], 0),
        (["happily_surprised"], ["happiness", "surprise"], 1),
        (["happiness", "anger"], ["happiness"], 2 / 3),
        (["gloomy-ish nonsense"], ["Gloomy ish  nonsense"], 1),
    ],
)
def test_words_of_one_part_of_a_wheel_are_one(named, true, f1):
    assert sets.wheel_scores(named, true)[0] == pytest.approx(f1)


def test_every_emotion_meets_itself_and_its_other_names():
    for emotion in sets.words().emotions.values():
        for name in (emotion.id, emotion.label):
            assert sets.wheel_scores([name], [emotion.id])[0] == 1, (name, emotion.id)


words = st.lists(st.sampled_from(sorted(sets.words().emotions)), min_size=1, max_size=4)


@given(words, words)
@settings(max_examples=50)
def test_wheel_scores_turn_with_their_sides(one, other):
    f1, precision, recall = sets.wheel_scores(one, other)
    assert sets.wheel_scores(other, one) == pytest.approx((f1, recall, precision))
    assert 0 <= f1 <= 1 and sets.wheel_scores(one, one[::-1]) == (1, 1, 1)
